//! The order of the program's calls to the system, as `strace` sees it.

mod calls;

use super::{Http, NEWS, SHOP, Service, config, prepared};
use crate::cli::{Place, with_env_cleared};
use calls::{Call, Trace};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use tokio::task::JoinSet;

const PASSWORD: &str = "plenty of tulips in May";
const OTHER_PASSWORD: &str = "seven herons over the weir";
/// Clients who ask at the same time, and how often each asks.
const CLIENTS: usize = 4;
const RENAMES: usize = 25;
/// What each client writes so that a snapshot falls due: 16 MiB in all, in records of the largest metadata.
const FILLERS: usize = 270;
const FILLER_TEXTS: usize = 8;
const FILLER_LEN: usize = 1_990;

/// Starts the service under `strace`, which writes what it sees to `file`.
fn start_traced(place: &Place, file: &str) -> Service {
    let program = env!("CARGO_BIN_EXE_doorward").to_owned();
    // Texts long enough for a whole group of renames. As a grandchild, so that the child is the service itself and gets our signals.
    let fixed = ["-D", "-f", "-y", "-s", "8192", "-e", calls::TRACED, "-o"].map(str::to_owned);
    let output = place.path(file).display().to_string();
    let args: Vec<String> = fixed.into_iter().chain([output, program]).chain(place.with_config(&["serve"])).collect();
    let probe = with_env_cleared("strace", &["-V"].map(OsStr::new)).output();
    assert!(probe.is_ok(), "`strace` is not there: `apt-get install strace`, or `cargo xtask test`, which installs it");
    Service::of(&mut with_env_cleared("strace", &args.iter().map(AsRef::as_ref).collect::<Vec<_>>()))
}

/// Registers a customer; his token.
async fn register(http: &Http, email: &str) -> String {
    let fields = json!({"site_id": SHOP, "email": email, "password": PASSWORD, "confirm_password": PASSWORD});
    let answer = http.send(Method::POST, "sdk/auth/register", None, fields).await.unwrap();
    answer.token().unwrap_or_else(|| panic!("{answer:?}"))
}

/// Changes the customer; the fresh token.
async fn update(http: &Http, token: &str, fields: Value) -> String {
    let answer = http.send(Method::PUT, "sdk/customer", Some(token), fields).await.unwrap();
    answer.token().unwrap_or_else(|| panic!("{answer:?}"))
}

/// Many clients at a time, each with names that nobody else writes; the names.
async fn rename_all(http: &Http) -> Vec<String> {
    let mut all = JoinSet::new();
    for client in 0..CLIENTS {
        let http = http.clone();
        all.spawn(async move {
            let mut token = register(&http, &format!("client-{client}@example.org")).await;
            let mut names = vec![format!("client-{client}@example.org")];
            for turn in 0..RENAMES {
                names.push(format!("client-{client}-turn-{turn}-"));
                token = update(&http, &token, json!({"site_id": SHOP, "first_name": names.last()})).await;
            }
            names
        });
    }
    all.join_all().await.concat()
}

/// Enough for a snapshot to fall due while the service runs.
async fn fill(http: &Http) {
    let mut all = JoinSet::new();
    for client in 0..CLIENTS {
        let http = http.clone();
        all.spawn(async move {
            let mut token = register(&http, &format!("filler-{client}@example.org")).await;
            for turn in 0..FILLERS {
                let filler: Vec<String> = (0..FILLER_TEXTS).map(|_| format!("{turn:0>FILLER_LEN$}")).collect();
                token = update(&http, &token, json!({"site_id": SHOP, "metadata": {"filler": filler}})).await;
            }
        });
    }
    all.join_all().await;
}

/// Each change of sessions in turn, by one client alone; how many there were.
async fn change_sessions(http: &Http) -> usize {
    let email = "ada@example.org";
    let mut changes = 0;
    let mut ask = async |method, path: &str, token: Option<&str>, fields| {
        let answer = http.send(method, path, token, fields).await.unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
        changes += 1;
        answer.token().unwrap_or_default()
    };
    let post = Method::POST;
    let credentials = |password: &str, site: u32| json!({"site_id": site, "email": email, "password": password});
    let fields = json!({"site_id": NEWS, "email": email, "password": PASSWORD, "confirm_password": PASSWORD});
    ask(post.clone(), "sdk/auth/register", None, fields).await;
    let first = ask(post.clone(), "sdk/auth/login", None, credentials(PASSWORD, SHOP)).await;
    ask(post.clone(), "sessions/revoke-others", Some(&first), json!({"site_id": SHOP})).await;
    let fields = json!({"site_id": SHOP, "old_password": PASSWORD, "new_password": OTHER_PASSWORD, "confirm_new_password": OTHER_PASSWORD});
    ask(post.clone(), "sdk/password/update", Some(&first), fields).await;
    let second = ask(post.clone(), "sdk/auth/login", None, credentials(OTHER_PASSWORD, NEWS)).await;
    ask(post, "sdk/auth/logout", Some(&second), json!({"site_id": NEWS})).await;
    let third = ask(Method::POST, "sdk/auth/login", None, credentials(OTHER_PASSWORD, SHOP)).await;
    let fields = json!({"site_id": SHOP, "password": OTHER_PASSWORD});
    ask(Method::DELETE, "sdk/customer", Some(&third), fields).await;
    changes
}

