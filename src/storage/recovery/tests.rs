//! What is opened is what was acknowledged: after stops, crashes and power cuts, with snapshots or without.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::current::{self, Current};
use super::super::disk::{Disk, Failure, Operation, Trouble};
use super::super::journal::list_generations;
use super::super::testing::{Plan, Sim, plan, small, whole, write, write_singly};
use super::super::{NoProgress, Options, open as open_dir};
use super::*;
use doorward_testkit::strategy::{Step, histories};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How a run of the engine ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Stop,
    Crash,
    PowerCut,
}

/// A run: how many records, written how, with a snapshot after how many bytes, and its end.
#[derive(Clone, Debug)]
struct Run {
    records: usize,
    together: bool,
    snapshot_after_len: u64,
    end: End,
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let end = prop_oneof![Just(End::Stop), Just(End::Crash), Just(End::PowerCut)];
    let after = prop_oneof![Just(1_u64), Just(2_000), Just(6_000), Just(u64::MAX)];
    let run = (0..30_usize, any::<bool>(), after, end).prop_map(|(records, together, snapshot_after_len, end)| Run {
        records,
        together,
        snapshot_after_len,
        end,
    });
    prop::collection::vec(run, 2..7)
}

fn two_histories(len: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    (histories(len.clone()), histories(len))
}

/// Plays runs; after each, what is opened must be what was written, bit for bit.
fn check_runs(plan: &Plan, runs: &[Run], open: impl Fn(&Options) -> Result<Opened, Error>, cut: impl Fn()) {
    let mut written = 0;
    for run in runs {
        let opened = open(&small(run.snapshot_after_len)).unwrap();
        assert!(whole(&opened) == *plan.after.get(written).unwrap(), "after {written} records");
        let last = (written + run.records).min(plan.records.len());
        let records = plan.records.get(written..last).unwrap();
        let acknowledged =
            if run.together { write(&opened.store, records) } else { write_singly(&opened.store, records) };
        assert_eq!(acknowledged, records.len());
        written = last;
        match run.end {
            End::Stop => opened.running.stop().unwrap(),
            End::Crash => drop(opened),
            End::PowerCut => {
                drop(opened);
                cut();
            }
        }
    }
    let opened = open(&small(u64::MAX)).unwrap();
    assert!(whole(&opened) == *plan.after.get(written).unwrap(), "after {written} records");
}

use super::super::Opened;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn base_deltas_and_tail_are_the_value_bit_for_bit((one, two) in two_histories(1..60), runs in runs(), seed: u64) {
        let sim = Sim::new(seed);
        check_runs(&plan([&one, &two]), &runs, |options| sim.open(options), || sim.disk.power_cut());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn base_deltas_and_tail_are_the_value_on_a_real_disk_too((one, two) in two_histories(1..60), runs in runs()) {
        let temp = tempfile::tempdir().unwrap();
        let open = |options: &Options| open_dir(temp.path(), options, &mut |lineage| lineage.fill(7), &mut NoProgress);
        check_runs(&plan([&one, &two]), &runs, open, || ());
    }

    /// The power fails at a random step of running, then at a random step of each of two openings. What was acknowledged is there, and
    /// what was not is there whole or not at all.
    #[test]
    fn a_power_cut_at_any_step_loses_nothing_acknowledged(
        (one, two) in two_histories(20..40), steps in prop::collection::vec((0..600_u64, 0..60_u64, 0..60_u64), 12), seed: u64
    ) {
        let plan = plan([&one, &two]);
        for (run, first, second) in steps {
            let sim = Sim::new(seed);
            let opened = sim.open(&small(3_000)).unwrap();
            sim.disk.power_off_at(run);
            let acknowledged = write_singly(&opened.store, &plan.records);
            drop(opened.running.stop());
            sim.disk.power_cut();
            for step in [first, second] {
                sim.disk.power_off_at(step);
                drop(sim.open(&small(3_000)));
                sim.disk.power_cut();
            }
            let opened = sim.open(&small(3_000)).unwrap();
            let found = usize::try_from(opened.report.seq).unwrap();
            prop_assert!(found >= acknowledged, "{} of {}", found, acknowledged);
            prop_assert!(whole(&opened) == *plan.after.get(found).unwrap());
            // And it goes on from there.
            let rest = plan.records.get(found..).unwrap();
            prop_assert_eq!(write(&opened.store, rest), rest.len());
            opened.running.stop().unwrap();
            prop_assert!(whole(&sim.open(&small(1)).unwrap()) == *plan.after.last().unwrap());
        }
    }
}

