//! What a snapshot holds, when it is a base, what a failed one costs, and what is dropped when.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::storage::disk::{Failure, Operation, SimDisk, Trouble};
use crate::storage::journal::{Generation, Journal, Seq, list_segments};
use crate::storage::record::Unfit;
use crate::storage::recovery::{NoProgress, read_chain};
use crate::storage::snapshot::{self, Lineage, MemorySnapshots, Sink, Snapshots, Trust};
use crate::storage::testing::{Plan, Sim, plan, small, whole, write, write_singly};
use crate::storage::value::Keys;
use crate::storage::writer::{Boundary, DurableGroup, GroupObserver};
use crate::storage::{Options, current, open_place};
use doorward_domain::ids::AggregateRef;
use doorward_testkit::replay;
use doorward_testkit::strategy::histories;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

fn some_plan(len: usize) -> Plan {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut one = || histories(len..=len).new_tree(&mut runner).unwrap().current();
    plan([&one(), &one()])
}

/// Snapshots of which some writes fail, as a full disk makes them fail.
#[derive(Clone, Default)]
struct Failing {
    inner: MemorySnapshots,
    failures: Arc<AtomicU32>,
    panics: Arc<AtomicBool>,
}

impl Snapshots for Failing {
    fn write(&self, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Listed, snapshot::Error> {
        let listed = self.inner.write(name, head, items)?;
        assert!(!self.panics.load(Ordering::SeqCst), "on purpose");
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            return Err(Unfit::TooLong { len: 0, max: 0 }.into());
        }
        Ok(listed)
    }

    fn load(&self, listed: &Listed, trust: Trust, sink: &mut Sink<'_>) -> Result<(), snapshot::Error> {
        self.inner.load(listed, trust, sink)
    }

    fn check(&self, listed: &Listed) -> Result<(), snapshot::Error> {
        self.inner.check(listed)
    }

    fn names(&self) -> Result<Vec<String>, snapshot::Error> {
        self.inner.names()
    }

    fn remove(&self, name: &str) -> Result<(), snapshot::Error> {
        self.inner.remove(name)
    }
}

/// A snapshotter that is driven by hand over a plan.
struct Bench {
    snapshotter: Snapshotter,
    snapshots: Failing,
    disk: SimDisk,
    plan: Plan,
    at: usize,
}

impl Bench {
    fn new(plan: Plan) -> Self {
        let (sim, snapshots) = (Sim::new(1), Failing::default());
        let place = sim.place_with(Arc::new(snapshots.clone()));
        let journal = Journal::create(Arc::clone(&place.disk), place.layout, Generation(1), Seq(0)).unwrap();
        let chain = Chain { cut: journal.end(), snapshots: Vec::new() };
        let lineage = Lineage([7; 16]);
        let current = Current { lineage, generation: Generation(1), serial: 1, chain, fallback: None };
        let snapshotter = Snapshotter::new(place, current, BTreeMap::new(), Touched::new());
        Self { snapshotter, snapshots, disk: sim.disk, plan, at: 0 }
    }

    /// What the watch would freeze after `count` more records.
    fn freeze(&mut self, count: usize) -> Frozen {
        let mut changed: BTreeMap<AggregateRef, Changed> = BTreeMap::new();
        for record in self.plan.records.get(self.at..self.at + count).unwrap() {
            let (value, aggregate_seq, events) = record.parts();
            let mut keys = Keys::of(&events);
            if let Some(known) = changed.remove(&value.reference()) {
                keys.merge(known.keys);
            }
            changed.insert(value.reference(), Changed { value, aggregate_seq, keys });
        }
        self.at += count;
        let segment = SegmentNo(self.at as u64 + 1);
        Frozen { cut: Cut { generation: Generation(1), segment, seq: Seq(self.at as u64), crc: 9 }, changed }
    }

    fn take(&mut self, count: usize) -> Result<Option<SegmentNo>, Error> {
        let frozen = self.freeze(count);
        self.snapshotter.take(frozen)
    }

