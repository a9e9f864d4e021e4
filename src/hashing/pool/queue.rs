//! Who is next: one first-in-first-out lane an account, and the accounts take turns.
//!
//! Pure bookkeeping under the pool's lock; it knows no clock and no thread.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use doorward_domain::ids::AccountId;
use tokio::sync::oneshot;

use super::Verdict;
use crate::hashing::{Context, Error, Estimate, Password, PhcString};

/// Whether requests are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// What waits is finished, nothing more is taken.
    Stopping,
    /// A thread has died: nothing is taken, nothing is finished.
    Lost,
}

/// What a password is compared with.
pub(super) enum Against {
    /// A customer's hash.
    Stored(PhcString),
    /// A hash of nothing, which costs the same and never matches.
    Decoy(PhcString),
}

/// A request and the way back to its caller.
pub(super) enum Work {
    Hash {
        password: Password,
        reply: oneshot::Sender<Result<PhcString, Error>>,
    },
    Verify {
        password: Password,
        against: Against,
        reply: oneshot::Sender<Result<Verdict, Error>>,
    },
    Estimate {
        password: Password,
        context: Context,
        reply: oneshot::Sender<Result<(Password, Estimate), Error>>,
    },
    /// Holds its thread until `open` yields; panics when told so.
    #[cfg(test)]
    Hold {
        entered: std::sync::mpsc::Sender<()>,
        open: std::sync::mpsc::Receiver<super::tests::Then>,
        reply: oneshot::Sender<Result<(), Error>>,
    },
}

pub(super) struct Job {
    number: u64,
    queued_at: Duration,
    pub(super) work: Work,
}

/// A request that was not taken.
pub(super) struct Refused {
    pub(super) gate: Gate,
    /// Given back so that it is dropped outside the lock.
    _work: Work,
}

pub(super) struct Queue {
    gate: Gate,
    lanes: BTreeMap<AccountId, VecDeque<Job>>,
    /// The accounts that have a lane, next one first.
    turns: VecDeque<AccountId>,
    len: usize,
    len_max: usize,
    len_max_per_account: usize,
    next_number: u64,
}

impl Queue {
    pub(super) fn new(len_max: usize, len_max_per_account: usize) -> Self {
        Self {
            gate: Gate::Open,
            lanes: BTreeMap::new(),
            turns: VecDeque::new(),
            len: 0,
            len_max,
            len_max_per_account,
            next_number: 0,
        }
    }

    pub(super) fn gate(&self) -> Gate {
        self.gate
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes no more; a lost pool stays lost.
    pub(super) fn stop(&mut self) {
        if self.gate == Gate::Open {
            self.gate = Gate::Stopping;
        }
    }

    /// Takes no more and hands out all that waits, to be dropped.
    pub(super) fn lose(&mut self) -> BTreeMap<AccountId, VecDeque<Job>> {
        self.gate = Gate::Lost;
        self.len = 0;
        self.turns.clear();
        std::mem::take(&mut self.lanes)
    }

    /// Puts a request at the end of its account's lane and returns its number.
    pub(super) fn push(&mut self, account: AccountId, queued_at: Duration, work: Work) -> Result<u64, Box<Refused>> {
        let account_len = self.lanes.get(&account).map_or(0, VecDeque::len);
        if self.gate != Gate::Open || self.len >= self.len_max || account_len >= self.len_max_per_account {
            return Err(Box::new(Refused { gate: self.gate, _work: work }));
        }
        if account_len == 0 {
            self.turns.push_back(account);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.len += 1;
        self.lanes.entry(account).or_default().push_back(Job { number, queued_at, work });
        Ok(number)
    }

    /// The oldest request of the account whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Job> {
        let account = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&account)?;
        let job = lane.pop_front()?;
        self.len -= 1;
        if lane.is_empty() {
            self.lanes.remove(&account);
        } else {
            self.turns.push_back(account);
        }
        Some(job)
    }

    /// Gives a place back; `None` if the request is no longer waiting.
    pub(super) fn remove(&mut self, account: AccountId, number: u64) -> Option<Job> {
        let lane = self.lanes.get_mut(&account)?;
        let position = lane.iter().position(|job| job.number == number)?;
        let job = lane.remove(position)?;
        self.len -= 1;
        self.drop_empty_lanes();
        Some(job)
    }

    /// Takes out what was queued before `oldest`.
    pub(super) fn take_older_than(&mut self, oldest: Duration) -> Vec<Job> {
        let mut taken = Vec::new();
        for lane in self.lanes.values_mut() {
            while let Some(job) = lane.pop_front_if(|job| job.queued_at < oldest) {
                taken.push(job);
            }
        }
        self.len -= taken.len();
        if !taken.is_empty() {
            self.drop_empty_lanes();
        }
        taken
    }

