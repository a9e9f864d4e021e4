//! What a request presents: a site, a token, a client. Parsed here once, the same for every endpoint.

use doorward_domain::text::Device;

use super::api::Api;
use super::error::ApiError;
use super::refusal::Surface;
use super::request::{Request, TokenPlace};
use crate::flows::{AuthToken, Client, Place, Presented};

impl Api {
    /// The site that a request must name, in query or body.
    ///
    /// # Errors
    /// 400 without one, and for one that does not exist.
    pub(super) fn site(&self, request: &Request) -> Result<Place, ApiError> {
        let named = request.site_id()?.ok_or_else(site_missing)?;
        self.engine.place(named).ok_or_else(site_unknown)
    }

    /// The token of a request and the site it is presented at: the one that is named, else the one that the token claims.
    ///
    /// # Errors
    /// 401 without a token and for a text that is none; 400 for a site that does not exist.
    pub(super) fn presented(&self, request: &Request, surface: Surface) -> Result<Presented, ApiError> {
        let named = request.site_id()?;
        let (text, place) = request.auth_token()?;
        let token = AuthToken::parse(text).map_err(|_| ApiError::token_invalid())?;
        let claimed = || token.unverified_site().ok_or_else(ApiError::token_invalid);
        let site = named.map_or_else(claimed, Ok)?;
        // Nobody was told of a site that only a token names.
        let unknown = || if named.is_some() { site_unknown() } else { ApiError::token_invalid() };
        let settings = &self.engine.place(site).ok_or_else(unknown)?.site.settings;
        let from_body = surface == Surface::Published && settings.auth_token_in_body.is_on();
        if place == TokenPlace::Body && !from_body {
            return Err(ApiError::token_missing());
        }
        Ok(Presented { token, site: Some(site) })
    }
}

/// Who sends the request.
pub(super) fn client(request: &Request) -> Client {
    Client { address: Some(request.client()), device: Device::lossy(&request.user_agent()) }
}

fn site_missing() -> ApiError {
    ApiError::invalid_field("site_id", "The site id field is required.")
}

/// 400: no such site.
pub(super) fn site_unknown() -> ApiError {
    ApiError::invalid_field("site_id", "The site id names no site.").coded("site_not_found")
}
