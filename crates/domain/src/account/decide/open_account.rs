//! Opens an account, once the platform has registered it.

use super::Changes;
use super::add_signing_key::key_is_bounded;
use crate::account::event::Change;
use crate::account::state::SealedKey;
use crate::account::{Rejection, State};
use crate::text::Name;

/// Open the account. Asking again under the same name changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAccount {
    /// What it is called.
    pub name: Name,
    /// Its first signing key.
    pub signing_key: SealedKey,
}

impl OpenAccount {
    pub(super) fn decide(&self, state: &State) -> Result<Changes, Rejection> {
        key_is_bounded(&self.signing_key)?;
        match &state.root().name {
            Some(name) if *name == self.name => return Ok(Vec::new()),
            Some(_) => return Err(Rejection::AccountExists),
            None => {}
        }
        Ok(vec![
            Change::AccountOpened { name: self.name.clone() },
            Change::SigningKeyAdded { key: self.signing_key.clone() },
        ])
    }
}
