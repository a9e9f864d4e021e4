//! A customer changes the password: proves the current one, and every other session ends.

use super::mint::DRAWS_MAX;
use super::password_rule::{Judged, NewPasswordError, stored_hash};
use super::{
    CheckError, Checked, Client, Engine, Identity, Issued, Place, Presented, Unavailable, rejection, unexpected,
};
use crate::hashing::{Password, Verdict};
use crate::throttle::Wait;
use doorward_domain::account::command::{Command, SetPassword};
use doorward_domain::account::{Refusal, Rejection};
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
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// Too many attempts have failed; try again later.
    #[error(transparent)]
    TooMany(#[from] Wait),
    /// The current password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The site's policy refuses the new one.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for ChangePasswordError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
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
        let checked = self.check(presented)?;
        let ChangePassword { current, new } = request;
        let customer = &checked.accepted.customer;
        let judged = Judged {
            email: &customer.email,
            username: customer.username.as_ref(),
            profile: &customer.profile,
            is_current: new.is_same_as(&current),
        };
        self.prove_current(&checked, current, client).await?;
        let hash = self.hash_changed_password(&checked.place, new, judged).await?;
        self.set_password(&checked, hash, client).await
    }

    /// A wrong current password counts like a failed login: a stolen session must not become a way to guess.
    pub(super) async fn prove_current(
        &self,
        checked: &Checked,
        current: Password,
        client: &Client,
    ) -> Result<(), ChangePasswordError> {
        let customer = &checked.accepted.customer;
        let identity = Identity::Email(customer.email.as_str().to_owned());
        let attempt = self.reserve_attempt(&checked.place, &identity, client)?;
        let against = stored_hash(customer);
        match self.hashing.verify(checked.place.account(), current, against).await {
            Ok(Verdict::Match { .. }) => {
                attempt.succeed();
                Ok(())
            }
            Ok(Verdict::NoMatch) => Err(ChangePasswordError::WrongPassword),
            Err(error) => {
                attempt.withdraw();
                Err(Unavailable::from(error).into())
            }
        }
    }

    async fn hash_changed_password(
        &self,
        place: &Place,
        new: Password,
        judged: Judged<'_>,
    ) -> Result<PasswordHash, ChangePasswordError> {
        let new = self.judge_password(place, new, judged).await.map_err(|error| match error {
            NewPasswordError::Refused(fault) => ChangePasswordError::Password(fault),
            NewPasswordError::Unavailable(unavailable) => unavailable.into(),
        })?;
        let phc = self.hashing.hash(place.account(), new).await.map_err(Unavailable::from)?;
        Ok(phc.to_stored())
    }

    async fn set_password(
        &self,
        checked: &Checked,
        hash: PasswordHash,
        client: &Client,
    ) -> Result<Issued, ChangePasswordError> {
        let session = &checked.accepted.session;
        for _ in 0..DRAWS_MAX {
            let ctx = self.ctx(client);
            let life = (ctx.now, session.expires_at);
            let drawn = self.draw_token(&checked.place, (checked.customer(), session.id), life)?;
            let command = Command::SetPassword(SetPassword {
                by: checked.authority(),
                customer: checked.customer(),
                credential_rev: checked.accepted.customer.credential.rev,
                hash: hash.clone(),
                token: Some(drawn.digest),
            });
            match checked.place.handle.call(command, ctx).await {
                Ok(done) => {
                    let customer = done.state.customer(checked.customer()).cloned().ok_or(Unavailable::Fault)?;
                    return Ok(Issued { token: drawn.token, customer, session: session.id });
                }
                Err(error) => match rejection(error)? {
                    Rejection::IdTaken => {}
                    Rejection::CredentialChanged => return Err(ChangePasswordError::WrongPassword),
                    Rejection::Refused(refusal) => return Err(refusal.into()),
                    Rejection::CustomerNotFound | Rejection::CustomerLocked => {
                        return Err(Refusal::UnknownToken.into());
                    }
                    Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    other => return Err(unexpected("change_password", &other).into()),
                },
            }
        }
        Err(unexpected("change_password", &Rejection::IdTaken).into())
    }
}
