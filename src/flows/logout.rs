//! Log out: the session of the presented token ends, and with it every token of it.

use super::check::session_rejected;
use super::{Client, Engine, Presented, SessionError, rejection};
use doorward_domain::account::Customer;
use doorward_domain::account::command::{Command, RevokeSession};
use std::sync::Arc;

impl Engine {
    /// Ends the session of the presented token.
    ///
    /// # Errors
    /// [`SessionError`]; a token that is refused already has nothing to log out of.
    pub async fn logout(&self, presented: &Presented, client: &Client) -> Result<Arc<Customer>, SessionError> {
        let checked = self.check(presented)?;
        let session = checked.accepted.session.id;
        let command = Command::RevokeSession(RevokeSession { by: checked.authority(), session });
        match checked.place.handle.call(command, self.ctx(client)?).await {
            Ok(_) => Ok(checked.accepted.customer),
            Err(error) => Err(session_rejected("logout", rejection(error)?)),
        }
    }
}
