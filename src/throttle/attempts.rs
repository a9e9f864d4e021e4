//! Failed attempts per subject: a bounded table of counters.

use super::table::{Count, Key, Table};
use super::{Wait, prefix};
use std::net::IpAddr;
use std::time::Duration;

/// Subjects the table holds; past it the ones that were quiet for longest go first.
pub const SUBJECTS_MAX: usize = 1_000_000;
/// The longest growing wait between two tries while fewer than [`HARD_FAILURES`] in a row have failed.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// NIST SP 800-63B-4 §3.2.2: no more than 100 failures in a row. From then on each try waits for a whole window.
const HARD_FAILURES: u32 = 100;

/// Who tries what: an identity within a scope (the account), from an address.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The account.
    pub scope: u64,
    /// What the identity is compared by, whether or not anybody has it.
    pub identity: &'a str,
    /// Where the request comes from, if it came over a network.
    pub address: Option<IpAddr>,
}

/// Failures that are free, and for how long they are remembered after the wait that follows the last one.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Failures before the first wait.
    pub failures_max: u16,
    /// How long after the last failure, and the wait it brought, all is forgotten.
    pub window: Duration,
    /// What follows once they are used up.
    pub waits: Waits,
}

/// How long somebody waits for another try once the free failures are used up.
#[derive(Clone, Copy, Debug)]
pub enum Waits {
    /// 1 s, 2 s, 4 s up to half a minute; after a hundred failures a whole window.
    Growing,
    /// So long each time.
    Each(Duration),
}

impl Allowance {
    /// The six digits of a mail (OWASP ASVS 6.6.3): five wrong ones, and the right ones are not taken any more either, in this mail or in the
    /// next. From then on one try an hour, until a day went by without one.
    pub const CODES: Self = Self {
        failures_max: 5,
        window: Duration::from_secs(24 * 3_600),
        waits: Waits::Each(Duration::from_secs(3_600)),
    };
}

/// The table.
pub struct Attempts(Table<Failures>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    failures: u32,
    /// When the last of them was counted.
    last: Duration,
    allowance: Allowance,
}

impl Failures {
    /// No try before this moment.
    fn open_at(&self) -> Duration {
        self.last + wait_after(self.failures, self.allowance)
    }
}

impl Count for Failures {
    fn last(&self) -> Duration {
        self.last
    }

    /// Until when it is remembered: for a whole window after the wait, or else a wait as long as the window would wash it away.
    fn is_remembered(&self, now: Duration) -> bool {
        now < self.open_at() + self.allowance.window
    }
}

/// A place that was taken. It counts as a failure unless the attempt says otherwise.
#[must_use = "an attempt that is not settled counts as a failure"]
pub struct Attempt<'t> {
    table: &'t Attempts,
    key: Key,
}

impl Default for Attempts {
    fn default() -> Self {
        Self::bounded(SUBJECTS_MAX)
    }
}

impl Attempts {
    /// A table of at most `subjects_max` subjects.
    #[must_use]
    pub fn bounded(subjects_max: usize) -> Self {
        Self(Table::bounded(subjects_max))
    }

    /// Takes a place for one attempt, before any work is done for it. `now` is a monotonic time.
    ///
    /// # Errors
    /// [`Wait`] when the subject has failed too often; nothing was counted.
    pub fn reserve(&self, subject: &Subject<'_>, allowance: Allowance, now: Duration) -> Result<Attempt<'_>, Wait> {
        let key = self.0.key(&(subject.scope, subject.identity, subject.address.map(prefix)));
        let mut shard = self.0.hold(key);
        let before = shard.get(now).copied();
        if let Some(wait) = before.and_then(|count| count.open_at().checked_sub(now)).filter(|wait| !wait.is_zero()) {
            return Err(Wait(wait));
        }
        let failures = before.map_or(0, |count| count.failures).saturating_add(1);
        shard.put(Failures { failures, last: now, allowance }, now);
        Ok(Attempt { table: self, key })
    }

    /// How many subjects are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no subject is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the subjects whose window has passed.
    pub fn forget_old(&self, now: Duration) {
        self.0.forget_old(now);
    }
}

impl Attempt<'_> {
    /// The attempt succeeded: all failures of the subject are forgotten.
    pub fn succeed(self) {
        self.table.0.hold(self.key).forget();
    }

