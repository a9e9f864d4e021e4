//! A customer deletes their own account: proves the password, and is gone with every session.

use super::check::session_rejected;
use super::{Client, Engine, Presented, ProveError, rejection};
use crate::hashing::Password;
use doorward_domain::account::command::{Command, DeleteCustomer};

impl Engine {
    /// Deletes the customer whose session asks. The password is asked for again, if there is one.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn delete_own_customer(
        &self,
        presented: &Presented,
        password: Option<Password>,
        client: &Client,
    ) -> Result<(), ProveError> {
        let checked = self.check(presented)?;
        if checked.accepted.customer.credential.hash.is_some() {
            let password = password.ok_or(ProveError::WrongPassword)?;
            self.prove_current(&checked, password, client).await?;
        }
        let command = Command::DeleteCustomer(DeleteCustomer { by: checked.authority(), customer: checked.customer() });
        match checked.place.handle.call(command, self.ctx(client)?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(session_rejected("delete_customer", rejection(error)?)),
        }
    }
}
