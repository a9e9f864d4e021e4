//! Ends every session of an account that was restored or repaired: the storage it came from may not know of every revocation.

use super::Changes;
use crate::account::event::Change;
use crate::account::session::EndReason;
use crate::account::{Rejection, State};

/// End every session of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndEverySession;

impl EndEverySession {
    #[expect(clippy::unnecessary_wraps, reason = "every command decides in the same shape")]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "every command decides in the same shape")]
    pub(super) fn decide(&self, state: &State) -> Result<Changes, Rejection> {
        let live: Vec<_> = state.sessions().filter(|session| session.end.is_none()).map(|session| session.id).collect();
        if live.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Change::SessionsEnded { sessions: live, reason: EndReason::Restored }])
    }
}
