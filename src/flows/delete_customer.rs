//! A customer deletes their own account: proves the password, and is gone with every session.

use super::change_password::ChangePasswordError;
use super::{Client, Engine, Presented, rejection, unexpected};
use crate::hashing::Password;
use doorward_domain::account::command::{Command, DeleteCustomer};
use doorward_domain::account::{Refusal, Rejection};

/// Why the customer stays.
pub type DeleteError = ChangePasswordError;

impl Engine {
    /// Deletes the customer whose session asks. The password is asked for again, if there is one.
    ///
    /// # Errors
    /// [`DeleteError`].
    pub async fn delete_own_customer(
        &self,
        presented: &Presented,
        password: Option<Password>,
        client: &Client,
    ) -> Result<(), DeleteError> {
        let checked = self.check(presented)?;
        if checked.accepted.customer.credential.hash.is_some() {
            let password = password.ok_or(DeleteError::WrongPassword)?;
            self.prove_current(&checked, password, client).await?;
        }
        let command = Command::DeleteCustomer(DeleteCustomer { by: checked.authority(), customer: checked.customer() });
        match checked.place.handle.call(command, self.ctx(client)).await {
            Ok(_) => Ok(()),
            Err(error) => match rejection(error)? {
                Rejection::Refused(refusal) => Err(refusal.into()),
                Rejection::CustomerNotFound => Err(Refusal::UnknownToken.into()),
                other => Err(unexpected("delete_customer", &other).into()),
            },
        }
    }
}
