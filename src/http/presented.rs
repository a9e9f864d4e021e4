//! What a request presents: a site, a token, a client. Parsed here once, the same for every endpoint.

use doorward_domain::ids::SiteId;
use doorward_domain::text::Device;

use super::error::ApiError;
use super::refusal::Surface;
use super::request::Request;
use crate::flows::{AuthToken, Client, Presented, TokenPlace};

/// The site that a request must name, in query or body. Whether there is one, the journey finds out.
///
/// # Errors
/// 400 without one.
pub(super) fn site(request: &Request) -> Result<SiteId, ApiError> {
    request.site_id()?.ok_or_else(|| ApiError::invalid_field("site_id", "The site id field is required."))
}

/// The token of a request, and the site that the request names, if any.
///
/// # Errors
/// 401 without a token, for a text that is none, and for one in the body of a route of our own.
pub(super) fn presented(request: &Request, surface: Surface) -> Result<Presented, ApiError> {
    let site = request.site_id()?;
    let (text, from) = request.auth_token()?;
    let token = AuthToken::parse(text).map_err(|_| ApiError::token_invalid())?;
    if surface == Surface::Own && from == TokenPlace::Body {
        return Err(ApiError::token_missing());
    }
    Ok(Presented { token, from, site })
}

/// Who sends the request.
pub(super) fn client(request: &Request) -> Client {
    Client { address: Some(request.client()), device: Device::lossy(&request.user_agent()) }
}
