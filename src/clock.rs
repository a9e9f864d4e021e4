//! The only place that asks the machine what time it is.
//!
//! Wall time stamps what happened; monotonic time measures how long something has waited. Nothing here decides
//! anything, and no other room calls `SystemTime::now` or `Instant::now`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use doorward_domain::time::{Clock, Timestamp};

/// The wall clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// Negative for a machine whose clock stands before 1970.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time of day")]
    fn now(&self) -> Timestamp {
        let millis = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        })
    }
}

/// A clock that never goes back, for ages and deadlines inside one process.
pub trait Monotonic: Send + Sync + fmt::Debug {
    /// Time since an arbitrary moment before the first call.
    fn elapsed(&self) -> Duration;
}

/// The monotonic clock of the machine. It goes on while the machine is suspended (`CLOCK_BOOTTIME`), so that a laptop that slept is not
/// taken for a wall clock that jumped.
#[derive(Debug, Clone, Copy)]
pub struct SystemMonotonic {
    start: Duration,
}

impl SystemMonotonic {
    /// A clock that starts at zero now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: since_boot() }
    }
}

impl Monotonic for SystemMonotonic {
    fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.start)
    }
}

fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(now).expect("the machine was booted in the past")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-01-01T00:00:00Z: no machine that builds this is older, unless its clock is broken.
    const YEAR_2020_MILLIS: i64 = 1_577_836_800_000;

    #[test]
    fn the_wall_clock_counts_milliseconds() {
        let now = SystemClock.now().millis();
        assert!((YEAR_2020_MILLIS..YEAR_2020_MILLIS * 4).contains(&now), "{now}");
    }

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let clock = SystemMonotonic::start();
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first);
    }
}
