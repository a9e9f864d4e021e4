//! A bounded table of counters, keyed by a keyed hash of whom they count: no e-mail and no address stands in it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) const SHARDS: usize = 64;

/// What is counted of one subject.
pub(super) trait Count {
    /// When the last was counted.
    fn last(&self) -> Duration;

    /// Whether it still says anything at `now`.
    fn is_remembered(&self, now: Duration) -> bool;
}

/// Whom a counter belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(u128);

/// The table.
pub(super) struct Table<C> {
    shards: Vec<Mutex<HashMap<u128, C>>>,
    keys: (RandomState, RandomState),
    shard_len_max: usize,
}

/// A part of the table, held for one look and one change.
pub(super) struct Shard<'t, C> {
    counts: MutexGuard<'t, HashMap<u128, C>>,
    key: Key,
    len_max: usize,
}

impl<C: Count> Table<C> {
    /// A table of at most `subjects_max` subjects.
    pub(super) fn bounded(subjects_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            keys: (RandomState::new(), RandomState::new()),
            shard_len_max: subjects_max.div_ceil(SHARDS).max(1),
        }
    }

    /// The key of a subject: 128 bits that differ from one start to the next.
    pub(super) fn key(&self, subject: &impl Hash) -> Key {
        Key(u128::from(self.keys.0.hash_one(subject)) << 64 | u128::from(self.keys.1.hash_one(subject)))
    }

    /// Holds the counter of a subject.
    pub(super) fn hold(&self, key: Key) -> Shard<'_, C> {
        let index = usize::try_from(key.0 % SHARDS as u128).unwrap_or(0);
        let shard = self.shards.get(index).expect("the remainder is below the number of shards");
        Shard { counts: lock(shard), key, len_max: self.shard_len_max }
    }

    /// How many subjects are remembered.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Forgets the subjects that say nothing any more.
    pub(super) fn forget_old(&self, now: Duration) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.retain(|_, count| count.is_remembered(now));
            shard.shrink_to_fit();
        }
    }
}

impl<C: Count> Shard<'_, C> {
    /// The counter, if it still says something.
    pub(super) fn get(&mut self, now: Duration) -> Option<&mut C> {
        self.counts.get_mut(&self.key.0).filter(|count| count.is_remembered(now))
    }

    /// The counter, whatever its age.
    pub(super) fn get_any(&mut self) -> Option<&mut C> {
        self.counts.get_mut(&self.key.0)
    }

    /// Puts a counter in; where there is no room the quietest go.
    pub(super) fn put(&mut self, count: C, now: Duration) {
        if !self.counts.contains_key(&self.key.0) {
            self.make_room(now);
        }
        self.counts.insert(self.key.0, count);
    }

    /// Forgets the subject.
    pub(super) fn forget(&mut self) {
        self.counts.remove(&self.key.0);
    }

    fn make_room(&mut self, now: Duration) {
        if self.counts.len() < self.len_max {
            return;
        }
        self.counts.retain(|_, count| count.is_remembered(now));
        while self.counts.len() >= self.len_max {
            let oldest = self.counts.iter().min_by_key(|(_, count)| count.last()).map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            self.counts.remove(&oldest);
        }
    }
}

impl<C: Count> std::fmt::Debug for Table<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("subjects", &self.len()).finish_non_exhaustive()
    }
}

/// A panic while a shard was held leaves a counter that is at worst off by one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
