//! Locks or unlocks a customer. A locked customer has no live session and cannot log in.

use super::{Changes, guards};
use crate::account::customer::Status;
use crate::account::event::Change;
use crate::account::session::EndReason;
use crate::account::{Rejection, State};
use crate::ids::CustomerId;

/// Lock or unlock a customer. Only the business asks this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetStatus {
    /// Whom.
    pub customer: CustomerId,
    /// The status from now on.
    pub status: Status,
}

impl SetStatus {
    pub(super) fn decide(&self, state: &State) -> Result<Changes, Rejection> {
        let customer = guards::customer(state, self.customer)?;
        if customer.status == self.status {
            return Ok(Vec::new());
        }
        let mut changes = match self.status {
            Status::Active => Vec::new(),
            Status::Locked => {
                let sessions = guards::unended(state, customer.id).into_iter().map(|session| session.id).collect();
                guards::ending(state, customer.id, sessions, EndReason::CustomerLocked)
            }
        };
        changes.push(Change::StatusSet { customer: customer.id, status: self.status });
        Ok(changes)
    }
}
