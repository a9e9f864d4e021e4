//! Refresh: the same token while it is young, otherwise another token of the same session.

use super::mint::DRAWS_MAX;
use super::{CheckError, Client, Engine, Issued, Presented, Unavailable, rejection, unexpected};
use crate::actors::Effect;
use doorward_domain::account::command::{Command, RefreshSession};
use doorward_domain::account::decide::refresh_session::is_echoed;
use doorward_domain::account::{Refusal, Rejection};
use std::sync::Arc;

/// Why no token was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for RefreshError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Engine {
    /// Refreshes a session. A token younger than an hour is echoed and nothing is written.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, presented: Presented, client: &Client) -> Result<Issued, RefreshError> {
        let checked = self.check(&presented)?;
        let session = &checked.accepted.session;
        for _ in 0..DRAWS_MAX {
            let ctx = self.ctx(client);
            if is_echoed(checked.accepted.issued_at, ctx.now) {
                let customer = Arc::clone(&checked.accepted.customer);
                return Ok(Issued { token: presented.token, customer, session: session.id });
            }
            let life = (ctx.now, session.expires_at);
            let drawn = self.draw_token(&checked.place, (checked.customer(), session.id), life)?;
            let command = Command::RefreshSession(RefreshSession {
                token: checked.digest,
                site: checked.place.site.id,
                new_token: drawn.digest,
            });
            match checked.place.handle.call(command, ctx).await {
                Ok(done) => {
                    let customer = done.state.customer(checked.customer()).cloned().ok_or(Unavailable::Fault)?;
                    let token = match done.effect {
                        Effect::Unchanged => presented.token,
                        Effect::Changed => drawn.token,
                    };
                    return Ok(Issued { token, customer, session: session.id });
                }
                Err(error) => match rejection(error)? {
                    Rejection::IdTaken => {}
                    Rejection::Refused(refusal) => return Err(refusal.into()),
                    Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    other => return Err(unexpected("refresh", &other).into()),
                },
            }
        }
        Err(unexpected("refresh", &Rejection::IdTaken).into())
    }
}
