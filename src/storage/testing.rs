//! What the tests of storage share: histories planned as records, what everything must be after each, and a store to play them to.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::disk::SimDisk;
use super::journal::{Layout, Preparation, Seq};
use super::record::Batch;
use super::recovery::{NoProgress, Place, Recovered};
use super::snapshot::{MemorySnapshots, Snapshots};
use super::value::Value;
use super::writer::{Completion, Outcome};
use super::{Error, Opened, Options, Store, Write, open_place};
use doorward_domain::aggregate::Aggregate;
use doorward_domain::ids::{AccountId, AggregateRef, SiteId};
use doorward_domain::{account, platform};
use doorward_testkit::World;
use doorward_testkit::build::text;
use doorward_testkit::strategy::{Step, opening};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Everything at one moment: the platform, and the accounts to which something has happened, each with its number of records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whole {
    pub(crate) platform: (platform::State, u64),
    pub(crate) accounts: Vec<(account::State, u64)>,
}

/// A record to be written.
#[derive(Clone)]
pub(crate) struct Planned {
    value: Value,
    aggregate_seq: u64,
    events: Batch,
}

/// Records in order, and what everything is after each of them; `after[0]` is before the first.
pub(crate) struct Plan {
    pub(crate) records: Vec<Planned>,
    pub(crate) after: Vec<Whole>,
}

struct Planner {
    platform: World<platform::State>,
    accounts: [World<account::State>; 2],
    seqs: [u64; 3],
    plan: Plan,
}

/// Plans the histories of two accounts, in turns, behind what the platform must know of them.
pub(crate) fn plan(histories: [&[Step]; 2]) -> Plan {
    let blank = platform::State::assemble(platform::State::blank(AggregateRef::Platform));
    let account = |id| World::of(account::State::blank(AccountId(id)));
    let before = Whole { platform: (blank.clone(), 0), accounts: Vec::new() };
    let mut planner = Planner {
        platform: World::of(blank),
        accounts: [account(1), account(2)],
        seqs: [0; 3],
        plan: Plan { records: Vec::new(), after: vec![before] },
    };
    for id in [1, 2] {
        let id = AccountId(id);
        planner.platform(&platform::Command::RegisterAccount { id, name: text("Gazette") });
        for site in 1..=3 {
            let id_of_site = SiteId(site + 10 * u32::try_from(id.0).unwrap());
            planner.platform(&platform::Command::RegisterSite { id: id_of_site, account: id });
        }
    }
    for which in [0, 1] {
        for command in opening() {
            planner.account(which, 0, &command);
        }
    }
    for turn in 0..histories[0].len().max(histories[1].len()) {
        for which in [0, 1] {
            if let Some(Step { wait, command }) = histories[which].get(turn) {
                planner.account(which, *wait, command);
            }
        }
    }
    planner.plan
}

impl Planner {
    fn platform(&mut self, command: &platform::Command) {
        let events = self.platform.must(command);
        let value = Value::Platform(Arc::new(self.platform.state().clone()));
        self.record(0, value, Batch::Platform(events));
    }

    fn account(&mut self, which: usize, wait: i64, command: &account::Command) {
        let world = self.accounts[which].step(wait);
        // What is rejected, and what changes nothing, is no record.
        let events = world.ask(command).unwrap_or_default();
        if !events.is_empty() {
            let value = Value::Account(Arc::new(world.state().clone()));
            self.record(which + 1, value, Batch::Account(events));
        }
    }

    fn record(&mut self, which: usize, value: Value, events: Batch) {
        self.seqs[which] += 1;
        let aggregate_seq = self.seqs[which];
        self.plan.records.push(Planned { value, aggregate_seq, events });
        let accounts = self.accounts.iter().zip(&self.seqs[1..]).filter(|(_, seq)| **seq > 0);
        self.plan.after.push(Whole {
            platform: (self.platform.state().clone(), self.seqs[0]),
            accounts: accounts.map(|(world, seq)| (world.state().clone(), *seq)).collect(),
        });
    }
}

struct Teller(Sender<Outcome>);

impl Completion for Teller {
    fn publish(&mut self, _seq: Seq) {}

    fn settle(self: Box<Self>, outcome: Outcome) {
        self.0.send(outcome).unwrap();
    }
}

/// Writes records and waits for what becomes of each. Returns how many were acknowledged.
pub(crate) fn write(store: &Store, records: &[Planned]) -> usize {
    let (told, outcomes) = channel();
    for Planned { value, aggregate_seq, events } in records.iter().cloned() {
        let recorded_at = doorward_testkit::START;
        let completion = Box::new(Teller(told.clone()));
        store.submit(Write { value, aggregate_seq, recorded_at, events, completion });
    }
    drop(told);
    outcomes.iter().filter(|outcome| *outcome == Outcome::Durable).count()
}

/// Writes records one by one, so that each is a group of its own.
pub(crate) fn write_singly(store: &Store, records: &[Planned]) -> usize {
    records.iter().map(|record| write(store, std::slice::from_ref(record))).sum()
}

/// What was recovered.
pub(crate) fn whole(opened: &Opened) -> Whole {
    let pair = |recovered: &Recovered<account::State>| (recovered.state.clone(), recovered.aggregate_seq);
    Whole {
        platform: (opened.platform.state.clone(), opened.platform.aggregate_seq),
        accounts: opened.accounts.iter().map(pair).collect(),
    }
}

/// A simulated data directory.
#[derive(Clone)]
pub(crate) struct Sim {
    pub(crate) disk: SimDisk,
    pub(crate) snapshots: MemorySnapshots,
}

impl Sim {
    pub(crate) fn new(seed: u64) -> Self {
        Self { disk: SimDisk::new(seed), snapshots: MemorySnapshots::default() }
    }

    pub(crate) fn fork(&self) -> Self {
        Self { disk: self.disk.fork(), snapshots: self.snapshots.fork() }
    }

    pub(crate) fn place(&self) -> Place {
        self.place_with(Arc::new(self.snapshots.clone()))
    }

    pub(crate) fn place_with(&self, snapshots: Arc<dyn Snapshots>) -> Place {
        let layout = small(0).layout;
        Place { dir: PathBuf::from("/sim"), disk: Arc::new(self.disk.clone()), snapshots, layout }
    }

    pub(crate) fn open(&self, options: &Options) -> Result<Opened, Error> {
        open_place(self.place(), options, &mut |lineage| lineage.fill(7), &mut NoProgress)
    }
}

/// Small segments, made inline, and a snapshot after so many bytes of journal.
pub(crate) fn small(snapshot_after_len: u64) -> Options {
    Options {
        layout: Layout { segment_len: 16 * 1024, preparation: Preparation::Inline },
        snapshot_after_len,
        snapshot_interval: Duration::from_secs(3_600),
        queue_len_max: 10_000,
    }
}