/// A plan that is the same every time, with enough in it.
fn some_plan() -> Plan {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut one = || histories(60..61).new_tree(&mut runner).unwrap().current();
    plan([&one(), &one()])
}

use proptest::strategy::ValueTree;

#[test]
fn every_step_of_making_a_directory_may_be_the_last() {
    for seed in 0..6 {
        for step in 0.. {
            let sim = Sim::new(seed);
            sim.disk.power_off_at(step);
            let made = sim.open(&small(1)).is_ok();
            sim.disk.power_cut();
            assert!(whole(&sim.open(&small(1)).unwrap()) == *plan([&[], &[]]).after.first().unwrap());
            if made {
                assert!(step > 10, "{step}");
                break;
            }
        }
    }
}

/// What a killed attempt left is in the page cache alone, and the power may fail during the next one.
#[test]
fn every_step_of_making_a_directory_may_be_the_last_twice_over() {
    for seed in 0..6 {
        for (first, second) in (0..16).flat_map(|first| (0..16).map(move |second| (first, second))) {
            let sim = Sim::new(seed);
            sim.disk.power_off_at(first);
            drop(sim.open(&small(1)));
            sim.disk.kill();
            sim.disk.power_off_at(second);
            drop(sim.open(&small(1)));
            sim.disk.power_cut();
            assert!(whole(&sim.open(&small(1)).unwrap()) == *plan([&[], &[]]).after.first().unwrap());
        }
    }
}

#[test]
fn every_step_of_an_opening_may_be_the_last_twice_over() {
    let plan = some_plan();
    let sim = Sim::new(11);
    let opened = sim.open(&small(4_000)).unwrap();
    write_singly(&opened.store, &plan.records);
    drop(opened);
    for step in 0.. {
        let first = sim.fork();
        first.disk.power_off_at(step);
        let is_through = first.open(&small(u64::MAX)).is_ok();
        first.disk.power_cut();
        for step in [0, 3, 7, 11, 17, 23] {
            let second = first.fork();
            second.disk.power_off_at(step);
            drop(second.open(&small(u64::MAX)));
            second.disk.power_cut();
            assert!(whole(&second.open(&small(u64::MAX)).unwrap()) == *plan.after.last().unwrap());
        }
        if is_through {
            assert!(step > 15, "{step}");
            break;
        }
    }
}

#[test]
fn after_an_opening_there_is_no_litter() {
    let plan = some_plan();
    let sim = Sim::new(3);
    for _ in 0..3 {
        let opened = sim.open(&small(3_000)).unwrap();
        let known = usize::try_from(opened.report.seq).unwrap();
        write_singly(&opened.store, plan.records.get(known..(known + 20).min(plan.records.len())).unwrap());
        opened.running.stop().unwrap();
    }
    sim.snapshots.write("9999999999-base", head(), &mut std::iter::empty()).unwrap();
    drop(sim.open(&small(u64::MAX)).unwrap());
    let current = Current::load(&sim.disk, current::FILE).unwrap().unwrap();
    assert_eq!(list_generations(&sim.disk).unwrap(), [current.generation]);
    let mut listed: Vec<_> = current.listed().map(|listed| listed.name.clone()).collect();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(sim.snapshots.names().unwrap(), listed);
    assert_eq!(sim.disk.list("").unwrap(), [current::FILE, current::COPY]);
}

fn head() -> snapshot::Head {
    let lineage = Lineage([7; 16]);
    snapshot::Head { reach: record::Reach::Base, lineage, seq: 0, generation: 1, segment: 1, crc: 0 }
}

