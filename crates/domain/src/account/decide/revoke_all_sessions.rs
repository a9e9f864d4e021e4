//! Ends all sessions of a customer.

use super::{Changes, guards};
use crate::account::session::EndReason;
use crate::account::{Authority, Rejection, State};
use crate::ctx::Ctx;
use crate::ids::CustomerId;

/// End all sessions of a customer, the one that asks among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeAllSessions {
    /// On whose authority.
    pub by: Authority,
    /// Whose.
    pub customer: CustomerId,
}

impl RevokeAllSessions {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let (customer, accepted) = guards::authority_over(state, self.by, self.customer, ctx)?;
        let reason = if accepted.is_some() { EndReason::RevokedByCustomer } else { EndReason::RevokedByOperator };
        let sessions = guards::unended(state, customer.id).into_iter().map(|session| session.id).collect();
        Ok(guards::ending(state, customer.id, sessions, reason))
    }
}
