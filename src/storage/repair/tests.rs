//! Damage anywhere: an opening finds everything or refuses, and a repair brings back the undamaged prefix.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::testing::{Plan, Sim, Whole, plan, small, whole, write as write_records, write_singly};
use super::super::{NoProgress, Opened, open};
use super::*;
use doorward_domain::metadata::MetadataPatch;
use doorward_testkit::strategy::{Step, histories};
use doorward_testkit::{START, a_customer};
use proptest::strategy::{Strategy, ValueTree};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn some_plan(len: usize) -> Plan {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut one = || histories(len..=len).new_tree(&mut runner).unwrap().current();
    plan([&one(), &one()])
}

/// A base, two deltas of which the fallback lacks the last, and a tail, in a directory that nobody has open.
fn made(dir: &Path, plan: &Plan) {
    let last = plan.records.len();
    let mut from = 0;
    for to in [last / 2, last / 2 + 3, last / 2 + 6] {
        let opened = opened(dir).unwrap();
        write_records(&opened.store, &plan.records[from..to]);
        opened.running.stop().unwrap();
        from = to;
    }
    let opened = opened(dir).unwrap();
    assert_eq!(write_singly(&opened.store, &plan.records[from..]), last - from);
}

fn opened(dir: &Path) -> Result<Opened, Error> {
    open(dir, &small(u64::MAX), &mut |lineage| lineage.fill(7), &mut NoProgress)
}

fn repaired(from: &Path, into: &Path) -> Result<Repaired, Error> {
    let repair = Repair { from, into, layout: small(0).layout, now: START };
    repair.run(&mut |lineage| lineage.fill(8), &mut NoProgress)
}

/// Everything as it was, with every session ended as a repair ends them.
fn ended(whole: &Whole) -> Whole {
    let accounts = whole.accounts.iter().cloned().map(|(state, aggregate_seq)| {
        let mut account = Recovered { state, aggregate_seq };
        end_sessions(&mut account, START);
        (account.state, account.aggregate_seq)
    });
    Whole { platform: whole.platform.clone(), accounts: accounts.collect() }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                all.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

fn lay_out(files: &BTreeMap<PathBuf, Vec<u8>>, dir: &Path) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Small, seeded, the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[derive(Debug, Default)]
struct Tally {
    opened: usize,
    refused: usize,
    repaired_whole: usize,
    repaired_in_part: usize,
    nothing_left: usize,
}

/// Damages one file and sees what an opening and a repair make of it.
fn check(good: &BTreeMap<PathBuf, Vec<u8>>, damaged: (&Path, Vec<u8>), plan: &Plan, tally: &mut Tally) {
    let temp = tempfile::tempdir().unwrap();
    let (name, bytes) = damaged;
    let dir = temp.path().join("data");
    let mut bad = good.clone();
    bad.insert(name.to_owned(), bytes);
    lay_out(&bad, &dir);
    let error = match opened(&dir) {
        Ok(found) => {
            assert!(whole(&found) == *plan.after.last().unwrap(), "{} was damaged", name.display());
            tally.opened += 1;
            return;
        }
        Err(error) => error,
    };
    tally.refused += 1;
    let told = error.to_string();
    assert!(matches!(error, Error::Refused { .. }), "{told}");
    assert!(told.contains(&format!("doorward repair --data {} --into NEWDIR", dir.display())), "{told}");
    assert!(names_a_file_of(&told, name), "{} was damaged: {told}", name.display());
    let before = files(&dir);
    let into = temp.path().join("repaired");
    match repaired(&dir, &into) {
        Ok(Repaired { kept_seq, records_lost, damaged, .. }) => {
            assert!(!damaged.is_empty());
            let kept = usize::try_from(kept_seq).unwrap();
            assert!(records_lost <= (plan.records.len() - kept) as u64);
            assert!(whole(&opened(&into).unwrap()) == ended(&plan.after[kept]));
            let lost = kept < plan.records.len();
            *(if lost { &mut tally.repaired_in_part } else { &mut tally.repaired_whole }) += 1;
        }
        Err(Error::NothingLeft { .. }) => tally.nothing_left += 1,
        Err(other) => unreachable!("{other}"),
    }
    assert!(files(&dir) == before, "a repair never touches what it reads");
}

/// The damaged file itself, or what it belongs to: a missing frame is found where it is missing, at the end of the journal.
fn names_a_file_of(told: &str, name: &Path) -> bool {
    let mut parts = name.iter().map(|part| part.to_str().unwrap());
    told.contains(parts.next().unwrap())
}

/// Damages random files at random places. Files are mostly zeros behind what was written: half of the damage goes where something stands.
fn check_places(count: usize, seed: u64, damage: impl Fn(&mut Vec<u8>, usize, &mut Dice)) -> Tally {
    let temp = tempfile::tempdir().unwrap();
    let plan = some_plan(40);
    made(temp.path(), &plan);
    let good = files(temp.path());
    let names: Vec<_> = good.keys().filter(|name| !good[*name].is_empty()).cloned().collect();
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    for place in 0..count {
        let name = &names[dice.below(names.len())];
        let mut bytes = good[name].clone();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
        let at = dice.below(if place % 2 == 0 { used } else { bytes.len() });
        damage(&mut bytes, at, &mut dice);
        check(&good, (name, bytes), &plan, &mut tally);
    }
    assert_eq!(tally.opened + tally.refused, count);
    assert!(tally.opened > count / 10 && tally.refused > count / 10, "{tally:?}");
    assert!(
        tally.repaired_whole > 0 && tally.repaired_in_part > 0 && tally.nothing_left * 4 < tally.refused,
        "{tally:?}"
    );
    tally
}

#[test]
fn a_flipped_bit_anywhere_is_survived_or_refused_and_repaired() {
    check_places(280, 20_261_124, |bytes, at, dice| bytes[at] ^= 1 << dice.below(8));
}

#[test]
fn a_truncation_anywhere_is_survived_or_refused_and_repaired() {
    check_places(220, 1_868, |bytes, at, _dice| bytes.truncate(at));
}

#[test]
fn the_mark_and_each_frame_of_the_tail_are_missed() {
    let temp = tempfile::tempdir().unwrap();
    let plan = some_plan(40);
    made(temp.path(), &plan);
    let good = files(temp.path());
    let mut tally = Tally::default();
    for (name, bytes) in &good {
        if name.extension().is_some_and(|extension| extension == "mark") {
            check(&good, (name, vec![0; bytes.len()]), &plan, &mut tally);
        }
        if name.extension().is_some_and(|extension| extension == "segment") {
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            for at in (0..used).step_by(200) {
                let mut bytes = bytes.clone();
                bytes[at..].fill(0);
                check(&good, (name, bytes), &plan, &mut tally);
            }
        }
    }
    assert_eq!((tally.nothing_left, tally.refused), (0, tally.repaired_whole + tally.repaired_in_part));
    assert!(tally.repaired_in_part > 10, "{tally:?}");
}

/// An opening takes no chain with a byte that is not as listed; a repair needs the items alone, and must not call the rest undamaged.
#[test]
fn damage_around_items_that_are_whole_is_named_and_costs_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let plan = some_plan(40);
    let from = temp.path().join("from");
    made(&from, &plan);
    let chain = Current::load(&RealDisk::open(&from).unwrap(), current::FILE).unwrap().unwrap().chain;
    let conf = format!("snapshots/{}/conf", chain.snapshots[0].name);
    let good = fs::read(from.join(&conf)).unwrap();
    let flipped: Vec<u8> = good.iter().map(|byte| byte ^ 1).collect();
    for (shape, bad) in [("flipped", &flipped[..]), ("cut", &good[1..]), ("empty", &[])] {
        fs::write(from.join(&conf), bad).unwrap();
        let into = temp.path().join(shape);
        let done = repaired(&from, &into).unwrap();
        assert_eq!((done.kept_seq, done.records_lost), (plan.records.len() as u64, 0), "{shape}");
        let [damaged] = &done.damaged[..] else { unreachable!("{shape}: {:?}", done.damaged) };
        assert!(damaged.to_string().contains(&conf), "{damaged}");
        assert!(whole(&opened(&into).unwrap()) == ended(plan.after.last().unwrap()));
    }
}