/// A directory with a fallback: one run, then a second one with a snapshot of its own.
fn with_fallback(plan: &Plan) -> (Sim, Current) {
    let sim = Sim::new(5);
    let half = plan.records.len() / 2;
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(..half).unwrap());
    opened.running.stop().unwrap();
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(half..half + 2).unwrap());
    opened.running.stop().unwrap();
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(half + 2..).unwrap());
    drop(opened);
    let current = Current::load(&sim.disk, current::FILE).unwrap().unwrap();
    (sim, current)
}

#[test]
fn a_damaged_newest_snapshot_costs_nothing_but_a_longer_replay() {
    let plan = some_plan();
    let (sim, current) = with_fallback(&plan);
    let newest = &current.chain.snapshots.last().unwrap().name;
    assert!(newest.ends_with("delta"), "{newest}");
    assert!(sim.snapshots.damage(newest, 0, |page| page.truncate(9)));
    let opened = sim.open(&small(u64::MAX)).unwrap();
    assert!(whole(&opened) == *plan.after.last().unwrap());
    assert!(opened.report.fell_back.is_some());
    drop(opened);
    assert!(!sim.snapshots.names().unwrap().contains(newest));
    let opened = sim.open(&small(u64::MAX)).unwrap();
    assert_eq!(opened.lineage, current.lineage);
    assert!(opened.report.fell_back.is_none() && whole(&opened) == *plan.after.last().unwrap());
}

#[test]
fn a_damaged_base_is_refused_by_name_with_the_command_that_repairs_and_nothing_is_changed() {
    let (sim, current) = with_fallback(&some_plan());
    let base = &current.chain.snapshots.first().unwrap().name;
    assert!(sim.snapshots.damage(base, 0, |page| page.truncate(9)));
    let changes = sim.disk.changes();
    let error = sim.open(&small(u64::MAX)).unwrap_err().to_string();
    assert!(error.contains(&format!("snapshots/{base}")), "{error}");
    assert!(error.contains("doorward repair --data /sim --into NEWDIR"), "{error}");
    assert_eq!(sim.disk.changes(), changes);
}

#[test]
fn damage_in_the_part_of_the_journal_that_only_the_fallback_needs_is_told_and_harmless() {
    let plan = some_plan();
    let (sim, current) = with_fallback(&plan);
    let cut = current.fallback.as_ref().unwrap().cut;
    let file = format!("journal/g{:010}-s{:010}.segment", cut.generation.0, cut.segment.0);
    assert!(cut.segment < current.chain.cut.segment);
    sim.disk.damage(&file, |bytes| *bytes.get_mut(60).unwrap() ^= 1).unwrap();
    let opened = sim.open(&small(u64::MAX)).unwrap();
    assert!(whole(&opened) == *plan.after.last().unwrap());
    assert!(opened.report.fallback_lost.is_some());
    drop(opened);
    let current = Current::load(&sim.disk, current::FILE).unwrap().unwrap();
    assert_eq!(current.fallback, None);
}

#[test]
fn a_missing_or_damaged_current_is_refused_wherever_there_is_something() {
    let (sim, _) = with_fallback(&some_plan());
    let refusal = |sim: &Sim| sim.open(&small(u64::MAX)).unwrap_err().to_string();
    let missing = sim.fork();
    missing.disk.remove(current::FILE).unwrap();
    assert!(refusal(&missing).contains("CURRENT is damaged: it is missing"));
    missing.disk.remove(current::COPY).unwrap();
    assert!(refusal(&missing).contains("CURRENT is damaged: it is missing"));
    sim.disk.damage(current::FILE, |bytes| *bytes.get_mut(40).unwrap() ^= 1).unwrap();
    assert!(refusal(&sim).contains("CURRENT is damaged: its checksum does not match"));
}

#[test]
fn a_record_that_is_not_the_next_of_its_aggregate_is_refused() {
    let plan = some_plan();
    let sim = Sim::new(5);
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(..8).unwrap());
    // The ninth is left out: the tenth is of the same account.
    write(&opened.store, plan.records.get(9..10).unwrap());
    drop(opened);
    let error = sim.open(&small(u64::MAX)).unwrap_err().to_string();
    assert!(error.contains("record 9 is number 2") && error.contains("where number 1 belongs"), "{error}");
}

