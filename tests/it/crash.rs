//! The real program as a child process, killed, starved and damaged, and what is there afterwards.
//!
//! * [`rounds`]: `kill -9` at any moment under load, a hundred times: nothing acknowledged is lost, nothing half-applied, no ended session
//!   is accepted.
//! * [`trace`]: what `strace` sees: an fdatasync between each group's write and its replies; no write to a listed snapshot.
//! * [`full`]: a disk that is full: writes are refused loudly, session checks go on, and nothing acknowledged is lost.
//! * [`damage`]: flipped bytes and truncations at 500 places: an opening has everything or refuses by name, and a repair brings back the
//!   undamaged prefix.

mod damage;
mod full;
mod person;
mod rounds;
mod trace;

use crate::cli::{Place, Running, run};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::process::Command;

/// Single-user authentication is on here; it is the first site of the first account.
const NEWS: u32 = 1;
/// And off here.
const SHOP: u32 = 2;
const SITES: [u32; 2] = [NEWS, SHOP];

/// A configuration for many short lives: small segments, no limits by address, no log but of the start and of what goes wrong.
fn config(data: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://id.example.org\"\n\
         [data]\ndir = \"{data}\"\nsegment_mib = 16\nsnapshot_after_mib = 16\n[keys]\nmaster_key_file = \"master.key\"\n\
         [hashing]\nmemory_kib = 7_168\niterations = 5\n\
         [limits]\nregistrations_per_address = \"off\"\nlogins_per_address = \"off\"\n\
         [log]\nfilter = \"warn,doorward::cli=info\"\n"
    )
}

/// A place with an account and its two sites.
fn prepared() -> Place {
    let place = Place::new();
    place.write("doorward.toml", &config("data"));
    provision(|args| run(&place.with_config(args)).json());
    place
}

/// Makes the account and the sites, by whatever runs the command line.
fn provision(run: impl Fn(&[&str]) -> Vec<Value>) {
    run(&["account", "create", "--name", "Example Press"]);
    let site = ["site", "create", "--account", "1", "--name"];
    run(&[&site[..], &["News", "--host", "news.example.org", "--single-user-authentication"]].concat());
    run(&[&site[..], &["Shop", "--host", "shop.example.org"]].concat());
}

/// The service as it runs.
struct Service {
    running: Running,
    http: Http,
}

impl Service {
    fn start(place: &Place) -> Self {
        Self::when_ready(Running::start(&place.with_config(&["serve"])))
    }

    fn of(command: &mut Command) -> Self {
        Self::when_ready(Running::of(command))
    }

    fn when_ready(mut running: Running) -> Self {
        let line: Value = serde_json::from_str(&running.logs("\"ready\"")).unwrap();
        let door = line["listening"].as_str().unwrap().to_owned();
        Self { running, http: Http::to(&door) }
    }

    /// Kills it, and reads what it said: it must not have panicked before.
    fn kill(self) {
        let ran = self.running.stop(Signal::KILL);
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("\"ERROR\""), "{}", ran.stderr);
    }

    /// Stops it in order.
    fn stop(self) {
        let ran = self.running.stop(Signal::TERM);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
}

/// The way to a service, one connection a clone at a time.
#[derive(Clone)]
struct Http {
    client: reqwest::Client,
    door: String,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Http {
    fn to(door: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, door: door.to_owned() }
    }

    /// Asks; `None` when there is no answer, because the service is gone.
    async fn send(&self, method: Method, path: &str, token: Option<&str>, fields: Value) -> Option<Answer> {
        let request = self.client.request(method, format!("http://{}/api/v1/{path}", self.door)).json(&fields);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Some(Answer { status, body })
    }

    /// Reads the customer whom a token stands for, at a site.
    async fn read(&self, token: &str, site: u32) -> Answer {
        let answer = self.send(Method::POST, "sdk/customer", Some(token), json!({"site_id": site})).await;
        answer.expect("the service is there")
    }
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn token(&self) -> Option<String> {
        self.body.pointer("/data/auth_token").and_then(Value::as_str).map(str::to_owned)
    }

    fn first_name(&self) -> Option<&str> {
        self.body.pointer("/data/first_name").and_then(Value::as_str)
    }

    fn code(&self) -> &str {
        let code = self.body.pointer("/error/code").or_else(|| self.body.get("code"));
        code.and_then(Value::as_str).unwrap_or_default()
    }
}