    /// Nothing came of the attempt, through no fault of the subject: it does not count. What others counted meanwhile does.
    pub fn withdraw(self) {
        let mut shard = self.table.0.hold(self.key);
        let Some(count) = shard.get_any() else { return };
        count.failures = count.failures.saturating_sub(1);
        if count.failures == 0 {
            shard.forget();
        }
    }
}

/// The wait after the `failures`-th failure; none while they are free.
fn wait_after(failures: u32, allowance: Allowance) -> Duration {
    let Some(past) = failures.checked_sub(u32::from(allowance.failures_max)) else { return Duration::ZERO };
    match allowance.waits {
        Waits::Each(wait) => wait,
        Waits::Growing if failures >= HARD_FAILURES => allowance.window,
        Waits::Growing => {
            Duration::from_secs(1_u64.checked_shl(past).unwrap_or(u64::MAX)).min(WAIT_MAX).min(allowance.window)
        }
    }
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempts").field("subjects", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::table::SHARDS;
    use super::*;

    const ALLOWANCE: Allowance = Allowance { failures_max: 3, window: Duration::from_secs(300), waits: Waits::Growing };
    const T0: Duration = Duration::from_secs(1_000);

    fn subject(identity: &str, last_octet: u8) -> Subject<'_> {
        Subject { scope: 1, identity, address: Some(IpAddr::from([192, 0, 2, last_octet])) }
    }

    fn fail(table: &Attempts, subject: &Subject<'_>, now: Duration) -> Result<(), Wait> {
        table.reserve(subject, ALLOWANCE, now).map(drop)
    }

    #[test]
    fn free_failures_are_followed_by_growing_waits() {
        let table = Attempts::default();
        let ada = subject("ada", 1);
        for _ in 0..3 {
            assert_eq!(fail(&table, &ada, T0), Ok(()));
        }
        assert_eq!(fail(&table, &ada, T0), Err(Wait(Duration::from_secs(1))));
        assert_eq!(fail(&table, &ada, T0 + Duration::from_secs(1)), Ok(()));
        let later = T0 + Duration::from_secs(1);
        assert_eq!(fail(&table, &ada, later), Err(Wait(Duration::from_secs(2))));
    }

    #[test]
    fn waits_are_bounded_and_become_whole_windows_after_a_hundred_failures() {
        let wait = |failures| wait_after(failures, ALLOWANCE).as_secs();
        assert_eq!([wait(2), wait(3), wait(4), wait(7), wait(8), wait(99)], [0, 1, 2, 16, 30, 30]);
        assert_eq!([wait(100), wait(u32::MAX)], [300, 300]);
    }

    #[test]
    fn parallel_guesses_are_counted_before_any_is_answered() {
        let table = Attempts::default();
        let taken: Vec<_> = (0..500).filter_map(|_| table.reserve(&subject("ada", 1), ALLOWANCE, T0).ok()).collect();
        assert_eq!(taken.len(), 3);
    }

    #[test]
    fn a_success_clears_the_count_and_a_withdrawal_leaves_it_as_it_was() {
        let table = Attempts::default();
        let ada = subject("ada", 1);
        for _ in 0..2 {
            fail(&table, &ada, T0).unwrap();
        }
        table.reserve(&ada, ALLOWANCE, T0).unwrap().withdraw();
        table.reserve(&ada, ALLOWANCE, T0).unwrap().succeed();
        assert!(table.is_empty());
        for _ in 0..3 {
            assert_eq!(fail(&table, &ada, T0), Ok(()));
        }
    }

    #[test]
    fn a_withdrawal_keeps_what_others_counted_meanwhile() {
        let table = Attempts::default();
        let ada = subject("ada", 1);
        let slow = table.reserve(&ada, ALLOWANCE, T0).unwrap();
        for _ in 0..2 {
            fail(&table, &ada, T0).unwrap();
        }
        assert!(fail(&table, &ada, T0).is_err());
        slow.withdraw();
        assert_eq!(fail(&table, &ada, T0), Ok(()), "one of three free failures is free again");
        assert!(fail(&table, &ada, T0).is_err(), "and no more than one");
    }

    #[test]
    fn a_hundred_failures_are_not_washed_away_by_waiting_for_the_window() {
        let table = Attempts::default();
        let ada = subject("ada", 1);
        let mut now = T0;
        let mut tries = 0;
        while tries < 100 {
            match fail(&table, &ada, now) {
                Ok(()) => tries += 1,
                Err(Wait(wait)) => now += wait,
            }
        }
        now += ALLOWANCE.window - Duration::from_millis(1);
        assert!(fail(&table, &ada, now).is_err());
        now += Duration::from_millis(1);
        assert_eq!(fail(&table, &ada, now), Ok(()), "one try a window");
        assert_eq!(fail(&table, &ada, now), Err(Wait(ALLOWANCE.window)));
    }

    #[test]
    fn another_address_identity_or_account_is_not_slowed_down() {
        let table = Attempts::default();
        for _ in 0..3 {
            fail(&table, &subject("ada", 1), T0).unwrap();
        }
        assert!(fail(&table, &subject("ada", 1), T0).is_err());
        assert_eq!(fail(&table, &subject("ada", 2), T0), Ok(()));
        assert_eq!(fail(&table, &subject("bob", 1), T0), Ok(()));
        assert_eq!(fail(&table, &Subject { scope: 2, ..subject("ada", 1) }, T0), Ok(()));
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let at = |address: &str| Subject { scope: 1, identity: "ada", address: Some(address.parse().unwrap()) };
        let table = Attempts::default();
        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::3"] {
            fail(&table, &at(host), T0).unwrap();
        }
        assert!(fail(&table, &at("2001:db8::4"), T0).is_err());
        assert_eq!(fail(&table, &at("2001:db8:0:1::4"), T0), Ok(()));
    }

    #[test]
    fn all_is_forgotten_a_window_after_the_last_wait() {
        let table = Attempts::default();
        let ada = subject("ada", 1);
        for _ in 0..3 {
            fail(&table, &ada, T0).unwrap();
        }
        let wait = Duration::from_secs(1);
        table.forget_old(T0 + wait + ALLOWANCE.window - Duration::from_millis(1));
        assert_eq!(table.len(), 1);
        table.forget_old(T0 + wait + ALLOWANCE.window);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn the_table_is_bounded_and_the_quietest_go_first() {
        let table = Attempts::bounded(SHARDS * 2);
        for i in 0..10_000_u32 {
            fail(&table, &subject(&i.to_string(), 1), T0 + Duration::from_millis(u64::from(i))).unwrap();
        }
        assert!(table.len() <= SHARDS * 2);
        let last = subject("9999", 1);
        let now = T0 + Duration::from_secs(10);
        fail(&table, &last, now).unwrap();
        fail(&table, &last, now).unwrap();
        assert!(fail(&table, &last, now).is_err(), "the newest subject is still remembered");
    }

    #[test]
    fn the_sixth_code_is_refused_even_if_it_is_right_and_a_new_mail_changes_nothing() {
        let table = Attempts::default();
        let link = Subject { scope: 1, identity: "42", address: None };
        let attempt = |now| table.reserve(&link, Allowance::CODES, now);
        for _ in 0..5 {
            drop(attempt(T0).unwrap());
        }
        let hour = Duration::from_secs(3_600);
        assert_eq!(attempt(T0).map(Attempt::succeed), Err(Wait(hour)));
        let later = T0 + hour;
        assert_eq!(attempt(later - Duration::from_millis(1)).map(drop), Err(Wait(Duration::from_millis(1))));
        assert_eq!(attempt(later).map(drop), Ok(()), "one try an hour");
        assert_eq!(attempt(later).map(drop), Err(Wait(hour)));
        let other = Subject { identity: "43", ..link };
        assert_eq!(
            table.reserve(&other, Allowance::CODES, T0).map(drop),
            Ok(()),
            "another customer is not slowed down"
        );
        let quiet = later + hour + Allowance::CODES.window;
        for _ in 0..5 {
            assert_eq!(attempt(quiet).map(drop), Ok(()));
        }
        assert!(attempt(quiet).is_err());
    }

    #[test]
    fn a_right_code_clears_the_count_of_wrong_ones() {
        let table = Attempts::default();
        let link = Subject { scope: 1, identity: "42", address: None };
        for _ in 0..4 {
            drop(table.reserve(&link, Allowance::CODES, T0).unwrap());
        }
        table.reserve(&link, Allowance::CODES, T0).unwrap().succeed();
        assert!(table.is_empty());
    }
}
