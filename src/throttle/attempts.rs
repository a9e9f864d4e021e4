//! Failed attempts per subject: a bounded table of counters.

use super::{Wait, prefix};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Subjects the table holds; past it the ones that were quiet for longest go first.
pub const SUBJECTS_MAX: usize = 1_000_000;
const SHARDS: usize = 64;
/// The longest wait between two tries while fewer than [`HARD_FAILURES`] in a row have failed.
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
}

/// The table.
pub struct Attempts {
    shards: Vec<Mutex<HashMap<u128, Count>>>,
    keys: (RandomState, RandomState),
    shard_len_max: usize,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    /// When the last of them was counted.
    last: Duration,
    allowance: Allowance,
}

impl Count {
    /// No try before this moment.
    fn open_at(&self) -> Duration {
        self.last + wait_after(self.failures, self.allowance)
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
    key: u128,
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
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            keys: (RandomState::new(), RandomState::new()),
            shard_len_max: subjects_max.div_ceil(SHARDS).max(1),
        }
    }

    /// Takes a place for one attempt, before any work is done for it. `now` is a monotonic time.
    ///
    /// # Errors
    /// [`Wait`] when the subject has failed too often; nothing was counted.
    pub fn reserve(&self, subject: &Subject<'_>, allowance: Allowance, now: Duration) -> Result<Attempt<'_>, Wait> {
        let key = self.key(subject);
        let mut shard = self.shard(key);
        let before = shard.get(&key).copied().filter(|count| count.is_remembered(now));
        if let Some(wait) = before.and_then(|count| count.open_at().checked_sub(now)).filter(|wait| !wait.is_zero()) {
            return Err(Wait(wait));
        }
        if before.is_none() {
            make_room(&mut shard, self.shard_len_max, now);
        }
        let failures = before.map_or(0, |count| count.failures).saturating_add(1);
        shard.insert(key, Count { failures, last: now, allowance });
        Ok(Attempt { table: self, key })
    }

    /// How many subjects are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether no subject is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the subjects whose window has passed.
    pub fn forget_old(&self, now: Duration) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.retain(|_, count| count.is_remembered(now));
            shard.shrink_to_fit();
        }
    }

    fn key(&self, subject: &Subject<'_>) -> u128 {
        let whole = (subject.scope, subject.identity, subject.address.map(prefix));
        u128::from(self.keys.0.hash_one(whole)) << 64 | u128::from(self.keys.1.hash_one(whole))
    }

    fn shard(&self, key: u128) -> MutexGuard<'_, HashMap<u128, Count>> {
        let index = usize::try_from(key % SHARDS as u128).unwrap_or(0);
        lock(self.shards.get(index).expect("the remainder is below the number of shards"))
    }
}

impl Attempt<'_> {
    /// The attempt succeeded: all failures of the subject are forgotten.
    pub fn succeed(self) {
        self.table.shard(self.key).remove(&self.key);
    }

    /// Nothing came of the attempt, through no fault of the subject: it does not count. What others counted meanwhile does.
    pub fn withdraw(self) {
        let mut shard = self.table.shard(self.key);
        let Some(count) = shard.get_mut(&self.key) else { return };
        count.failures = count.failures.saturating_sub(1);
        if count.failures == 0 {
            shard.remove(&self.key);
        }
    }
}

/// The wait after the `failures`-th failure: none while they are free, then 1 s, 2 s, 4 s up to [`WAIT_MAX`], then whole windows.
fn wait_after(failures: u32, allowance: Allowance) -> Duration {
    let Some(past) = failures.checked_sub(u32::from(allowance.failures_max)) else { return Duration::ZERO };
    if failures >= HARD_FAILURES {
        return allowance.window;
    }
    Duration::from_secs(1_u64.checked_shl(past).unwrap_or(u64::MAX)).min(WAIT_MAX).min(allowance.window)
}

fn make_room(shard: &mut HashMap<u128, Count>, len_max: usize, now: Duration) {
    if shard.len() < len_max {
        return;
    }
    shard.retain(|_, count| count.is_remembered(now));
    while shard.len() >= len_max {
        let Some(oldest) = shard.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| *key) else { return };
        shard.remove(&oldest);
    }
}

/// A panic while a shard was held leaves a counter that is at worst off by one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempts").field("subjects", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const ALLOWANCE: Allowance = Allowance { failures_max: 3, window: Duration::from_secs(300) };
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
}
