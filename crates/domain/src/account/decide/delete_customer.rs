//! Deletes a customer and ends all sessions of theirs.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::session::EndReason;
use crate::account::{Authority, Rejection, State};
use crate::ctx::Ctx;
use crate::ids::CustomerId;

/// Delete a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteCustomer {
    /// On whose authority: an operator's, or the customer's own session.
    pub by: Authority,
    /// Whom.
    pub customer: CustomerId,
}

impl DeleteCustomer {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let (customer, _) = guards::authority_over(state, self.by, self.customer, ctx)?;
        let sessions = guards::unended(state, customer.id).into_iter().map(|session| session.id).collect();
        let mut changes = guards::ending(state, customer.id, sessions, EndReason::CustomerDeleted);
        changes.push(Change::CustomerDeleted { customer: customer.id });
        Ok(changes)
    }
}
