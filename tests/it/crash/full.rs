//! A disk that fills up: a small tmpfs in a mount namespace of its own, so that no privilege is needed and nothing is left behind.

use super::{Answer, Http, NEWS, SHOP, Service, config, provision};
use crate::cli::{Place, Ran, Running, get, with_env_cleared};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};

const PASSWORD: &str = "plenty of tulips in May";
/// Room for a journal of some segments and for the next generation beside it.
const DISK_LEN: &str = "size=128m";
/// Far more changes of the largest metadata than its segments hold.
const FILLERS_MAX: u64 = 6_000;

/// A small disk. It lives as long as the process that holds its namespace.
struct Disk {
    holder: Child,
    place: Place,
}

impl Disk {
    fn mount(snapshot_after_mib: u64) -> Self {
        let place = Place::new();
        let after = format!("snapshot_after_mib = {snapshot_after_mib}");
        place.write("doorward.toml", &config("disk/data").replace("snapshot_after_mib = 16", &after));
        let mount = place.path("disk");
        fs::create_dir(&mount).unwrap();
        let script = format!("mount -t tmpfs -o {DISK_LEN} tmpfs \"$1\" && echo mounted && exec cat");
        let args = ["-U", "-r", "-m", "sh", "-c", &script, "sh", mount.to_str().unwrap()];
        let mut command = with_env_cleared("unshare", &args.map(OsStr::new));
        let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "`unshare -Urm` and a tmpfs in it are needed: are user namespaces allowed here?");
        Self { holder, place }
    }

    /// A command line as it is run where the disk is.
    fn command(&self, args: &[&str]) -> std::process::Command {
        let pid = self.holder.id().to_string();
        let enter = ["-t", &pid, "-U", "-m", "--preserve-credentials", env!("CARGO_BIN_EXE_doorward")];
        let args = enter.map(str::to_owned).into_iter().chain(self.place.with_config(args));
        let args: Vec<String> = args.collect();
        with_env_cleared("nsenter", &args.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    }

    fn run(&self, args: &[&str]) -> Ran {
        Running::of(&mut self.command(args)).end()
    }

    fn ballast(&self) -> PathBuf {
        let mount = self.place.path("disk");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(mount.strip_prefix("/").unwrap()).join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        let end = loop {
            if let Err(error) = ballast.write_all(&[1; 4_096]) {
                break error;
            }
        };
        assert_eq!(end.kind(), ErrorKind::StorageFull);
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.holder.kill().ok();
        self.holder.wait().ok();
    }
}

async fn post(http: &Http, path: &str, token: Option<&str>, fields: Value) -> Answer {
    http.send(Method::POST, path, token, fields).await.unwrap()
}

async fn register(http: &Http, email: &str) -> Answer {
    let fields = json!({"site_id": SHOP, "email": email, "password": PASSWORD, "confirm_password": PASSWORD});
    post(http, "sdk/auth/register", None, fields).await
}

async fn log_in(http: &Http, email: &str, site: u32) -> Answer {
    post(http, "sdk/auth/login", None, json!({"site_id": site, "email": email, "password": PASSWORD})).await
}

/// What a customer was told before the disk was full.
struct Told {
    live: String,
    /// Logged out.
    ended: String,
    /// Superseded by a login under the rule.
    superseded: String,
}

impl Told {
    async fn of(http: &Http) -> Self {
        let superseded = register(http, "ada@example.org").await.token().unwrap();
        let ended = log_in(http, "ada@example.org", SHOP).await.token().unwrap();
        assert!(post(http, "sdk/auth/logout", Some(&ended), json!({"site_id": SHOP})).await.is_success());
        let live = log_in(http, "ada@example.org", NEWS).await.token().unwrap();
        Self { live, ended, superseded }
    }