fn open_real(dir: &Path) -> Result<Opened, Error> {
    open_dir(dir, &small(u64::MAX), &mut |lineage| lineage.fill(7), &mut NoProgress)
}

#[test]
fn a_second_opening_is_refused_by_name_until_the_first_is_gone() {
    let temp = tempfile::tempdir().unwrap();
    let first = open_real(temp.path()).unwrap();
    assert!(matches!(open_real(temp.path()), Err(Error::Locked { dir }) if dir == temp.path()));
    first.running.stop().unwrap();
    drop(open_real(temp.path()).unwrap());
    open_real(temp.path()).unwrap().running.stop().unwrap();
}

#[test]
fn a_directory_that_is_open_to_others_is_closed_to_them() {
    let temp = tempfile::tempdir().unwrap();
    let mode = || fs::metadata(temp.path()).unwrap().permissions().mode() & 0o7777;
    // An empty one first, then one of ours.
    for open_to_others in [0o755, 0o770] {
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(open_to_others)).unwrap();
        drop(open_real(temp.path()).unwrap());
        assert_eq!(mode(), 0o700);
    }
}

/// A full disk at any step of writing the journal again: the disk is as before, and once there is room all is there.
#[test]
fn an_opening_that_finds_no_room_leaves_nothing_behind_and_the_next_succeeds() {
    let plan = some_plan();
    let (sim, before) = with_fallback(&plan);
    let files = sim.disk.list(journal::DIR).unwrap();
    let mut refused = 0;
    for operation in [Operation::Create, Operation::Write, Operation::Sync] {
        for after in 0..20 {
            let sim = sim.fork();
            sim.disk.fail(Failure { operation, after, trouble: Trouble::Full });
            if let Err(error) = sim.open(&small(u64::MAX)) {
                refused += 1;
                assert!(matches!(error, Error::NoRoom { mib: 1, .. }), "{error}");
                let copy = Current::load(&sim.disk, current::COPY).unwrap().unwrap();
                // What the copy names already is kept for it.
                if copy.generation == before.generation {
                    assert_eq!(sim.disk.list(journal::DIR).unwrap(), files, "{operation} {after}");
                }
            }
            sim.disk.behave();
            let opened = sim.open(&small(u64::MAX)).unwrap();
            assert!(whole(&opened) == *plan.after.last().unwrap());
        }
    }
    assert!(refused > 8, "{refused}");
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.txt"), "do not touch").unwrap();
    assert!(matches!(open_real(temp.path()), Err(Error::Foreign { dir }) if dir == temp.path()));
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn a_stop_leaves_a_snapshot_of_all_so_that_nothing_is_replayed() {
    let plan = some_plan();
    let temp = tempfile::tempdir().unwrap();
    let opened = open_real(temp.path()).unwrap();
    write(&opened.store, &plan.records);
    let store = opened.store.clone();
    opened.running.stop().unwrap();
    assert_eq!(store.status().snapshots_listed, 1);
    assert!(!store.is_writing());
    assert_eq!(write(&store, plan.records.get(..1).unwrap()), 0);
    let opened = open_real(temp.path()).unwrap();
    assert_eq!((opened.report.snapshots, opened.report.records), (1, 0));
    assert!(whole(&opened) == *plan.after.last().unwrap());
    let store = opened.store.clone();
    opened.running.stop().unwrap();
    assert_eq!(store.status().snapshots_listed, 0, "nothing had changed");
}

#[test]
fn in_memory_everything_is_acknowledged_and_nothing_kept() {
    let plan = some_plan();
    let opened = super::super::in_memory(&small(1)).unwrap();
    assert_eq!(write(&opened.store, &plan.records), plan.records.len());
    opened.running.stop().unwrap();
}

#[test]
fn nobody_else_may_read_what_is_on_disk() {
    let plan = some_plan();
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    for _ in 0..2 {
        let opened = open_real(&dir).unwrap();
        let known = usize::try_from(opened.report.seq).unwrap();
        write(&opened.store, plan.records.get(known..known + 20).unwrap());
        opened.running.stop().unwrap();
    }
    let mut left = vec![dir];
    let mut files = 0;
    while let Some(path) = left.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 8, "{files}");
}
