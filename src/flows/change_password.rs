//! A customer changes the password: proves the current one, and every other session ends.

use super::check::session_rejected;
use super::password_rule::Judged;
use super::{Checked, Client, Engine, Issued, Presented, ProveError, Unavailable};
use crate::hashing::Password;
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{Command, SetPassword};
use doorward_domain::credential::PasswordHash;
use doorward_domain::password::PasswordFault;

/// The current password and the new one.
#[derive(Debug)]
pub struct ChangePassword {
    /// What the customer says the current one is.
    pub current: Password,
    /// What it shall be.
    pub new: Password,
}

/// Why the password stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    /// Whoever asks has not proven to be the customer.
    #[error(transparent)]
    NotProven(#[from] ProveError),
    /// The site's policy refuses the new one.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Changes the password of the customer whose session asks.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        presented: &Presented,
        request: ChangePassword,
        client: &Client,
    ) -> Result<Issued, ChangePasswordError> {
        let ChangePassword { current, new } = request;
        let checked = self.check(presented).map_err(ProveError::from)?;
        let customer = &checked.accepted.customer;
        let judged = Judged {
            email: &customer.email,
            username: customer.username.as_ref(),
            profile: &customer.profile,
            is_current: new.is_same_as(&current),
        };
        self.prove_current(&checked, current, client).await?;
        let hash = self.hash_new_password::<ChangePasswordError>(&checked.place, new, judged).await?;
        Ok(self.set_password(&checked, hash, client).await?)
    }

    async fn set_password(&self, checked: &Checked, hash: PasswordHash, client: &Client) -> Result<Issued, ProveError> {
        let command = |token| {
            Command::SetPassword(SetPassword {
                by: checked.authority(),
                customer: checked.customer(),
                credential_rev: checked.accepted.customer.credential.rev,
                hash: hash.clone(),
                token: Some(token),
            })
        };
        let changed = self.issue_with(checked, &self.ctx(client)?, command).await?;
        changed.map_err(|rejection| match rejection {
            Rejection::CredentialChanged => ProveError::WrongPassword,
            other => session_rejected("change_password", other),
        })
    }
}