/// The reply that shows a text must come after an fdatasync of the segment that the text was written to.
fn each_reply_is_durable(trace: &Trace, names: &[String]) {
    for name in names {
        let written: Vec<&Call> = trace.journal_writes().filter(|call| call.has(name)).collect();
        let reply = trace.replies().find(|call| call.has(name)).unwrap_or_else(|| panic!("no reply shows {name}"));
        let is_durable = written.iter().any(|write| trace.is_synced_between(write, reply));
        assert!(is_durable, "{name} was shown before it was synced; written: {written:#?}; reply: {reply:#?}");
    }
}

/// With one client alone, each of the first replies must have a write and an fdatasync of its own since the reply before it.
fn each_turn_is_durable(trace: &Trace, changes: usize) {
    let mut last = 0;
    for reply in trace.replies().take(changes) {
        let mut writes = trace.journal_writes().filter(|write| write.begin > last);
        let is_durable = writes.any(|write| trace.is_synced_between(write, reply));
        assert!(is_durable, "answered before anything was written and synced: {reply:#?}");
        last = reply.end;
    }
}

/// No snapshot is written to once `CURRENT` lists it; `listed` are those that it lists already.
fn listed_snapshots_are_left_alone(trace: &Trace, mut listed: BTreeSet<String>) -> BTreeSet<String> {
    let mut offered = BTreeSet::new();
    for call in &trace.calls {
        for name in &listed {
            let touched = call.changes_below(&format!("/snapshots/{name}/"));
            assert!(!touched, "{name} is listed, and was written to: {call:#?}");
        }
        if call.is("write") && call.on_path("/CURRENT.new") {
            offered = names_in(&call.text);
        }
        if call.is("rename") && call.has("/CURRENT\"") {
            listed = offered.clone();
        }
        assert!(!(call.creates() && call.has("/blobs/")), "sled made a blob file: {call:#?}");
    }
    listed
}

/// The snapshots that a text names.
fn names_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_name = |word: &&str| word.ends_with("-base") || word.ends_with("-delta");
    // strace writes a line feed as `\n`.
    words.map(|word| word.trim_start_matches('n')).filter(is_name).map(str::to_owned).collect()
}

fn current(place: &Place) -> BTreeSet<String> {
    names_in(&fs::read_to_string(place.path("data/CURRENT")).unwrap())
}

fn no_blob_file(place: &Place) {
    for snapshot in fs::read_dir(place.path("data/snapshots")).unwrap() {
        let blobs = snapshot.unwrap().path().join("blobs");
        assert!(!blobs.exists() || fs::read_dir(&blobs).unwrap().next().is_none(), "{}", blobs.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_fdatasync_stands_between_each_write_and_its_reply_and_a_listed_snapshot_is_never_written_to() {
    let place = prepared();
    place.write("doorward.toml", &config("data").replace("warn,", "warn,doorward::storage=info,"));
    let listed = current(&place);
    assert!(!listed.is_empty(), "the last command left a snapshot");

    let mut service = start_traced(&place, "first.trace");
    let changes = change_sessions(&service.http).await;
    let names = rename_all(&service.http).await;
    fill(&service.http).await;
    service.running.logs("a snapshot was taken");
    update_again(&service.http).await;
    service.stop();
    let trace = Trace::read(&place.path("first.trace"));
    each_turn_is_durable(&trace, changes);
    each_reply_is_durable(&trace, &names);
    let then = listed_snapshots_are_left_alone(&trace, listed);
    assert_eq!(then, current(&place));
    no_blob_file(&place);

    let service = start_traced(&place, "second.trace");
    update_again(&service.http).await;
    service.stop();
    let trace = Trace::read(&place.path("second.trace"));
    assert_ne!(listed_snapshots_are_left_alone(&trace, then.clone()), then, "the stop took a snapshot");
    no_blob_file(&place);
}

/// Some more, after a snapshot.
async fn update_again(http: &Http) {
    register(http, &format!("late-{}@example.org", http.door.rsplit(':').next().unwrap())).await;
}
