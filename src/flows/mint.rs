//! Draws ids and mints tokens, before the actor decides: the domain sees digests only.

use super::keys::audience;
use super::{Checked, Engine, Place, Unavailable, rejection, unexpected};
use crate::entropy::draw;
use crate::tokens::{self, AuthToken, Claims};
use doorward_domain::Ctx;
use doorward_domain::account::command::{Command, NewSession};
use doorward_domain::account::session::Method;
use doorward_domain::account::{Customer, Rejection};
use doorward_domain::ids::{CustomerId, SessionId, TokenDigest};
use doorward_domain::time::Timestamp;
use std::sync::Arc;

/// How often session ids and tokens are drawn. They have 128 bits and more: a second draw is for form's sake.
pub(super) const DRAWS_MAX: usize = 4;

/// How often the ids of a registration are drawn. A customer id has 12 random bits in its millisecond, so that in a burst of
/// registrations one that is taken is nothing unusual: with a quarter of a millisecond's ids gone, 64 draws in it fail once in 10^38.
pub(super) const REGISTRATION_DRAWS_MAX: usize = 64;

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
    /// Has the actor decide a command that gives the asking session another token, drawn again while it is taken. The inner result is the
    /// actor's no, which the journey names.
    pub(super) async fn issue_with(
        &self,
        checked: &Checked,
        ctx: &Ctx,
        command: impl Fn(TokenDigest) -> Command,
    ) -> Result<Result<Issued, Rejection>, Unavailable> {
        let session = &checked.accepted.session;
        for _ in 0..DRAWS_MAX {
            let life = (ctx.now, session.expires_at);
            let drawn = self.draw_token(&checked.place, (checked.customer(), session.id), life)?;
            match checked.place.handle.call(command(drawn.digest), ctx.clone()).await {
                Ok(done) => {
                    let customer = done.state.customer(checked.customer()).cloned();
                    let customer = customer.ok_or_else(|| unexpected("issue", &Rejection::CustomerNotFound))?;
                    return Ok(Ok(Issued { token: drawn.token, customer, session: session.id }));
                }
                Err(error) => match rejection(error)? {
                    Rejection::IdTaken => {}
                    other => return Ok(Err(other)),
                },
            }
        }
        Err(Unavailable::Overloaded)
    }

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