    /// What is listed reads as everything was after the records so far.
    fn check(&self) {
        let current = Current::load(&self.disk, current::FILE).unwrap().unwrap();
        assert_eq!(current, self.snapshotter.current);
        for chain in [Some(&current.chain), current.fallback.as_ref()].into_iter().flatten() {
            let read = read_chain(&self.snapshots, chain, &mut NoProgress).unwrap().assemble();
            let expected = self.plan.after.get(usize::try_from(chain.cut.seq.0).unwrap()).unwrap();
            assert!((read.platform.state, read.platform.aggregate_seq) == expected.platform);
            let accounts = read.accounts.into_iter().map(|account| (account.state, account.aggregate_seq));
            assert!(accounts.collect::<Vec<_>>() == expected.accounts);
        }
        let mut listed: Vec<_> = current.listed().map(|listed| listed.name.clone()).collect();
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(self.snapshots.names().unwrap(), listed, "what is not listed any more is gone");
    }
}

#[test]
fn a_base_comes_first_deltas_follow_and_merge_when_they_pass_half_of_it() {
    let mut bench = Bench::new(some_plan(60));
    bench.take(30).unwrap();
    bench.check();
    let mut kinds = Vec::new();
    while bench.at + 2 <= bench.plan.records.len() {
        let before = bench.snapshotter.current.chain.clone();
        bench.take(2).unwrap();
        bench.check();
        let chain = &bench.snapshotter.current.chain;
        assert_eq!(bench.snapshotter.current.fallback.as_ref(), Some(&before));
        let (base, deltas) = before.snapshots.split_first().unwrap();
        let is_over_half = deltas.iter().map(|delta| delta.bytes).sum::<u64>() > base.bytes / 2;
        assert_eq!(chain.snapshots.len() == 1, is_over_half, "merged when, and only when, they pass half");
        kinds.push(chain.snapshots.len());
    }
    assert!(kinds.contains(&3) && kinds.iter().filter(|len| **len == 1).count() > 1, "{kinds:?}");
}

#[test]
fn a_delta_costs_what_changed_and_not_what_there_is() {
    let mut bench = Bench::new(some_plan(60));
    bench.take(60).unwrap();
    bench.take(1).unwrap();
    let [base, delta] = &bench.snapshotter.current.chain.snapshots[..] else { unreachable!() };
    assert!(delta.bytes * 4 < base.bytes, "{} of {}", delta.bytes, base.bytes);
}

#[test]
fn a_failed_snapshot_is_held_by_the_next() {
    let mut bench = Bench::new(some_plan(60));
    bench.take(20).unwrap();
    bench.snapshots.failures.store(2, Ordering::SeqCst);
    assert!(bench.take(3).is_err());
    assert!(bench.take(3).is_err());
    bench.check();
    assert_eq!(bench.snapshotter.current.chain.cut.seq, Seq(20), "what was listed before still is");
    // Nothing has changed since; what failed is still to be taken.
    assert!(bench.snapshotter.is_pending());
    assert_eq!(bench.take(0).unwrap(), Some(SegmentNo(21)));
    assert_eq!(bench.snapshotter.current.chain.cut.seq, Seq(26));
    bench.check();
    assert!(!bench.snapshotter.is_pending());
    assert_eq!(bench.take(0).unwrap(), None);
}

#[test]
fn a_listing_that_fails_at_any_step_is_held_by_the_next() {
    for operation in [Operation::Create, Operation::Write, Operation::Sync, Operation::Rename, Operation::SyncDir] {
        for after in 0..2 {
            let mut bench = Bench::new(some_plan(40));
            bench.take(20).unwrap();
            bench.disk.fail(Failure { operation, after, trouble: Trouble::Full });
            assert!(bench.take(3).is_err());
            // Whichever of the two `CURRENT` is now, all it lists is there.
            let listed = Current::load(&bench.disk, current::FILE).unwrap().unwrap();
            read_chain(&bench.snapshots, &listed.chain, &mut NoProgress).unwrap();
            bench.take(2).unwrap();
            bench.check();
        }
    }
}

