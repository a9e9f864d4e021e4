//! What a sound directory is said to hold, and what is found in a damaged one.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::disk::Disk;
use super::super::testing::{Plan, Sim, plan, small, write};
use super::super::{NoProgress, open};
use super::*;
use doorward_testkit::strategy::histories;
use proptest::strategy::{Strategy, ValueTree};

fn some_plan() -> Plan {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut one = || histories(40..=40).new_tree(&mut runner).unwrap().current();
    plan([&one(), &one()])
}

/// Two snapshots and a tail.
fn made(sim: &Sim, plan: &Plan) -> Current {
    let mut from = 0;
    for to in [40, 43] {
        let opened = sim.open(&small(u64::MAX)).unwrap();
        write(&opened.store, plan.records.get(from..to).unwrap());
        opened.running.stop().unwrap();
        from = to;
    }
    let opened = sim.open(&small(u64::MAX)).unwrap();
    write(&opened.store, plan.records.get(from..).unwrap());
    drop(opened);
    Current::load(&sim.disk, current::FILE).unwrap().unwrap()
}

fn verified(sim: &Sim) -> Verified {
    verify_place(&sim.place(), &mut NoProgress).unwrap()
}

#[test]
fn a_sound_directory_is_counted_and_left_as_it_is() {
    let (sim, plan) = (Sim::new(1), some_plan());
    let current = made(&sim, &plan);
    let changes = sim.disk.changes();
    let found = verified(&sim);
    assert!(found.is_sound(), "{:?}", found.findings);
    let last = plan.after.last().unwrap();
    assert_eq!((found.seq, found.lineage), (plan.records.len() as u64, Some(current.lineage)));
    assert_eq!(found.accounts, last.accounts.len());
    assert_eq!(found.customers, last.accounts.iter().map(|(state, _)| state.customers_len()).sum::<usize>());
    assert_eq!(found.sessions, last.accounts.iter().map(|(state, _)| state.sessions_len()).sum::<usize>());
    assert_eq!(sim.disk.changes(), changes);
}

#[test]
fn each_kind_of_damage_is_a_finding_of_its_own() {
    let (sim, plan) = (Sim::new(1), some_plan());
    let current = made(&sim, &plan);
    let findings = |damage: &dyn Fn(&Sim)| {
        let sim = sim.fork();
        damage(&sim);
        let found = verified(&sim);
        (found.findings.iter().map(ToString::to_string).collect::<Vec<_>>(), found.seq)
    };
    let flip =
        |file: &'static str| move |sim: &Sim| sim.disk.damage(file, |bytes| *bytes.get_mut(40).unwrap() ^= 1).unwrap();
    let (told, _) = findings(&flip(current::FILE));
    assert!(
        matches!(&told[..], [one] if one.contains("CURRENT is damaged") && one.contains("doorward repair")),
        "{told:?}"
    );
    let (told, seq) = findings(&flip(current::COPY));
    assert!(matches!(&told[..], [one] if one.contains("CURRENT.copy is damaged")), "{told:?}");
    assert_eq!(seq, plan.records.len() as u64);

    let [base, delta] = &current.chain.snapshots[..] else { unreachable!() };
    let damage = |name: &str| {
        let name = name.to_owned();
        move |sim: &Sim| assert!(sim.snapshots.damage(&name, 0, |page| page.truncate(20)))
    };
    let (told, seq) = findings(&damage(&delta.name));
    let is_told =
        |one: &str| one.contains(&delta.name) && !one.contains("repair") && one.matches("damaged").count() == 2;
    assert!(matches!(&told[..], [one] if is_told(one)), "{told:?}");
    assert_eq!(seq, plan.records.len() as u64, "the fallback leads there too");
    let (told, seq) = findings(&damage(&base.name));
    assert!(
        matches!(&told[..], [one, two] if one.contains("repair") && two.contains("nothing to fall back to")),
        "{told:?}"
    );
    assert_eq!(seq, 0);

    let segment = format!("journal/g{:010}-s{:010}.segment", current.generation.0, current.chain.cut.segment.0);
    let (told, _) = findings(&|sim: &Sim| sim.disk.damage(&segment, |bytes| *bytes.get_mut(60).unwrap() ^= 1).unwrap());
    assert!(matches!(&told[..], [one, two] if one.contains(&segment) && two.contains("journal/")), "{told:?}");
    let mark = format!("journal/g{:010}.mark", current.generation.0);
    let (told, _) = findings(&|sim: &Sim| sim.disk.remove(&mark).unwrap());
    assert!(told.first().unwrap().contains(&format!("{mark} is missing")), "{told:?}");
}

#[test]
fn a_real_directory_is_verified_without_a_trace() {
    let (temp, plan) = (tempfile::tempdir().unwrap(), some_plan());
    let dir = temp.path().join("data");
    let start = || open(&dir, &small(u64::MAX), &mut |lineage| lineage.fill(7), &mut NoProgress).unwrap();
    let opened = start();
    write(&opened.store, &plan.records);
    assert!(matches!(verify(&dir, temp.path(), &mut NoProgress), Err(Error::Locked { .. })));
    opened.running.stop().unwrap();
    let names = || fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = names();
    assert!(verify(&dir, temp.path(), &mut NoProgress).unwrap().is_sound());
    assert_eq!(names(), before);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1, "scratch is gone");
}
