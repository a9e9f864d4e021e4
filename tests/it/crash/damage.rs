//! Data that a real server left, damaged at 500 places: snapshots, the ones before them, the tail of the journal, the mark, `CURRENT`.
//!
//! Either everything acknowledged is there, or the damage is told by the name of the file, with the reason and the command that repairs,
//! and the repair brings back a prefix of what had happened. Never a panic, never silence.

use super::{Service, prepared};
use crate::cli::{Place, Ran, Running, run};
use crate::sim::random::Dice;
use doorward::domain::account;
use doorward::storage::{self, Layout, NoProgress, Opened, Options};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

/// Places of one test; there are two tests of each kind, that is 500 places.
const FLIPS: usize = 140;
const TRUNCATIONS: usize = 110;
/// Of the places where something was found wrong, one in so many is opened and repaired as well; of the others, one in so many is opened.
const ONE_IN_WRONG: usize = 6;
const ONE_IN_SOUND: usize = 10;
/// Customers who register in one life of the server.
const PEOPLE: usize = 8;

/// What the server left.
struct Left {
    place: Place,
    files: BTreeMap<PathBuf, Original>,
    account: account::State,
    seq: u64,
}

/// A file as the server left it: its length, and its bytes without the zeros behind them.
struct Original {
    len: usize,
    used: Vec<u8>,
}

/// What is done to a file.
#[derive(Clone, Copy)]
enum Damage {
    Flip { at: usize, bit: u64 },
    Truncate { at: usize },
}

#[derive(Debug, Default)]
struct Tally {
    sound: usize,
    survived: usize,
    refused: usize,
    repaired: usize,
    shortened: usize,
    nothing_left: usize,
}

impl Left {
    /// Two lives that end in order, each with a snapshot, and one that is killed, so that a tail is left in the journal.
    async fn by_a_server() -> Self {
        let place = prepared();
        for life in 0..3 {
            let service = Service::start(&place);
            for number in 0..PEOPLE {
                let (email, password) = (format!("person-{life}-{number}@example.org"), "plenty of tulips in May");
                let fields = json!({"site_id": 2, "email": email, "password": password, "confirm_password": password});
                let answer = service.http.send(Method::POST, "sdk/auth/register", None, fields).await.unwrap();
                assert!(answer.is_success(), "{answer:?}");
            }
            if life < 2 { service.stop() } else { service.kill() }
        }
        let mut files = BTreeMap::new();
        list(&place.path("data"), Path::new(""), &mut files);
        let whole = place.path("whole");
        let mut left = Self { place, files, account: blank(), seq: 0 };
        left.lay_out(&whole, None);
        let opened = open(&whole).unwrap();
        assert!(opened.report.snapshots >= 1 && opened.report.records > 5, "{:?}", opened.report);
        left.account = opened.accounts[0].state.clone();
        left.seq = opened.report.seq;
        assert_eq!(emails(&left.account).len(), 3 * PEOPLE);
        left
    }

    /// A copy, of which one file is really one. The others are the same files under a second name: who writes to them in place is found
    /// out.
    fn lay_out(&self, dir: &Path, copied: Option<&Path>) {
        for name in self.files.keys() {
            let (from, to) = (self.path(name), dir.join(name));
            DirBuilder::new().recursive(true).mode(0o700).create(to.parent().unwrap()).unwrap();
            if copied == Some(name) {
                fs::copy(&from, &to).unwrap();
            } else {
                fs::hard_link(&from, &to).unwrap();
            }
        }
    }

    fn path(&self, name: &Path) -> PathBuf {
        self.place.path("data").join(name)
    }

    fn damage(&self, name: &Path, damage: Damage) {
        let file = OpenOptions::new().write(true).open(self.path(name)).unwrap();
        match damage {
            Damage::Truncate { at } => file.set_len(at as u64).unwrap(),
            Damage::Flip { at, bit } => {
                let byte = self.files[name].used.get(at).copied().unwrap_or(0);
                file.write_all_at(&[byte ^ (1 << bit)], at as u64).unwrap();
            }
        }
    }

    fn mend(&self, name: &Path) {
        let original = &self.files[name];
        let file = OpenOptions::new().write(true).open(self.path(name)).unwrap();
        file.set_len(original.used.len() as u64).unwrap();
        file.write_all_at(&original.used, 0).unwrap();
        file.set_len(original.len as u64).unwrap();
    }

    fn check(&self, place: usize, name: &Path, tally: &mut Tally) {
        let temp = tempfile::tempdir_in(self.place.path("")).unwrap();
        let dir = self.place.path("data");
        let verified = doorward(&["verify", "--data", text(&dir), "--scratch", text(temp.path())]);
        let repair = format!("doorward repair --data {}", dir.display());
        let is_sound = verified.code == Some(0);
        let is_refused = verified.stdout.contains(&repair);
        assert!(is_sound || verified.code == Some(1), "{}: {verified:?}", name.display());
        assert!(is_sound == verified.stdout.contains("nothing is wrong"), "{}: {verified:?}", name.display());
        assert!(!is_refused || names(&verified.stdout, name), "{} was damaged: {verified:?}", name.display());
        if is_refused {
            tally.refused += 1;
        } else {
            *(if is_sound { &mut tally.sound } else { &mut tally.survived }) += 1;
            let records = format!("  {} records;", self.seq);
            assert!(verified.stdout.contains(&records), "{} was damaged: {verified:?}", name.display());
        }
        if !place.is_multiple_of(if is_sound { ONE_IN_SOUND } else { ONE_IN_WRONG }) {
            return;
        }
        let dir = temp.path().join("data");
        self.lay_out(&dir, Some(name));
        match open(&dir) {
            Ok(opened) => {
                assert!(!is_refused, "{} was damaged, and opened: {verified:?}", name.display());
                assert!(opened.accounts[0].state == self.account, "{} was damaged", name.display());
            }
            Err(error) => {
                assert!(is_refused, "{} was damaged: {error}", name.display());
                self.repair(&dir, name, tally);
            }
        }
    }

