//! `doorward verify` and `doorward repair`, on data that was damaged by hand.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::dev::{args, start};
use super::run;

fn on(command: &str, data: &Path, more: &[&str]) -> Vec<String> {
    let fixed = [command, "--data", data.to_str().unwrap()];
    fixed.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

/// Changes one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_found_refused_and_repaired_into_a_new_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (data, into) = (dir.path().join("data"), dir.path().join("new"));
    let (running, ready, _) = start(&data);
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
    let sound = run(&on("verify", &data, &[]));
    assert_eq!(sound.code, Some(0), "{sound:?}");
    assert!(sound.stdout.contains(": nothing is wrong\n") && sound.stdout.contains("1 accounts"), "{sound:?}");

    flip(&data.join("CURRENT"));
    let damaged = run(&on("verify", &data, &[]));
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(damaged.stdout.contains("CURRENT is damaged"), "{damaged:?}");
    let command = format!("`doorward repair --data {} --into NEWDIR`", data.display());
    run(&args(&data, &["--json"])).fails_with(1, &["CURRENT is damaged", "nothing was changed", &command]);

    let repaired = run(&on("repair", &data, &["--into", into.to_str().unwrap()]));
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    for wanted in ["CURRENT is damaged", "none is known to be lost", "1 accounts", "then serve it instead"] {
        assert!(repaired.stdout.contains(wanted), "{wanted}: {repaired:?}");
    }
    assert_eq!(run(&on("verify", &into, &[])).code, Some(0));
    fs::copy(data.join("dev-master.key"), into.join("dev-master.key")).unwrap();
    let (running, again, _) = start(&into);
    assert_eq!((&again["account_id"], &again["sites"]), (&ready["account_id"], &ready["sites"]));

    run(&on("verify", &into, &[])).fails_with(1, &["error: cannot verify", "is in use by another process"]);
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
    let onto = run(&on("repair", &data, &["--into", into.to_str().unwrap()]));
    onto.fails_with(1, &["error: cannot repair", "not empty"]);
}

#[test]
fn what_is_no_data_directory_is_not_called_sound() {
    let dir = tempfile::tempdir().unwrap();
    for data in [dir.path().to_owned(), dir.path().join("gone")] {
        let ran = run(&on("verify", &data, &[]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
}