    async fn check(&self, http: &Http) {
        assert!(http.read(&self.live, SHOP).await.is_success());
        assert_eq!(http.read(&self.ended, SHOP).await.status, 403);
        assert_eq!(http.read(&self.superseded, SHOP).await.status, 403);
    }
}

/// Writes until that is refused; the token, the last name that was acknowledged, and the refusal.
async fn write_until_refused(http: &Http) -> (String, u64, Answer) {
    let mut token = register(http, "filler@example.org").await.token().unwrap();
    for turn in 1..FILLERS_MAX {
        let texts: Vec<String> = (0..8).map(|_| format!("{turn:0>1990}")).collect();
        let fields = json!({"site_id": SHOP, "first_name": turn.to_string(), "metadata": {"filler": texts}});
        let answer = http.send(Method::PUT, "sdk/customer", Some(&token), fields).await.unwrap();
        match answer.token() {
            Some(fresh) => token = fresh,
            None => return (token, turn - 1, answer),
        }
    }
    panic!("the disk is never full")
}

/// Nothing is written, everybody is told so, and session checks go on.
async fn is_read_only(http: &Http, told: &Told) {
    let token = Some(told.live.as_str());
    let refused = [
        register(http, "late@example.org").await,
        log_in(http, "ada@example.org", SHOP).await,
        post(http, "sdk/auth/logout", token, json!({"site_id": SHOP})).await,
        post(http, "sessions/revoke-others", token, json!({"site_id": SHOP})).await,
        http.send(Method::PUT, "sdk/customer", token, json!({"site_id": SHOP, "first_name": "X"})).await.unwrap(),
    ];
    for answer in &refused {
        assert_eq!((answer.status, answer.code()), (503, "not_attempted"), "{refused:#?}");
    }
    told.check(http).await;
    // A refresh of a young token changes nothing, so it needs no disk.
    assert!(post(http, "sdk/customer/refresh", token, json!({"site_id": SHOP})).await.is_success());
    assert_eq!(get(&http.door, "/readyz"), (503, "{\"status\":\"read_only\"}".to_owned()));
    assert_eq!(get(&http.door, "/healthz").0, 200);
}

/// Fills a disk; what the last writer was told, and how many of his changes are there that nobody had acknowledged.
async fn fill_up(snapshot_after_mib: u64) -> (String, u64) {
    let disk = Disk::mount(snapshot_after_mib);
    provision(|args| disk.run(args).json());
    let service = Service::of(&mut disk.command(&["serve"]));
    let told = Told::of(&service.http).await;
    disk.fill();
    let (filler, last, refusal) = write_until_refused(&service.http).await;
    assert_eq!(refusal.status, 503, "after {last}: {refusal:?}");
    is_read_only(&service.http, &told).await;
    let ran = service.running.stop(Signal::TERM);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing that was acknowledged is lost"), "{}", ran.stderr);

    // Without room there is no start, but no harm either.
    disk.run(&["serve"]).fails_with(1, &["error: ", "No space left on device"]);
    disk.free();
    let service = Service::of(&mut disk.command(&["serve"]));
    told.check(&service.http).await;
    let found = service.http.read(&filler, SHOP).await;
    let found: u64 = found.first_name().unwrap_or_else(|| panic!("{found:?}")).parse().unwrap();
    assert!(found >= last, "{last} was acknowledged, {found} is there");
    assert!(log_in(&service.http, "ada@example.org", SHOP).await.is_success());
    assert_eq!(log_in(&service.http, "late@example.org", SHOP).await.status, 404);
    service.stop();
    (refusal.code().to_owned(), found - last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_writing_loudly_session_checks_go_on_and_nothing_acknowledged_is_lost() {
    let (code, more) = fill_up(1_024).await;
    assert!(code == "outcome_unknown" && more <= 1, "{code}, and {more} more than acknowledged are there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_too_full_for_a_snapshot_ends_writing_between_two_groups() {
    assert_eq!(fill_up(16).await, ("not_attempted".to_owned(), 0));
}