    fn repair(&self, dir: &Path, name: &Path, tally: &mut Tally) {
        self.place.write("damaged.toml", &super::config(text(dir)));
        let listed = run(&["account", "list", "--config", text(&self.place.path("damaged.toml"))]);
        listed.fails_with(1, &["nothing was changed", &format!("`doorward repair --data {}", dir.display())]);
        assert!(names(&listed.stderr, name), "{} was damaged: {listed:?}", name.display());
        let into = dir.with_file_name("repaired");
        let repaired = doorward(&["repair", "--data", text(dir), "--into", text(&into)]);
        if repaired.code != Some(0) {
            repaired.fails_with(1, &["can be kept"]);
            tally.nothing_left += 1;
            return;
        }
        tally.repaired += 1;
        let kept = repaired.stdout.split_once("up to record ").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
        assert_eq!(doorward(&["verify", "--data", text(&into)]).code, Some(0));
        let opened = open(&into).unwrap();
        assert_eq!(opened.report.seq.to_string(), kept);
        tally.shortened += usize::from(opened.report.seq < self.seq);
        let Some(account) = opened.accounts.first() else { return };
        let (all, found) = (emails(&self.account), emails(&account.state));
        assert_eq!(Some(&found[..]), all.get(..found.len()), "a prefix of what had happened");
        assert!(account.state.sessions().all(|session| session.end.is_some()), "no session survives a repair");
        assert!(opened.report.seq < self.seq || found.len() == all.len());
    }
}

fn blank() -> account::State {
    account::State::blank(doorward::domain::ids::AccountId(1))
}

/// In the order of registration.
fn emails(account: &account::State) -> Vec<String> {
    let mut customers: Vec<_> = account.customers().collect();
    customers.sort_by_key(|customer| (customer.created_at, customer.id));
    customers.iter().map(|customer| customer.email.as_str().to_owned()).collect()
}

fn open(dir: &Path) -> Result<Opened, storage::Error> {
    // Small segments are made quickly.
    let layout = Layout { segment_len: 1024 * 1024, ..Layout::default() };
    storage::open(dir, &Options { layout, ..Options::default() }, &mut |lineage| lineage.fill(7), &mut NoProgress)
}

fn doorward(args: &[&str]) -> Ran {
    let ran = run(args);
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    ran
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether the damaged file is named, or what it belongs to: of a journal, what is missing at the end may be told by the mark.
fn names(told: &str, name: &Path) -> bool {
    told.contains(name.iter().next().unwrap().to_str().unwrap())
}

fn list(root: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Original>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            list(root, &name, files);
        } else if entry.metadata().unwrap().len() > 0 {
            let mut used = fs::read(entry.path()).unwrap();
            let len = used.len();
            used.truncate(used.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            files.insert(name, Original { len, used });
        }
    }
}

async fn check_places(count: usize, seed: u64, damage: impl Fn(usize, &mut Dice) -> Damage) {
    let left = Left::by_a_server().await;
    let names: Vec<&PathBuf> = left.files.keys().collect();
    let elsewhere: Vec<&PathBuf> = names.iter().filter(|name| !name.starts_with("snapshots")).copied().collect();
    let (mut dice, mut tally) = (Dice::seeded(seed), Tally::default());
    for place in 0..count {
        // Snapshots are made of many small files: every other place is elsewhere.
        let name = if place % 2 == 0 { dice.pick(&elsewhere) } else { dice.pick(&names) };
        // Files are mostly zeros behind what was written: most of the damage goes where something stands.
        let Original { len, used } = &left.files[name];
        let within = if dice.one_in(4) { *len } else { used.len().max(1) };
        let at = usize::try_from(dice.below(within as u64)).unwrap();
        left.damage(name, damage(at, &mut dice));
        left.check(place, name, &mut tally);
        left.mend(name);
    }
    eprintln!("{tally:?}");
    assert_eq!(tally.sound + tally.survived + tally.refused, count);
    assert!(tally.sound + tally.survived > count / 10 && tally.refused > count / 10, "{tally:?}");
    assert!(tally.repaired > 2 && tally.nothing_left * 4 < tally.refused, "{tally:?}");
    for (name, Original { len, used }) in &left.files {
        let bytes = fs::read(left.path(name)).unwrap();
        assert!(bytes.len() == *len && bytes.starts_with(used), "{} was written to", name.display());
    }
}

async fn flip(seed: u64) {
    check_places(FLIPS, seed, |at, dice| Damage::Flip { at, bit: dice.below(8) }).await;
}

async fn truncate(seed: u64) {
    check_places(TRUNCATIONS, seed, |at, _dice| Damage::Truncate { at }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_anywhere_is_survived_or_told_and_repaired() {
    flip(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_anywhere_else_is_survived_or_told_and_repaired() {
    flip(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncation_anywhere_is_survived_or_told_and_repaired() {
    truncate(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncation_anywhere_else_is_survived_or_told_and_repaired() {
    truncate(4).await;
}

#[test]
fn what_is_running_is_neither_verified_nor_repaired() {
    let place = prepared();
    let running = Running::start(&place.with_config(&["serve"]));
    let service = Service::when_ready(running);
    let (data, into) = (place.path("data"), place.path("into"));
    for args in [vec!["verify", "--data", text(&data)], vec!["repair", "--data", text(&data), "--into", text(&into)]] {
        run(&args).fails_with(1, &["is in use by another process"]);
    }
    service.stop();
}
