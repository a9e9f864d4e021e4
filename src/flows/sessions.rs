//! My sessions: list them, end one, end all others.

use super::check::session_rejected;
use super::{CheckError, Client, Engine, Presented, SessionError, Unavailable, rejection};
use doorward_domain::account::command::{Command, RevokeOtherSessions, RevokeSession};
use doorward_domain::account::{Rejection, Session};
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

/// Why a session was not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
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
    /// [`RevokeError`]; a session of somebody else does not exist for the customer.
    pub async fn revoke_session(
        &self,
        presented: &Presented,
        session: SessionId,
        client: &Client,
    ) -> Result<(), RevokeError> {
        let checked = self.check(presented)?;
        let command = Command::RevokeSession(RevokeSession { by: checked.authority(), session });
        match checked.place.handle.call(command, self.ctx(client)?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(match rejection(error)? {
                Rejection::SessionNotFound => RevokeError::SessionNotFound,
                other => session_rejected("revoke_session", other),
            }),
        }
    }

    /// Ends every session of the customer who asks, but the one that asks.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn revoke_other_sessions(&self, presented: &Presented, client: &Client) -> Result<(), SessionError> {
        let checked = self.check(presented)?;
        let site = checked.place.site.id;
        let command = Command::RevokeOtherSessions(RevokeOtherSessions { token: checked.digest, site });
        match checked.place.handle.call(command, self.ctx(client)?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(session_rejected("revoke_other_sessions", rejection(error)?)),
        }
    }
}
