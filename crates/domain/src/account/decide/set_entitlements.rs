//! Sets the named grants of a customer.

use super::{Changes, guards};
use crate::account::customer::Entitlement;
use crate::account::event::Change;
use crate::account::rejection::Limit;
use crate::account::{Rejection, State};
use crate::ids::CustomerId;
use crate::limits::ENTITLEMENTS_MAX;

/// Set all grants of a customer. Only the business asks this: no session carries such a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetEntitlements {
    /// Whose.
    pub customer: CustomerId,
    /// All grants from now on.
    pub entitlements: Vec<Entitlement>,
}

impl SetEntitlements {
    pub(super) fn decide(&self, state: &State) -> Result<Changes, Rejection> {
        let customer = guards::customer(state, self.customer)?;
        if self.entitlements.len() > ENTITLEMENTS_MAX {
            return Err(Rejection::LimitReached(Limit::Entitlements));
        }
        if customer.entitlements == self.entitlements {
            return Ok(Vec::new());
        }
        Ok(vec![Change::EntitlementsSet { customer: customer.id, entitlements: self.entitlements.clone() }])
    }
}
