//! Log out: the session of the presented token ends, and with it every token of it.

use super::refresh::RefreshError;
use super::{Client, Engine, Presented, rejection, unexpected};
use doorward_domain::account::command::{Command, RevokeSession};
use doorward_domain::account::{Customer, Rejection};
use std::sync::Arc;

/// Why nobody was logged out.
pub type LogoutError = RefreshError;

impl Engine {
    /// Ends the session of the presented token.
    ///
    /// # Errors
    /// [`LogoutError`]; a token that is refused already has nothing to log out of.
    pub async fn logout(&self, presented: &Presented, client: &Client) -> Result<Arc<Customer>, LogoutError> {
        let checked = self.check(presented)?;
        let session = checked.accepted.session.id;
        let command = Command::RevokeSession(RevokeSession { by: checked.authority(), session });
        match checked.place.handle.call(command, self.ctx(client)).await {
            Ok(_) => Ok(checked.accepted.customer),
            Err(error) => match rejection(error)? {
                Rejection::Refused(refusal) => Err(refusal.into()),
                other => Err(unexpected("logout", &other).into()),
            },
        }
    }
}
