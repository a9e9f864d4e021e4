//! A customer changes address, user name, names or metadata, and gets a fresh token.

use super::check::session_rejected;
use super::{CheckError, Client, Engine, Issued, Presented, Unavailable};
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{Command, ProfilePatch, UpdateCustomer as Update};
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
        let command = |token| {
            let CustomerPatch { email, username, profile, metadata } = patch.clone();
            let (by, customer) = (checked.authority(), checked.customer());
            let token = Some(token);
            Command::UpdateCustomer(Box::new(Update { by, customer, email, username, profile, metadata, token }))
        };
        let updated = self.issue_with(&checked, &self.ctx(client)?, command).await?;
        updated.map_err(|rejection| match rejection {
            Rejection::EmailTaken => UpdateError::EmailTaken,
            Rejection::UsernameTaken => UpdateError::UsernameTaken,
            Rejection::Metadata(error) => error.into(),
            other => session_rejected("update_customer", other),
        })
    }
}
