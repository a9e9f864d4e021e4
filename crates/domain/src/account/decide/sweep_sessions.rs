//! Housekeeping over a bounded window of sessions: ends those that single-user authentication refuses at the site they were opened on
//! (after the rule was switched on), and forgets those whose tokens have all expired.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::session::EndReason;
use crate::account::{Rejection, Session, State};
use crate::ctx::{ClockTrust, Ctx};
use crate::ids::SessionId;
use crate::limits::SWEEP_BATCH_MAX;
use std::ops::Bound;
use std::sync::Arc;

/// Sweep the [`SWEEP_BATCH_MAX`] sessions that follow `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepSessions {
    /// Where the last window ended; `None` begins a pass.
    pub after: Option<SessionId>,
    /// Whether the clock may delete: one that has jumped ahead refuses what has expired, but deletes nothing.
    pub clock: ClockTrust,
}

impl SweepSessions {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        let mut superseded = Vec::new();
        let mut forgotten = Vec::new();
        for session in state.sweep_window(self.after) {
            let is_expired = ctx.now >= session.expires_at;
            if is_expired && self.clock == ClockTrust::Confirmed {
                forgotten.push(session.id);
            } else if session.end.is_none() && is_superseded(state, session) {
                superseded.push(session.id);
            }
        }
        let mut changes = Vec::new();
        if !superseded.is_empty() {
            changes.push(Change::SessionsEnded { sessions: superseded, reason: EndReason::Superseded });
        }
        if !forgotten.is_empty() {
            changes.push(Change::SessionsForgotten { sessions: forgotten });
        }
        Ok(changes)
    }
}

fn is_superseded(state: &State, session: &Session) -> bool {
    let rule = state.site(session.site).is_some_and(|site| site.settings.single_user_authentication.is_on());
    rule && state.customer(session.customer).is_some_and(|customer| customer.last_open != Some(session.id))
}

impl State {
    /// The sessions one sweep looks at. The next sweep begins after the last of them; a pass is over when there is none.
    pub fn sweep_window(&self, after: Option<SessionId>) -> impl Iterator<Item = &Arc<Session>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.entities.sessions.range((from, Bound::Unbounded)).map(|(_, session)| session).take(SWEEP_BATCH_MAX)
    }
}