#[test]
fn a_power_cut_between_any_two_steps_of_listing_leaves_one_of_two_states_and_all_they_list() {
    for seed in 0..30 {
        for step in 0..14 {
            let mut bench = Bench::new(some_plan(20));
            bench.take(10).unwrap();
            bench.disk.power_cut();
            bench.disk = SimDisk::new(seed);
            bench.snapshotter.place.disk = Arc::new(bench.disk.clone());
            bench.take(3).unwrap();
            bench.disk.power_off_at(step);
            let taken = bench.take(3);
            bench.disk.power_cut();
            let current = Current::load(&bench.disk, current::FILE).unwrap().unwrap();
            assert!([13, 16].contains(&current.chain.cut.seq.0));
            assert!(taken.is_err() || current.chain.cut.seq.0 == 16);
            read_chain(&bench.snapshots, &current.chain, &mut NoProgress).unwrap();
            read_chain(&bench.snapshots, current.fallback.as_ref().unwrap(), &mut NoProgress).unwrap();
        }
    }
}

#[test]
fn segments_go_once_neither_the_newest_nor_the_fallback_needs_them() {
    let plan = some_plan(60);
    let sim = Sim::new(1);
    let opened = sim.open(&small(2_500)).unwrap();
    write_singly(&opened.store, &plan.records);
    opened.running.stop().unwrap();
    let current = Current::load(&sim.disk, current::FILE).unwrap().unwrap();
    let fallback = current.fallback.unwrap();
    let segments = list_segments(&sim.disk, current.generation).unwrap();
    assert_eq!(segments.first(), Some(&fallback.cut.segment));
    // How many snapshots were taken on the way depends on the threads; the first segment has gone in any case.
    assert!(fallback.cut.segment.0 > 1, "{segments:?}");
}

#[test]
fn snapshots_that_fail_never_stop_the_writing() {
    let plan = some_plan(60);
    let (sim, snapshots) = (Sim::new(1), Failing::default());
    snapshots.failures.store(u32::MAX, Ordering::SeqCst);
    let open = || {
        let place = sim.place_with(Arc::new(snapshots.clone()));
        open_place(place, &small(2_500), &mut |lineage| lineage.fill(7), &mut NoProgress)
    };
    let opened = open().unwrap();
    assert_eq!(write_singly(&opened.store, &plan.records), plan.records.len());
    let store = opened.store.clone();
    assert!(opened.running.stop().is_err());
    assert!(store.status().snapshots_failed > 1 && store.status().snapshots_listed == 0);
    snapshots.failures.store(0, Ordering::SeqCst);
    let opened = open().unwrap();
    assert!(whole(&opened) == *plan.after.last().unwrap());
    opened.running.stop().unwrap();
    let opened = open().unwrap();
    assert_eq!((opened.report.records, whole(&opened) == *plan.after.last().unwrap()), (0, true));
}

#[test]
fn when_writing_has_failed_a_stop_says_so_and_takes_no_snapshot() {
    let plan = some_plan(20);
    let sim = Sim::new(1);
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(..10).unwrap());
    opened.store.fail();
    assert_eq!(write(&opened.store, plan.records.get(10..12).unwrap()), 0);
    assert!(matches!(opened.running.stop(), Err(Error::WritingEnded)));
    assert_eq!(sim.snapshots.names().unwrap(), Vec::<String>::new());
    assert!(whole(&sim.open(&small(u64::MAX)).unwrap()) == *plan.after.get(10).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The touched set against a comparison of everything.
    #[test]
    fn whatever_differs_between_two_values_was_touched(one in histories(1..80), two in histories(1..10)) {
        let plan = plan([&one, &two]);
        for (at, record) in plan.records.iter().enumerate() {
            let (value, _, events) = record.parts();
            let (before, after) = (plan.after.get(at).unwrap(), plan.after.get(at + 1).unwrap());
            match (Keys::of(&events), value) {
                (Keys::Platform(keys), _) => {
                    let differs = replay::difference(&before.platform.0, &after.platform.0);
                    prop_assert!(differs.is_subset(&keys), "{:?} of {:?}", keys, differs);
                }
                (Keys::Account(keys), Value::Account(state)) => {
                    let id = state.root().id;
                    let known = before.accounts.iter().find(|(state, _)| state.root().id == id);
                    let before = known.map_or_else(|| doorward_domain::account::State::blank(id), |(state, _)| state.clone());
                    let differs = replay::difference(&before, &state);
                    prop_assert!(differs.is_subset(&keys), "{:?} of {:?}", keys, differs);
                }
                (Keys::Account(_), Value::Platform(_)) => unreachable!("an account's events with the platform's value"),
            }
        }
    }
}

