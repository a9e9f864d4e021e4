//! Another signing key for an account: it signs at once, and the older ones stay published so that what they signed is verified.

use super::{Engine, Unavailable, rejection, unexpected};
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{AddSigningKey, Command};
use doorward_domain::account::rejection::Limit;
use doorward_domain::ids::AccountId;
use doorward_domain::text::Name;

/// Why the key was not rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateKeyError {
    /// There is no such account.
    #[error("the account does not exist")]
    AccountNotFound,
    /// The account has as many keys as it can have: [`doorward_domain::limits::SIGNING_KEYS_MAX`].
    #[error("the account has as many signing keys as it can have")]
    TooManyKeys,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Makes a key that signs from now on, and says by which id tokens name it.
    ///
    /// # Errors
    /// [`RotateKeyError`].
    pub async fn rotate_signing_key(&self, account: AccountId) -> Result<Name, RotateKeyError> {
        let handle = self.directory.account(account).ok_or(RotateKeyError::AccountNotFound)?;
        let key = self.keys.generate(account, self.now(), &*self.entropy).map_err(|error| {
            tracing::error!(%account, %error, "a signing key cannot be made");
            Unavailable::Fault
        })?;
        let kid = key.kid.clone();
        match handle.call(Command::AddSigningKey(AddSigningKey { key }), self.own_ctx()?).await {
            Ok(_) => Ok(kid),
            Err(error) => Err(match rejection(error)? {
                Rejection::AccountNotFound => RotateKeyError::AccountNotFound,
                Rejection::LimitReached(Limit::SigningKeys) => RotateKeyError::TooManyKeys,
                Rejection::ClockBehind => Unavailable::ClockBehind.into(),
                other => unexpected("rotate_signing_key", &other).into(),
            }),
        }
    }
}
