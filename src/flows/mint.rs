//! Draws ids and mints tokens, before the actor decides: the domain sees digests only.

use super::keys::audience;
use super::{Engine, Place, Unavailable};
use crate::entropy::draw;
use crate::tokens::{self, AuthToken, Claims};
use doorward_domain::account::Customer;
use doorward_domain::account::command::NewSession;
use doorward_domain::account::session::Method;
use doorward_domain::ids::{CustomerId, SessionId, TokenDigest};
use doorward_domain::time::Timestamp;
use std::sync::Arc;

/// How often a drawn id that is taken is drawn again. Two collisions in a row are a broken generator.
pub(super) const DRAWS_MAX: usize = 4;

/// A token that was issued, with its customer as of now.
#[derive(Debug)]
pub struct Issued {
    /// The auth_token.
    pub token: AuthToken,
    /// Whose.
    pub customer: Arc<Customer>,
    /// The session it stands for.
    pub session: SessionId,
}

/// A token before its session is decided.
pub(super) struct Drawn {
    pub(super) token: AuthToken,
    pub(super) digest: TokenDigest,
}

impl Engine {
    /// A session id and its first token.
    pub(super) fn draw_session(
        &self,
        place: &Place,
        customer: CustomerId,
        method: Method,
        now: Timestamp,
    ) -> Result<(NewSession, AuthToken), Unavailable> {
        let id = SessionId(draw(&*self.entropy));
        let expires_at = now.plus_days(place.site.settings.auth_token_ttl_days);
        let drawn = self.draw_token(place, (customer, id), (now, expires_at))?;
        Ok((NewSession { id, site: place.site.id, method, token: drawn.digest }, drawn.token))
    }

    /// A token of a session. Its life is given as `(now, expires_at)`.
    pub(super) fn draw_token(
        &self,
        place: &Place,
        (customer, session): (CustomerId, SessionId),
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<Drawn, Unavailable> {
        let account = place.account();
        let ring = self.key_ring(&place.view)?;
        let claims = Claims {
            iss: self.keys.issuer().of(account),
            sub: customer.to_string(),
            aud: audience(account),
            jti: tokens::draw_jti(&*self.entropy),
            iat: now.secs(),
            nbf: now.secs(),
            exp: expires_at.secs(),
            sid: session.to_string(),
            site: place.site.id.0,
        };
        let minted = tokens::mint(&ring, &claims).map_err(|error| {
            tracing::error!(%account, %error, "a token cannot be signed");
            Unavailable::Fault
        })?;
        Ok(Drawn { token: minted.token, digest: minted.digest })
    }
}