#[test]
fn a_repair_ends_every_session_under_a_new_lineage() {
    let temp = tempfile::tempdir().unwrap();
    let (from, into) = (temp.path().join("from"), temp.path().join("into"));
    let plan = some_plan(40);
    made(&from, &plan);
    let live = |whole: &Whole| {
        let sessions = whole.accounts.iter().flat_map(|(state, _)| state.sessions());
        sessions.filter(|session| session.end.is_none()).count()
    };
    let last = plan.after.last().unwrap();
    assert!(live(last) > 0);
    let done = repaired(&from, &into).unwrap();
    assert_eq!((done.kept_seq, done.records_lost, done.is_end_known), (plan.records.len() as u64, 0, true));
    assert_eq!((done.sessions_ended, done.accounts), (live(last), 2));
    assert!(done.damaged.is_empty());
    let lineage = |dir: &Path| {
        let disk = RealDisk::open(dir).unwrap();
        Current::load(&disk, current::FILE).unwrap().unwrap().lineage
    };
    assert_ne!(lineage(&from), lineage(&into));
    let found = whole(&opened(&into).unwrap());
    assert_eq!(live(&found), 0);
    assert!(found == ended(last));
    // And it goes on from there, numbered without a gap.
    let opened = opened(&into).unwrap();
    assert_eq!(opened.report.seq, done.kept_seq);
}

