//! A clock that stands still until a test moves it.

use doorward_domain::time::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// When tests begin: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// A clock that is set and stepped by hand, from any thread. Share it in an `Arc`.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.millis()))
    }

    /// Shows `now` from here on, be it earlier or later.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }

    /// Moves by `millis`, backward when negative, and says what it shows then. Stops at the ends of the range.
    pub fn step(&self, millis: i64) -> Timestamp {
        let moved = |now: i64| now.saturating_add(millis);
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(moved(now)));
        Timestamp::from_millis(moved(before.unwrap_or_else(|now| now)))
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_until_it_is_moved() {
        let clock = ManualClock::default();
        assert_eq!((clock.now(), clock.now()), (START, START));
        assert_eq!(clock.step(1_500), START.plus_millis(1_500));
        assert_eq!(clock.now(), START.plus_millis(1_500));
        clock.step(-2_000);
        assert_eq!(clock.now(), START.plus_millis(-500));
        clock.set(Timestamp::EPOCH);
        assert_eq!(clock.now(), Timestamp::EPOCH);
    }

    #[test]
    fn no_step_is_lost_between_threads() {
        let clock = ManualClock::at(Timestamp::EPOCH);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| _ = clock.step(1)));
            }
        });
        assert_eq!(clock.now(), Timestamp::from_millis(4_000));
    }
}