    fn drop_empty_lanes(&mut self) {
        self.lanes.retain(|_account, lane| !lane.is_empty());
        let lanes = &self.lanes;
        self.turns.retain(|account| lanes.contains_key(account));
    }
}

impl Job {
    /// Tells the caller why it was not done.
    pub(super) fn refuse(self, error: Error) {
        // A caller who is gone needs no answer.
        match self.work {
            Work::Hash { reply, .. } => drop(reply.send(Err(error))),
            Work::Verify { reply, .. } => drop(reply.send(Err(error))),
            Work::Estimate { reply, .. } => drop(reply.send(Err(error))),
            #[cfg(test)]
            Work::Hold { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn work() -> Work {
        Work::Hash { password: Password::parse("password").unwrap(), reply: oneshot::channel().0 }
    }

    fn push(queue: &mut Queue, account: u64, seconds: u64) -> Option<u64> {
        queue.push(AccountId(account), Duration::from_secs(seconds), work()).ok()
    }

    fn drain(queue: &mut Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).map(|job| job.number).collect()
    }

    #[test]
    fn accounts_take_turns_and_each_keeps_its_order() {
        let mut queue = Queue::new(64, 32);
        for account in [1, 1, 1, 1, 2, 2, 3] {
            push(&mut queue, account, 0).unwrap();
        }
        assert_eq!(drain(&mut queue), [0, 4, 6, 1, 5, 2, 3]);
    }

    #[test]
    fn one_account_fills_its_half_and_leaves_the_other() {
        let mut queue = Queue::new(8, 4);
        let taken = |queue: &mut Queue, account| (0..9).filter_map(|_| push(queue, account, 0)).count();
        assert_eq!(taken(&mut queue, 1), 4);
        assert_eq!(taken(&mut queue, 2), 4);
        assert_eq!(taken(&mut queue, 3), 0);
        assert_eq!(queue.len(), 8);
        queue.pop().unwrap();
        assert_eq!(taken(&mut queue, 3), 1);
    }

    #[test]
    fn only_what_is_too_old_is_taken_out() {
        let mut queue = Queue::new(64, 32);
        for (account, seconds) in [(1, 1), (2, 2), (1, 3), (3, 4)] {
            push(&mut queue, account, seconds).unwrap();
        }
        let old: Vec<_> = queue.take_older_than(Duration::from_secs(3)).iter().map(|job| job.number).collect();
        assert_eq!(old, [0, 1]);
        assert_eq!((queue.len(), drain(&mut queue)), (2, vec![2, 3]));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(u64),
        Pop,
        Remove(u64),
        Expire(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0_u64..4).prop_map(Step::Push),
            1 => Just(Step::Pop),
            1 => (0_u64..40).prop_map(Step::Remove),
            1 => (0_u64..60).prop_map(Step::Expire),
        ]
    }

    proptest! {
        /// The books balance whatever happens: every request leaves exactly once, and none is forgotten.
        #[test]
        fn every_request_leaves_the_queue_exactly_once(steps in proptest::collection::vec(step(), 0..60)) {
            let mut queue = Queue::new(10, 5);
            let mut waiting: Vec<(u64, u64, u64)> = Vec::new();
            for (now, step) in (0_u64..).zip(steps) {
                match step {
                    Step::Push(account) => {
                        let of_account = waiting.iter().filter(|job| job.1 == account).count();
                        let number = push(&mut queue, account, now);
                        prop_assert_eq!(number.is_some(), waiting.len() < 10 && of_account < 5);
                        waiting.extend(number.map(|number| (number, account, now)));
                    }
                    Step::Pop => {
                        let popped = queue.pop().map(|job| job.number);
                        prop_assert_eq!(popped.is_some(), !waiting.is_empty());
                        waiting.retain(|job| Some(job.0) != popped);
                    }
                    Step::Remove(number) => {
                        let account = waiting.iter().find(|job| job.0 == number).map(|job| job.1);
                        let removed = queue.remove(AccountId(account.unwrap_or(0)), number);
                        prop_assert_eq!(removed.is_some(), account.is_some());
                        waiting.retain(|job| job.0 != number);
                    }
                    Step::Expire(oldest) => {
                        let mut taken: Vec<_> =
                            queue.take_older_than(Duration::from_secs(oldest)).iter().map(|job| job.number).collect();
                        taken.sort_unstable();
                        let expected: Vec<_> =
                            waiting.iter().filter(|job| job.2 < oldest).map(|job| job.0).collect();
                        prop_assert_eq!(taken, expected);
                        waiting.retain(|job| job.2 >= oldest);
                    }
                }
                prop_assert_eq!(queue.len(), waiting.len());
            }
            let mut rest = drain(&mut queue);
            rest.sort_unstable();
            prop_assert_eq!(rest, waiting.iter().map(|job| job.0).collect::<Vec<_>>());
        }
    }
}
