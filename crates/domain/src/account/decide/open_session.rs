//! Logs a customer in: the heart of the session rules.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::session::{EndReason, Method, Session, Token};
use crate::account::{Rejection, Site, State};
use crate::ctx::Ctx;
use crate::ids::{CredentialRev, CustomerId, SessionId, SiteId, TokenDigest};
use crate::limits::LIVE_SESSIONS_MAX;

/// Log in. The password, or whatever else proves the customer, was verified against the credential revision it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Who.
    pub customer: CustomerId,
    /// The credential revision that was verified.
    pub credential_rev: CredentialRev,
    /// The session to open.
    pub session: NewSession,
}

/// A session as the flow has drawn it, before it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The site it is opened on.
    pub site: SiteId,
    /// How.
    pub method: Method,
    /// The digest of its first token.
    pub token: TokenDigest,
}

impl OpenSession {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let customer = guards::customer(state, self.customer)?;
        let site = guards::site(state, self.session.site)?;
        if customer.credential.rev != self.credential_rev {
            return Err(Rejection::CredentialChanged);
        }
        if !customer.may_log_in() {
            return Err(Rejection::CustomerLocked);
        }
        guards::clock_is_sane(state, ctx)?;
        guards::is_fresh(state, Some(self.session.id), self.session.token)?;
        let mut changes = make_room(state, self.customer, site);
        changes.push(opened(state, &self.session, self.customer, (site, ctx)));
        Ok(changes)
    }
}

/// What a login at `site` ends: everything else under single-user authentication, the oldest past the bound otherwise.
fn make_room(state: &State, customer: CustomerId, site: &Site) -> Changes {
    let unended = guards::unended(state, customer);
    let (reason, count) = if site.settings.single_user_authentication.is_on() {
        (EndReason::Superseded, unended.len())
    } else {
        (EndReason::TooMany, (unended.len() + 1).saturating_sub(LIVE_SESSIONS_MAX))
    };
    let going = unended.into_iter().take(count).map(|session| session.id).collect();
    guards::ending(state, customer, going, reason)
}

/// The opening itself.
pub(super) fn opened(state: &State, new: &NewSession, customer: CustomerId, (site, ctx): (&Site, &Ctx)) -> Change {
    let at = guards::stamp(state, ctx);
    let session = Session {
        id: new.id,
        customer,
        site: new.site,
        method: new.method,
        tokens: vec![Token { digest: new.token, issued_at: at }],
        device: ctx.device.clone(),
        address: ctx.address,
        opened_at: at,
        refreshed_at: at,
        expires_at: at.plus_days(site.settings.auth_token_ttl_days),
        end: None,
    };
    Change::SessionOpened { session: Box::new(session) }
}