/// What came after the cut was acknowledged and is gone without a trace.
#[test]
fn where_the_journal_is_missing_its_end_is_said_to_be_unknown() {
    let temp = tempfile::tempdir().unwrap();
    let plan = some_plan(40);
    let from = temp.path().join("from");
    made(&from, &plan);
    let cut = Current::load(&RealDisk::open(&from).unwrap(), current::FILE).unwrap().unwrap().chain.cut;
    let segment = format!("journal/g{:010}-s{:010}.segment", cut.generation.0, cut.segment.0);
    for name in fs::read_dir(from.join("journal")).unwrap() {
        fs::remove_file(name.unwrap().path()).unwrap();
    }
    for (at, into) in ["without files", "without directory"].into_iter().enumerate() {
        if at == 1 {
            fs::remove_dir(from.join("journal")).unwrap();
        }
        let mark = format!("journal/g{:010}.mark is missing", cut.generation.0);
        let refused = opened(&from).unwrap_err().to_string();
        assert!(refused.contains(&mark), "{refused}");
        let into = temp.path().join(into);
        let done = repaired(&from, &into).unwrap();
        assert_eq!((done.kept_seq, done.records_lost, done.is_end_known), (cut.seq.0, 0, false));
        let [damaged] = &done.damaged[..] else { unreachable!("{:?}", done.damaged) };
        assert_eq!(damaged.to_string(), format!("{segment} is missing"));
        let kept = usize::try_from(done.kept_seq).unwrap();
        assert!(kept < plan.records.len() && whole(&opened(&into).unwrap()) == ended(&plan.after[kept]));
    }
}

#[test]
fn a_repair_takes_only_an_empty_target_outside_of_the_source_that_nobody_has_open() {
    let temp = tempfile::tempdir().unwrap();
    let (from, into) = (temp.path().join("from"), temp.path().join("into"));
    made(&from, &some_plan(10));
    fs::create_dir(&into).unwrap();
    fs::write(into.join("thesis.txt"), "do not touch").unwrap();
    assert!(matches!(repaired(&from, &into), Err(Error::NotEmpty { dir }) if dir == into));
    for inside in ["new", "new/newer", "journal/new"] {
        assert!(matches!(repaired(&from, &from.join(inside)), Err(Error::Inside { .. })));
    }
    let link = temp.path().join("link");
    std::os::unix::fs::symlink(&from, &link).unwrap();
    assert!(matches!(repaired(&from, &link.join("new")), Err(Error::Inside { .. })));
    assert!(!from.join("new").exists() && !from.join("journal/new").exists(), "nothing is made in what is only read");
    assert!(matches!(repaired(&temp.path().join("none"), &temp.path().join("new")), Err(Error::File { .. })));
    let running = opened(&from).unwrap();
    assert!(matches!(repaired(&from, &temp.path().join("new")), Err(Error::Locked { .. })));
    drop(running);
    repaired(&from, &temp.path().join("newer")).unwrap();
}

#[test]
fn a_power_cut_at_any_step_of_a_repair_leaves_a_target_that_is_whole_or_none() {
    let plan = some_plan(20);
    let source = Sim::new(1);
    let running = source.open(&small(2_000)).unwrap();
    write_singly(&running.store, &plan.records);
    drop(running);
    for step in 0.. {
        let target = Sim::new(step);
        target.disk.power_off_at(step);
        let mut lineage = |bytes: &mut [u8]| bytes.fill(8);
        let (now, from) = (START, source.fork().place());
        let done = repair_place(&from, &target.place(), (now, &mut lineage), &mut NoProgress);
        target.disk.power_cut();
        let found = whole(&target.open(&small(1)).unwrap());
        let is_whole = found == ended(plan.after.last().unwrap());
        assert!(is_whole || found == plan.after[0]);
        if done.is_ok() {
            assert!(is_whole && step > 10);
            break;
        }
    }
}

/// Customers with a kilobyte of metadata each.
fn registrations(count: u64) -> Vec<Step> {
    let command = |id: u64| {
        let mut command = a_customer().id(100 + id).email(&format!("c{id}@example.org")).register();
        command.metadata = MetadataPatch(vec![("about".to_owned(), Some(format!("\"{}\"", "x".repeat(1_000))))]);
        Step { wait: 0, command: Command::RegisterCustomer(Box::new(command)) }
    };
    (0..count).map(command).collect()
}

#[test]
fn of_a_snapshot_that_is_only_whole_at_its_beginning_nothing_is_kept() {
    let plan = plan([&registrations(60), &[]]);
    let sim = Sim::new(1);
    let last = plan.records.len();
    let mut from = 0;
    for to in [last - 20, last - 10, last] {
        let opened = sim.open(&small(u64::MAX)).unwrap();
        write_singly(&opened.store, &plan.records[from..to]);
        opened.running.stop().unwrap();
        from = to;
    }
    let current = Current::load(&sim.disk, current::FILE).unwrap().unwrap();
    let [base, middle, _] = &current.chain.snapshots[..] else { unreachable!("{current}") };
    assert!(sim.snapshots.damage(&middle.name, 1, |page| page.truncate(100)), "it has a second page");
    let target = Sim::new(2);
    let mut lineage = |bytes: &mut [u8]| bytes.fill(8);
    let done = repair_place(&sim.place(), &target.place(), (START, &mut lineage), &mut NoProgress).unwrap();
    assert_eq!((done.kept_seq, done.records_lost), (base.seq, last as u64 - base.seq));
    let kept = usize::try_from(done.kept_seq).unwrap();
    assert!(whole(&target.open(&small(1)).unwrap()) == ended(&plan.after[kept]));
}
