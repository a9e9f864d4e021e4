//! Points in time and how long things last. Nothing here asks what time it is: that is the [`Clock`]'s business, and a clock is handed in.

use std::fmt;

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Milliseconds in a second.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(SECOND_MS))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    /// This point moved by `millis`; stops at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This point moved by `days`.
    #[must_use]
    pub const fn plus_days(self, days: u16) -> Self {
        self.plus_millis(days as i64 * DAY_MS)
    }

    /// Milliseconds from `earlier` to this point; negative when this one is earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// Tells the time. The machine's clock in production, a manual one in tests.
pub trait Clock: Send + Sync {
    /// The present wall-clock time.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_moved_and_compared() {
        let point = Timestamp::from_secs(2);
        assert_eq!(
            (point.millis(), point.plus_millis(-500).millis(), point.plus_days(2).millis()),
            (2_000, 1_500, 172_802_000)
        );
        assert_eq!((point.since(Timestamp::from_millis(500)), Timestamp::EPOCH.since(point)), (1_500, -2_000));
        assert_eq!([-1, 0, 999, 1_000].map(|millis| Timestamp::from_millis(millis).secs()), [-1, 0, 0, 1]);
        assert_eq!(format!("{point:?}"), "2000ms");
    }

    #[test]
    fn the_ends_of_time_are_not_passed() {
        let (first, last) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        assert_eq!((last.plus_days(1), first.plus_millis(-1)), (last, first));
        assert_eq!((last.since(first), Timestamp::from_secs(i64::MAX)), (i64::MAX, last));
    }
}
