//! A customer changes address, user name, names or metadata, and gets a fresh token.

use super::mint::DRAWS_MAX;
use super::{CheckError, Client, Engine, Issued, Presented, Unavailable, rejection, unexpected};
use doorward_domain::account::command::{Command, ProfilePatch, UpdateCustomer as Update};
use doorward_domain::account::{Refusal, Rejection};
use doorward_domain::email::Email;
use doorward_domain::metadata::{MetadataError, MetadataPatch};
use doorward_domain::username::Username;

/// What changes. What is `None` stays; an inner `None` takes a value away.
#[derive(Clone, Debug, Default)]
pub struct CustomerPatch {
    /// The address.
    pub email: Option<Email>,
    /// The user name.
    pub username: Option<Option<Username>>,
    /// Names and the like.
    pub profile: ProfilePatch,
    /// What the business keeps, merged key by key.
    pub metadata: MetadataPatch,
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// Another customer of the account has this e-mail.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// Another customer of the account has this user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Metadata is malformed or too large.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for UpdateError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Engine {
    /// Changes the customer whose session asks.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update_customer(
        &self,
        presented: &Presented,
        patch: CustomerPatch,
        client: &Client,
    ) -> Result<Issued, UpdateError> {
        let checked = self.check(presented)?;
        let session = &checked.accepted.session;
        for _ in 0..DRAWS_MAX {
            let ctx = self.ctx(client);
            let life = (ctx.now, session.expires_at);
            let drawn = self.draw_token(&checked.place, (checked.customer(), session.id), life)?;
            let CustomerPatch { email, username, profile, metadata } = patch.clone();
            let command = Command::UpdateCustomer(Box::new(Update {
                by: checked.authority(),
                customer: checked.customer(),
                email,
                username,
                profile,
                metadata,
                token: Some(drawn.digest),
            }));
            match checked.place.handle.call(command, ctx).await {
                Ok(done) => {
                    let customer = done.state.customer(checked.customer()).cloned().ok_or(Unavailable::Fault)?;
                    return Ok(Issued { token: drawn.token, customer, session: session.id });
                }
                Err(error) => match rejection(error)? {
                    Rejection::IdTaken => {}
                    Rejection::EmailTaken => return Err(UpdateError::EmailTaken),
                    Rejection::UsernameTaken => return Err(UpdateError::UsernameTaken),
                    Rejection::Metadata(error) => return Err(error.into()),
                    Rejection::Refused(refusal) => return Err(refusal.into()),
                    // Deleted between the look and the decision: the session is gone with the customer.
                    Rejection::CustomerNotFound => return Err(Refusal::UnknownToken.into()),
                    Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    other => return Err(unexpected("update_customer", &other).into()),
                },
            }
        }
        Err(unexpected("update_customer", &Rejection::IdTaken).into())
    }
}
