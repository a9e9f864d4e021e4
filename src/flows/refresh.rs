//! Refresh: the same token while it is young, otherwise another token of the same session.

use super::check::session_rejected;
use super::{Client, Engine, Issued, Presented, SessionError};
use doorward_domain::account::command::{Command, RefreshSession};
use doorward_domain::account::decide::refresh_session::is_echoed;

impl Engine {
    /// Refreshes a session. A token younger than an hour is echoed and nothing is written.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn refresh(&self, presented: Presented, client: &Client) -> Result<Issued, SessionError> {
        let checked = self.check(&presented)?;
        // One instant for the look and the decision, so that the actor never echoes what is not echoed here.
        let ctx = self.ctx(client)?;
        if is_echoed(checked.accepted.issued_at, ctx.now) {
            let session = checked.accepted.session.id;
            return Ok(Issued { token: presented.token, customer: checked.accepted.customer, session });
        }
        let (token, site) = (checked.digest, checked.place.site.id);
        let command = |new_token| Command::RefreshSession(RefreshSession { token, site, new_token });
        let refreshed = self.issue_with(&checked, &ctx, command).await?;
        refreshed.map_err(|rejection| session_rejected("refresh", rejection))
    }
}
