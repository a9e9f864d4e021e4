//! Housekeeping: expired sessions are forgotten, sessions that a rule refuses are ended, counters whose time has passed are dropped.
//!
//! A clock that has jumped ahead refuses what has expired, which a correction undoes; deleting cannot be undone, so nothing is
//! forgotten until an operator has confirmed the clock.

use super::{Engine, Unavailable, rejection, unexpected};
use crate::actors::Handle;
use doorward_domain::account::command::{ClockTrust, Command, SweepSessions};
use doorward_domain::account::{self, Rejection};
use doorward_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a pass is made.
pub const EVERY: Duration = Duration::from_secs(60);
/// How far the wall clock may run ahead of the monotonic one. Milliseconds.
const JUMP_MAX_MS: i64 = 5 * MINUTE_MS;
/// How far the clock may be ahead of the last recorded change at the start. Milliseconds.
const ABSENCE_MAX_MS: i64 = 30 * DAY_MS;
/// How far the wall clock may have run ahead of the monotonic one before nothing is stamped by it any more. Milliseconds.
const STAMP_JUMP_MAX_MS: i64 = DAY_MS;

/// Watches the clock for jumps.
#[derive(Debug)]
pub struct Keeper {
    wall: Timestamp,
    monotonic: Duration,
    has_jumped: AtomicBool,
    was_absent: bool,
    vouched: ClockTrust,
}

impl Keeper {
    /// Begins to watch. `newest` is the last recorded change; without one there is nothing to compare the clock with.
    #[must_use]
    pub fn start((wall, monotonic): (Timestamp, Duration), newest: Option<Timestamp>, trust: ClockTrust) -> Self {
        let is_far_ahead = newest.is_some_and(|newest| wall.since(newest) > ABSENCE_MAX_MS);
        let was_absent = is_far_ahead && trust == ClockTrust::Unconfirmed;
        if was_absent {
            tracing::error!(
                "the clock is more than 30 days ahead of the last recorded change; nothing is changed or deleted until an operator \
                 has looked at the clock and confirmed it (`clock.confirm = true`)"
            );
        }
        Self { wall, monotonic, has_jumped: AtomicBool::new(was_absent), was_absent, vouched: trust }
    }

    /// Whether an operator vouches for the clock.
    #[must_use]
    pub fn vouched(&self) -> ClockTrust {
        self.vouched
    }

    /// Whether the clock is so far ahead that nothing may be stamped by it. A correction of the clock mends it.
    #[must_use]
    pub fn is_far_ahead(&self, now: (Timestamp, Duration)) -> bool {
        self.vouched == ClockTrust::Unconfirmed && (self.was_absent || self.ahead_ms(now) > STAMP_JUMP_MAX_MS)
    }

    /// How far the wall clock has run ahead of the monotonic one. Milliseconds.
    fn ahead_ms(&self, (wall, monotonic): (Timestamp, Duration)) -> i64 {
        let ran = i64::try_from(monotonic.saturating_sub(self.monotonic).as_millis()).unwrap_or(i64::MAX);
        wall.since(self.wall).saturating_sub(ran)
    }

    /// Whether the clock may delete. A jump is remembered until the next start.
    pub fn trust(&self, now: (Timestamp, Duration)) -> ClockTrust {
        let ahead_ms = self.ahead_ms(now);
        if ahead_ms > JUMP_MAX_MS && !self.has_jumped.swap(true, Ordering::Relaxed) {
            tracing::error!(ahead_ms, "the wall clock has jumped ahead; nothing is deleted until the next start");
        }
        if self.has_jumped.load(Ordering::Relaxed) { ClockTrust::Unconfirmed } else { ClockTrust::Confirmed }
    }
}

impl Engine {
    /// Whether the wall clock has run steadily enough to delete by it.
    #[must_use]
    pub fn clock_trust(&self) -> ClockTrust {
        self.housekeeping.trust((self.now(), self.monotonic.elapsed()))
    }

    /// Makes a pass every minute, for as long as the task lives.
    pub(crate) async fn keep_house(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            self.sweep().await;
        }
    }

    /// One pass over everything.
    pub async fn sweep(&self) {
        self.attempts.forget_old(self.monotonic.elapsed());
        self.registrations.forget_old();
        self.logins.forget_old();
        for id in self.directory.account_ids() {
            let Some(handle) = self.directory.account(id) else { continue };
            if let Err(error) = self.sweep_account(&handle).await {
                tracing::warn!(account = %id, %error, "a sweep was cut short; the next one goes on");
            }
        }
    }

    /// One pass over the sessions of an account, in bounded windows.
    pub(super) async fn sweep_account(&self, handle: &Handle<account::State>) -> Result<(), Unavailable> {
        let mut after = None;
        loop {
            let Some(last) = handle.view().sweep_window(after).last().map(|session| session.id) else { return Ok(()) };
            let command = Command::SweepSessions(SweepSessions { after, clock: self.clock_trust() });
            match handle.call(command, self.own_ctx()?).await {
                Ok(_) => after = Some(last),
                Err(error) => match rejection(error)? {
                    Rejection::AccountNotFound => return Ok(()),
                    other => return Err(unexpected("sweep", &other)),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Timestamp = Timestamp::from_secs(1_700_000_000);
    const MONOTONIC: Duration = Duration::from_secs(100);

    fn later(keeper: &Keeper, wall_ms: i64, monotonic_ms: u64) -> ClockTrust {
        keeper.trust((WALL.plus_millis(wall_ms), MONOTONIC + Duration::from_millis(monotonic_ms)))
    }

    #[test]
    fn a_steady_clock_is_trusted() {
        let keeper = Keeper::start((WALL, MONOTONIC), None, ClockTrust::Unconfirmed);
        assert_eq!(later(&keeper, 365 * DAY_MS, 365 * DAY_MS.unsigned_abs()), ClockTrust::Confirmed);
        assert_eq!(later(&keeper, JUMP_MAX_MS, 0), ClockTrust::Confirmed);
        assert_eq!(later(&keeper, -DAY_MS, 0), ClockTrust::Confirmed);
    }

    #[test]
    fn a_jump_ahead_is_remembered() {
        let keeper = Keeper::start((WALL, MONOTONIC), None, ClockTrust::Unconfirmed);
        assert_eq!(later(&keeper, JUMP_MAX_MS + 1, 0), ClockTrust::Unconfirmed);
        assert_eq!(later(&keeper, 0, 0), ClockTrust::Unconfirmed);
    }

    #[test]
    fn a_clock_far_ahead_of_the_last_change_needs_a_confirmation() {
        let start = |ahead_ms: i64, trust| {
            let keeper = Keeper::start((WALL, MONOTONIC), Some(WALL.plus_millis(-ahead_ms)), trust);
            later(&keeper, 0, 0)
        };
        assert_eq!(start(ABSENCE_MAX_MS, ClockTrust::Unconfirmed), ClockTrust::Confirmed);
        assert_eq!(start(ABSENCE_MAX_MS + 1, ClockTrust::Unconfirmed), ClockTrust::Unconfirmed);
        assert_eq!(start(ABSENCE_MAX_MS + 1, ClockTrust::Confirmed), ClockTrust::Confirmed);
    }
}
