//! Ends one session. A customer who ends the session that asks logs out.

use super::{Changes, guards};
use crate::account::session::EndReason;
use crate::account::{Authority, Rejection, State};
use crate::ctx::Ctx;
use crate::ids::SessionId;

/// End one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeSession {
    /// On whose authority: an operator's, or a session of the same customer.
    pub by: Authority,
    /// Which.
    pub session: SessionId,
}

impl RevokeSession {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        let session = state.session(self.session).ok_or(Rejection::SessionNotFound)?;
        let accepted = guards::authority(state, self.by, ctx)?;
        let reason = match &accepted {
            None => EndReason::RevokedByOperator,
            Some(asking) if asking.customer.id != session.customer => return Err(Rejection::SessionNotFound),
            Some(asking) if asking.session.id == session.id => EndReason::LoggedOut,
            Some(_) => EndReason::RevokedByCustomer,
        };
        if session.end.is_some() {
            return Ok(Vec::new());
        }
        Ok(guards::ending(state, session.customer, vec![session.id], reason))
    }
}
