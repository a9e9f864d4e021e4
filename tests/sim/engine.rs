//! A running engine: storage that is stepped by hand, and a shell for the platform and for each account. It dies in a crash.

use crate::sim::host::{Host, Told};
use crate::sim::ledger::Ledger;
use doorward::domain::ids::{AccountId, AggregateRef};
use doorward::domain::time::Timestamp;
use doorward::domain::{Aggregate, Ctx, account, platform};
use doorward::storage::WriterStatus;
use doorward::storage::stepped::{Snapshot, Stepped};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What outlives an engine.
pub(crate) struct Ledgers {
    pub(crate) platform: Ledger<platform::State>,
    pub(crate) accounts: BTreeMap<AccountId, Ledger<account::State>>,
    /// Whose each record is, in the order of the journal.
    pub(crate) order: Vec<AggregateRef>,
}

pub(crate) struct Engine {
    pub(crate) stepped: Stepped,
    platform: Host<platform::State>,
    accounts: BTreeMap<AccountId, Host<account::State>>,
}

impl Ledgers {
    pub(crate) fn new(accounts: &[AccountId]) -> Self {
        let blank = |id: AccountId| account::State::blank(id);
        Self {
            platform: Ledger::of(platform::State::assemble(platform::State::blank(AggregateRef::Platform))),
            accounts: accounts.iter().map(|id| (*id, Ledger::of(blank(*id)))).collect(),
            order: Vec::new(),
        }
    }

    /// Holds what an opening recovered against all promises: it must be what the first `report.seq` records of the journal's order led to.
    pub(crate) fn recovered(&mut self, stepped: &Stepped, now: Timestamp) {
        let len = usize::try_from(stepped.report.seq).unwrap();
        assert!(len <= self.order.len(), "{len} records are there, {} were decided", self.order.len());
        self.order.truncate(len);
        let count = |whose: AggregateRef| self.order.iter().filter(|one| **one == whose).count() as u64;
        let platform = &stepped.platform;
        assert_eq!(platform.aggregate_seq, count(AggregateRef::Platform));
        self.platform.recovered(&platform.state, platform.aggregate_seq, now);
        let mut found: BTreeMap<_, _> =
            stepped.accounts.iter().map(|account| (account.state.root().id, account)).collect();
        for (id, ledger) in &mut self.accounts {
            let expected = self.order.iter().filter(|one| **one == AggregateRef::Account(*id)).count() as u64;
            match found.remove(id) {
                Some(account) => {
                    assert_eq!(account.aggregate_seq, expected);
                    assert!(platform.state.account(*id).is_some(), "an account that the platform does not know");
                    ledger.recovered(&account.state, account.aggregate_seq, now);
                }
                None => {
                    assert_eq!(expected, 0);
                    let blank = ledger.blank();
                    ledger.recovered(&blank, 0, now);
                }
            }
        }
        assert!(found.is_empty(), "accounts out of nowhere: {:?}", found.keys());
    }
}

impl Engine {
    pub(crate) fn host(stepped: Stepped) -> Self {
        let (platform, seq) = (Arc::new(stepped.platform.state.clone()), stepped.platform.aggregate_seq);
        let platform = Host::start(platform, seq, &stepped.store);
        let accounts = stepped.accounts.iter().map(|account| {
            let state = Arc::new(account.state.clone());
            (account.state.root().id, Host::start(state, account.aggregate_seq, &stepped.store))
        });
        let accounts = accounts.collect();
        Self { stepped, platform, accounts }
    }

    /// Hosts the accounts that the platform knows durably.
    pub(crate) fn host_registered(&mut self, ledgers: &Ledgers) {
        let view = self.platform.view();
        for known in view.state.accounts() {
            let store = &self.stepped.store;
            let start = || Host::start(ledgers.accounts[&known.id].blank(), 0, store);
            self.accounts.entry(known.id).or_insert_with(start);
        }
    }

    pub(crate) fn account_ids(&self) -> Vec<AccountId> {
        self.accounts.keys().copied().collect()
    }

    pub(crate) fn ask_platform(&mut self, ledgers: &mut Ledgers, command: platform::Command, now: Timestamp) {
        if self.platform.ask(&mut ledgers.platform, command, Ctx::at(now)) {
            ledgers.order.push(AggregateRef::Platform);
        }
    }

    pub(crate) fn ask_account(&mut self, ledgers: &mut Ledgers, id: AccountId, asked: (account::Command, Timestamp)) {
        let (command, now) = asked;
        let (host, ledger) = (self.accounts.get_mut(&id).unwrap(), ledgers.accounts.get_mut(&id).unwrap());
        if host.ask(ledger, command, Ctx::at(now)) {
            ledgers.order.push(AggregateRef::Account(id));
        }
    }

    /// Takes every answer that has arrived.
    pub(crate) fn collect(&mut self, ledgers: &mut Ledgers) -> Told {
        let mut told = self.platform.collect(&mut ledgers.platform);
        for (id, host) in &mut self.accounts {
            told.add(host.collect(ledgers.accounts.get_mut(id).unwrap()));
        }
        told
    }

    /// Looks at every view, at every token, at every rule.
    pub(crate) fn look(&self, ledgers: &mut Ledgers, now: Timestamp) {
        ledgers.platform.check_view(&self.platform.view(), now);
        for (id, host) in &self.accounts {
            ledgers.accounts.get_mut(id).unwrap().check_view(&host.view(), now);
        }
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.stepped.store.is_writing()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.stepped.store.status().writing == WriterStatus::Failed
    }

    /// The records that readers see.
    pub(crate) fn visible(&self) -> u64 {
        let accounts: u64 = self.accounts.values().map(|host| host.view().aggregate_seq).sum();
        self.platform.view().aggregate_seq + accounts
    }

    pub(crate) fn is_anybody_waiting(&self) -> bool {
        self.platform.is_waiting() || self.accounts.values().any(Host::is_waiting)
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        self.stepped.snapshot()
    }

    /// Stops in order; who waits is answered then. Whether the last snapshot was taken.
    pub(crate) fn stop(self, ledgers: &mut Ledgers) -> (bool, Told) {
        self.end(ledgers, |stepped| stepped.stop().is_ok())
    }

    /// Ends without a word; who waits is answered by the end of the journal, and must not be told more than is true.
    pub(crate) fn die(self, ledgers: &mut Ledgers) -> Told {
        self.end(ledgers, drop).1
    }

    fn end<T>(self, ledgers: &mut Ledgers, end: impl FnOnce(Stepped) -> T) -> (T, Told) {
        let Self { stepped, mut platform, mut accounts } = self;
        let ended = end(stepped);
        let mut told = platform.collect(&mut ledgers.platform);
        let mut is_anybody_waiting = platform.is_waiting();
        for (id, host) in &mut accounts {
            told.add(host.collect(ledgers.accounts.get_mut(id).unwrap()));
            is_anybody_waiting |= host.is_waiting();
        }
        assert!(!is_anybody_waiting, "a caller was left without an answer");
        (ended, told)
    }
}
