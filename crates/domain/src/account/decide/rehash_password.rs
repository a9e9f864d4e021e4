//! Puts a stronger hash of the same password in place, after a login. The revision stays, so logins in flight do not fail.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::{Rejection, State};
use crate::credential::PasswordHash;
use crate::ids::CustomerId;

/// Compare and set: does nothing unless `from` is still the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RehashPassword {
    /// Whose.
    pub customer: CustomerId,
    /// The hash that was verified.
    pub from: PasswordHash,
    /// The stronger one.
    pub to: PasswordHash,
}

impl RehashPassword {
    pub(super) fn decide(&self, state: &State) -> Result<Changes, Rejection> {
        let customer = guards::customer(state, self.customer)?;
        if customer.credential.hash.as_ref() != Some(&self.from) || self.from == self.to {
            return Ok(Vec::new());
        }
        Ok(vec![Change::PasswordRehashed { customer: customer.id, hash: self.to.clone() }])
    }
}
