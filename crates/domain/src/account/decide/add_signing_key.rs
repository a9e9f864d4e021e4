//! Adds a signing key: from now on it signs, and the older ones only verify.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::rejection::Limit;
use crate::account::state::SealedKey;
use crate::account::{Rejection, State};
use crate::ctx::Ctx;
use crate::limits::{SEALED_KEY_BYTES_MAX, SIGNING_KEYS_MAX};

/// Add a signing key. Adding a known one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddSigningKey {
    /// The key.
    pub key: SealedKey,
}

impl AddSigningKey {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        key_is_bounded(&self.key)?;
        if state.root().signing_keys.iter().any(|known| known.kid == self.key.kid) {
            return Ok(Vec::new());
        }
        if state.root().signing_keys.len() >= SIGNING_KEYS_MAX {
            return Err(Rejection::LimitReached(Limit::SigningKeys));
        }
        guards::clock_is_sane(state, ctx)?;
        Ok(vec![Change::SigningKeyAdded { key: self.key.clone() }])
    }
}

/// Limits: the sealed bytes of a key.
pub(super) fn key_is_bounded(key: &SealedKey) -> Result<(), Rejection> {
    if key.sealed.len() > SEALED_KEY_BYTES_MAX {
        return Err(Rejection::LimitReached(Limit::SealedKeyBytes));
    }
    Ok(())
}
