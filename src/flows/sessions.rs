//! My sessions: list them, end one, end all others.

use super::{CheckError, Client, Engine, Presented, Unavailable, rejection, unexpected};
use doorward_domain::account::command::{Command, RevokeOtherSessions, RevokeSession};
use doorward_domain::account::{Refusal, Rejection, Session};
use doorward_domain::ids::SessionId;
use std::sync::Arc;

/// A customer's sessions, as the customer sees them.
#[derive(Debug)]
pub struct MySessions {
    /// Those that could still be used, the newest first.
    pub sessions: Vec<Arc<Session>>,
    /// The one that asks.
    pub current: SessionId,
}

/// Why a session was not listed or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionsError {
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// The customer has no such session.
    #[error("the session does not exist")]
    SessionNotFound,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for SessionsError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Engine {
    /// Lists the sessions of the customer who asks.
    ///
    /// # Errors
    /// [`CheckError`] when the token is refused.
    pub fn my_sessions(&self, presented: &Presented) -> Result<MySessions, CheckError> {
        let checked = self.check(presented)?;
        let now = self.now();
        let view = &checked.place.view;
        let usable = view.sessions_of(checked.customer()).filter(|session| view.is_usable(session, now));
        let mut sessions: Vec<_> = usable.cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.opened_at, session.id)));
        Ok(MySessions { sessions, current: checked.accepted.session.id })
    }

    /// Ends one session of the customer who asks.
    ///
    /// # Errors
    /// [`SessionsError`]; a session of somebody else does not exist for the customer.
    pub async fn revoke_session(
        &self,
        presented: &Presented,
        session: SessionId,
        client: &Client,
    ) -> Result<(), SessionsError> {
        let checked = self.check(presented)?;
        let command = Command::RevokeSession(RevokeSession { by: checked.authority(), session });
        self.end_sessions(&checked, command, client).await
    }

    /// Ends every session of the customer who asks, but the one that asks.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub async fn revoke_other_sessions(&self, presented: &Presented, client: &Client) -> Result<(), SessionsError> {
        let checked = self.check(presented)?;
        let site = checked.place.site.id;
        let command = Command::RevokeOtherSessions(RevokeOtherSessions { token: checked.digest, site });
        self.end_sessions(&checked, command, client).await
    }

    async fn end_sessions(
        &self,
        checked: &super::Checked,
        command: Command,
        client: &Client,
    ) -> Result<(), SessionsError> {
        match checked.place.handle.call(command, self.ctx(client)).await {
            Ok(_) => Ok(()),
            Err(error) => match rejection(error)? {
                Rejection::SessionNotFound => Err(SessionsError::SessionNotFound),
                Rejection::Refused(refusal) => Err(refusal.into()),
                other => Err(unexpected("sessions", &other).into()),
            },
        }
    }
}
