//! A customer whose session asks proves the password once more.

use super::password_rule::stored_hash;
use super::{CheckError, Checked, Client, Engine, Identity, Unavailable};
use crate::hashing::{Password, Verdict};
use crate::throttle::Wait;

/// Why a journey that needs a session and the password did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// Too many attempts have failed; try again later.
    #[error(transparent)]
    TooMany(#[from] Wait),
    /// The current password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// A wrong current password counts like a failed login: a stolen session must not become a way to guess.
    pub(super) async fn prove_current(
        &self,
        checked: &Checked,
        current: Password,
        client: &Client,
    ) -> Result<(), ProveError> {
        let customer = &checked.accepted.customer;
        let identity = Identity::Email(customer.email.as_str().to_owned());
        let attempt = self.reserve_attempt(&checked.place, &identity, client)?;
        match self.hashing.verify(checked.place.account(), current, stored_hash(customer)).await {
            Ok(Verdict::Match { .. }) => {
                attempt.succeed();
                Ok(())
            }
            Ok(Verdict::NoMatch) => Err(ProveError::WrongPassword),
            Err(error) => {
                attempt.withdraw();
                Err(Unavailable::from(error).into())
            }
        }
    }
}
