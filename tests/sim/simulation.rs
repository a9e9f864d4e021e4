//! The whole engine under accidents, many times over, each time from a seed: random commands to the platform and three accounts, through
//! real shells, over the real journal, snapshots and recovery, on a disk that loses, tears, reorders, fills up and fails.
//!
//! Nothing here runs in parallel and nothing asks a clock, so a seed replays a run exactly. The promises:
//!
//! * what was acknowledged is there after every restart, and what was not is there whole or not at all;
//! * whatever a caller was told, a rejection too, and whatever a reader saw, rests on records that are there after every restart;
//! * readers see a change before its caller is told of it, and what they see agrees with the reference model, token by token;
//! * no session whose end was told is accepted again;
//! * after a failure nothing is written, everybody is told how far his write came, and session checks go on;
//! * an accident is never taken for damage, also when it meets a recovery, twice over.
//!
//! Two variables of the environment: [`SEED`] replays one run (or, with the other one, says where to begin), [`ROUNDS`] asks for more runs.

mod engine;
mod flaky;
mod host;
mod ledger;
pub(crate) mod random;
mod run;

use run::{Run, Seen, Weather};
use std::ops::Range;

/// The seed of a run that is to be replayed.
const SEED: &str = "DOORWARD_SIM_SEED";
/// How many runs each simulation makes instead of [`RUNS`].
const ROUNDS: &str = "DOORWARD_SIM_ROUNDS";
/// Runs of each simulation, unless the environment asks for others.
const RUNS: u64 = 60;

#[expect(clippy::disallowed_methods, reason = "a seed to replay comes from the environment")]
fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn seeds() -> Range<u64> {
    match (from_environment(SEED), from_environment(ROUNDS)) {
        (Some(seed), None) => seed..seed + 1,
        (first, rounds) => {
            let first = first.unwrap_or(0);
            first..first + rounds.unwrap_or(RUNS)
        }
    }
}

/// Says how to replay a run that panics.
struct Replay {
    seed: u64,
    test: &'static str,
}

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay it with: {SEED}={} cargo nextest run -p doorward --test it {}", self.seed, self.test);
        }
    }
}

fn simulate(weather: Weather, test: &'static str) -> Seen {
    let mut all = Seen::default();
    for seed in seeds() {
        let _replay = Replay { seed, test };
        all.add(Run::new(seed, weather).play());
    }
    all
}

/// Fewer runs, or one that is replayed, may meet anything or nothing.
fn is_full() -> bool {
    seeds().count() as u64 >= RUNS
}

#[test]
fn what_was_told_survives_kills_and_power_cuts() {
    let seen = simulate(Weather::Cuts, "what_was_told_survives_kills_and_power_cuts");
    eprintln!("{seen:?}");
    let happened = [seen.failed_openings, seen.unknown, seen.unacknowledged, seen.waited, seen.stops];
    assert!(!is_full() || happened.iter().all(|count| *count >= 10), "{seen:?}");
    assert!(
        !is_full() || (seen.written > 1_000 && seen.snapshots > 50 && seen.torn > 0 && seen.fell_back > 0),
        "{seen:?}"
    );
}

#[test]
fn what_was_told_survives_full_and_failing_disks() {
    let seen = simulate(Weather::Failures, "what_was_told_survives_full_and_failing_disks");
    eprintln!("{seen:?}");
    let happened = [seen.failed_openings, seen.unknown, seen.not_attempted, seen.read_only, seen.snapshots_failed];
    assert!(!is_full() || happened.iter().all(|count| *count >= 10), "{seen:?}");
    assert!(!is_full() || (seen.written > 1_000 && seen.jumps > 10), "{seen:?}");
}

#[test]
fn a_seed_replays_the_same_run() {
    for seed in 0..3 {
        let play = || Run::new(seed, Weather::Failures).play();
        assert_eq!(play(), play());
    }
    assert_ne!(Run::new(0, Weather::Cuts).play().trace, Run::new(1, Weather::Cuts).play().trace);
}