#[test]
fn what_a_snapshotter_that_is_behind_does_not_take_is_taken_at_the_next_cut() {
    let mut bench = Bench::new(some_plan(20));
    let (jobs, inbox) = std::sync::mpsc::sync_channel(1);
    let link = Arc::new(Link::default());
    let mut watch =
        Watch { jobs, link: Arc::clone(&link), due_len: 100, len: 0, changed: BTreeMap::new(), _lock: None };
    let mut durable = |watch: &mut Watch| {
        let Frozen { cut, changed } = bench.freeze(1);
        let records = changed.into_values().map(|changed| (cut.seq, Some(changed))).collect();
        let wants = watch.group_durable(DurableGroup { records, len: 60 });
        (cut, wants)
    };
    assert_eq!(durable(&mut watch).1, Boundary::GoOn);
    let (cut, wants) = durable(&mut watch);
    assert_eq!(wants, Boundary::Cut, "120 bytes are over 100");
    watch.cut(cut);
    let (cut, wants) = durable(&mut watch);
    assert_eq!(wants, Boundary::GoOn);
    assert_eq!((durable(&mut watch).1, link.busy.load(Ordering::SeqCst)), (Boundary::GoOn, true));
    watch.cut(cut);
    let first = inbox.try_recv().unwrap();
    assert_eq!(first.changed.len(), 1);
    assert!(inbox.try_recv().is_err(), "the second found no place");
    assert!(link.changed.load(Ordering::SeqCst));
    let (cut, _) = durable(&mut watch);
    watch.cut(cut);
    let second = inbox.try_recv().unwrap();
    let Keys::Platform(keys) = &second.changed.first_key_value().unwrap().1.keys else { unreachable!() };
    assert!(keys.len() >= 4, "three records and the root: {keys:?}");
    assert!(!link.changed.load(Ordering::SeqCst));
}

#[test]
fn a_change_waits_no_longer_than_the_interval_for_its_snapshot() {
    let plan = some_plan(20);
    let sim = Sim::new(1);
    let hourly = Options { snapshot_interval: Duration::from_millis(1), ..small(u64::MAX) };
    let opened = sim.open(&hourly).unwrap();
    write(&opened.store, plan.records.get(..10).unwrap());
    while opened.store.status().snapshots_listed == 0 {
        std::thread::yield_now();
    }
    drop(opened);
    let opened = sim.open(&small(u64::MAX)).unwrap();
    assert_eq!(opened.report.snapshots, 1);
    assert!(whole(&opened) == *plan.after.get(10).unwrap());
}

#[test]
fn a_snapshotter_that_panics_takes_all_writing_with_it() {
    let plan = some_plan(20);
    let (sim, snapshots) = (Sim::new(1), Failing::default());
    snapshots.panics.store(true, Ordering::SeqCst);
    let place = sim.place_with(Arc::new(snapshots));
    let opened = open_place(place, &small(1), &mut |lineage| lineage.fill(7), &mut NoProgress).unwrap();
    write(&opened.store, plan.records.get(..1).unwrap());
    while opened.store.is_writing() {
        std::thread::yield_now();
    }
    assert_eq!(write(&opened.store, plan.records.get(1..2).unwrap()), 0);
    assert!(matches!(opened.running.stop(), Err(Error::WritingEnded)));
    assert!(whole(&sim.open(&small(u64::MAX)).unwrap()) == *plan.after.get(1).unwrap());
}
