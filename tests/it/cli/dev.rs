//! `doorward dev`, as a newcomer and as a program start it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{OTHER_KEY, Ran, Running, get, run, write_private};

pub(super) fn args(data: &Path, more: &[&str]) -> Vec<String> {
    let fixed = ["dev", "--listen", "127.0.0.1:0", "--data"].map(str::to_owned);
    let more = more.iter().map(|arg| (*arg).to_owned());
    fixed.into_iter().chain([data.display().to_string()]).chain(more).collect()
}

/// Starts it for a program; its line tells where it listens.
pub(super) fn start(data: &Path) -> (Running, Value, String) {
    let mut running = Running::start(&args(data, &["--json"]));
    let line = running.line();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(line.as_bytes()).into_owned();
        panic!("{error}: {said:?}")
    });
    let listening = ready["listening"].as_str().unwrap().to_owned();
    (running, ready, listening)
}

#[test]
fn one_line_says_that_it_is_ready_and_a_signal_ends_it_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for signal in [Signal::TERM, Signal::INT] {
        let (running, mut ready, listening) = start(&data);
        assert!(listening.starts_with("127.0.0.1:") && !listening.ends_with(":0"), "{listening}");
        ready.as_object_mut().unwrap().remove("listening");
        let wanted = json!({"account_id": 1, "sites": [
            {"id": 1, "host": "news.localhost", "single_user_authentication": true},
            {"id": 2, "host": "shop.localhost", "single_user_authentication": false},
        ]});
        assert_eq!(ready, wanted);
        assert_eq!(get(&listening, "/healthz").0, 200);
        assert_eq!(get(&listening, "/readyz"), (200, "{\"status\":\"ready\"}".to_owned()));
        let Ran { code, stdout, stderr } = running.stop(signal);
        assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
        assert!(stderr.contains("stopped"), "{stderr}");
    }
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("dev-master.key"))), (0o700, 0o600));
}

#[test]
fn a_kill_loses_nothing_of_the_demo() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = Value::Null;
    for round in 0..3 {
        let (running, mut ready, _) = start(dir.path());
        ready.as_object_mut().unwrap().remove("listening");
        assert!(round == 0 || before == ready, "{before} {ready}");
        before = ready;
        assert_eq!(running.stop(Signal::KILL).code, None);
    }
}

#[test]
fn a_newcomer_is_told_what_to_try() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = Running::start(&args(dir.path(), &[]));
    let first = running.line();
    let Ran { code, stdout, stderr } = running.stop(Signal::TERM);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(first.starts_with("Doorward runs at http://127.0.0.1:"), "{first}");
    for wanted in ["site_id=1  news.localhost", "site_id=2  shop.localhost", "call $API/auth/login -d site_id=1 "] {
        assert!(stdout.contains(wanted), "{wanted}: {stdout}");
    }
}

#[test]
fn a_second_one_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (running, _, _) = start(dir.path());
    run(&args(dir.path(), &["--json"])).fails_with(1, &["is in use by another process", "hint: stop the doorward"]);
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = dir.path().join("data");
    run(&["dev", "--listen", &address, "--data", data.to_str().unwrap()])
        .fails_with(1, &[&format!("error: cannot listen on {address}"), "hint: another program listens there"]);
    assert!(!data.exists());
}

#[test]
fn another_master_key_and_none_at_all_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (running, _, _) = start(dir.path());
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
    let key = dir.path().join("dev-master.key");
    let kept = fs::read_to_string(&key).unwrap();
    write_private(&key, OTHER_KEY);
    run(&args(dir.path(), &[]))
        .fails_with(1, &["cannot be opened with this master key", "hint: use the master key that"]);
    write_private(&key, "");
    run(&args(dir.path(), &[])).fails_with(1, &["there is no key in ", "hint: put the key back"]);
    fs::remove_file(&key).unwrap();
    run(&args(dir.path(), &[])).fails_with(1, &["cannot be opened with this master key"]);
    assert!(!key.exists(), "a new key does not take the place of the lost one");
    write_private(&key, &kept);
    let (running, _, _) = start(dir.path());
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
    run(&args(dir.path(), &[])).fails_with(1, &["is not empty and holds no data of doorward"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_second_signal_cuts_the_stop_short() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let (mut running, _, listening) = start(dir.path());
    let mut slow = std::net::TcpStream::connect(&listening).unwrap();
    // Half a request: the door waits for the rest.
    slow.write_all(b"POST /api/v1/sdk/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{").unwrap();
    assert_eq!(get(&listening, "/healthz").0, 200);
    running.signal(Signal::TERM);
    running.logs("stopping; a second signal cuts it short");
    assert_eq!(running.stop(Signal::TERM).code, Some(130));
    let (running, _, _) = start(dir.path());
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
}
