//! Planted secrets, looked for wherever a running service writes: the log at its loudest, the metrics, its answers, its files.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{KEY, PATIENCE, Place, doorward, get, run};

const PASSWORD: &str = "canary wren hops over Tromsö 4711";
const NEXT_PASSWORD: &str = "canary finch dives under Harstad 1174";
const WRONG: &str = "canary guess that is wrong 9321";
const EMAIL: &str = "canary.mailbox@plumage.example";
const USERNAME: &str = "canaryname77";
const FIRST_NAME: &str = "Canaryfirst";
const PHONE: &str = "4915550099887";
const NOTE: &str = "canary metadata value";
const DEVICE: &str = "CanaryBrowser/7.3";
const ADDRESS: &str = "203.0.113.77";

/// A service that logs more than a pipe holds: a thread takes what it says.
struct Loud {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Loud {
    fn start(args: &[String]) -> Self {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        let mut child = doorward(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map(Result::unwrap).try_for_each(|line| sender.send(line)));
        Self { child, lines, log: String::new() }
    }

    /// The address that the next line with `wanted` names.
    fn listening(&mut self, wanted: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            self.log.push_str(&line);
            if line.contains(wanted) {
                let line: Value = serde_json::from_str(&line).unwrap();
                return line["listening"].as_str().unwrap().to_owned();
            }
        }
    }

    /// Asks it to stop; all it has logged.
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let rest: Vec<String> = self.lines.iter().collect();
        std::mem::take(&mut self.log) + &rest.concat()
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A client that speaks to the door, and keeps what it was told.
struct Client {
    door: String,
    refusals: Vec<String>,
}

impl Client {
    /// Status and body; refusals are kept whole.
    fn send(&mut self, request: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.door).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let len = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: {DEVICE}\r\nX-Forwarded-For: {ADDRESS}\r\n\
             Content-Type: application/json\r\nContent-Length: {len}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        if status >= 400 {
            self.refusals.push(answer);
        }
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn post(&mut self, path: &str, token: &str, mut fields: Value) -> (u16, Value) {
        fields["site_id"] = json!(1);
        let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        self.send(&format!("POST /api/v1/sdk/{path}"), &bearer, &fields.to_string())
    }
}

fn token((status, body): (u16, Value)) -> String {
    assert_eq!(status, 200, "{body}");
    body["data"]["auth_token"].as_str().unwrap().to_owned()
}

/// Every journey, and every way to put a secret where it does not belong. The tokens that were handed out.
fn journeys(client: &mut Client) -> Vec<String> {
    let who = json!({
        "email": EMAIL, "password": PASSWORD, "username": USERNAME, "first_name": FIRST_NAME, "phone": PHONE, "metadata": {"note": NOTE},
    });
    let first = token(client.post("auth/register", "", who.clone()));
    let second = token(client.post("auth/login", "", json!({"email": EMAIL, "password": PASSWORD})));
    let third = token(client.post("auth/login", "", json!({"username": USERNAME, "password": PASSWORD})));
    let fourth = token(client.post("customer/refresh", &third, json!({"first_name": FIRST_NAME})));
    let passwords =
        json!({"old_password": PASSWORD, "new_password": NEXT_PASSWORD, "confirm_new_password": NEXT_PASSWORD});
    let fifth = token(client.post("password/update", &fourth, passwords));
    let refused = [
        client.post("auth/register", "", who),
        client.post(
            "auth/register",
            "",
            json!({"email": [EMAIL], "password": {"x": PASSWORD}, "username": "canary name"}),
        ),
        client.post("auth/register", "", json!({"email": EMAIL, "password": EMAIL})),
        client.post("auth/login", "", json!({"email": EMAIL, "password": WRONG})),
        client.post("auth/login", "", json!({"email": format!("nobody-{EMAIL}"), "password": WRONG})),
        client.post(
            "password/update",
            &fifth,
            json!({"old_password": WRONG, "new_password": PASSWORD, "confirm_new_password": PASSWORD}),
        ),
        client.post("customer", &first, json!({})),
        client.post("customer", &format!("{second}x"), json!({})),
        client.post("customer", PASSWORD, json!({})),
        client.post("customer", &fifth, json!({"auth_token": second})),
        client.send("POST /api/v1/sdk/customer", "", &json!({"site_id": EMAIL, "auth_token": fifth}).to_string()),
        client.send(&format!("POST /api/v1/sdk/auth/login?site_id=1&email={EMAIL}&password={WRONG}"), "", ""),
        client.send(&format!("GET /api/v1/sdk/customer/{fifth}"), "", ""),
        client.send(&format!("GET /api/v1/sessions?auth_token={fifth}"), "", ""),
        client.send(&format!("DELETE /api/v1/sessions/{fifth}"), &format!("Authorization: Bearer {fifth}\r\n"), ""),
        client.send("POST /api/v1/sdk/auth/login", "", &format!("{{\"password\":\"{PASSWORD}\",\"email\":{EMAIL}}}")),
        client.send("POST /api/v1/sdk/auth/login", &format!("Origin: https://{EMAIL}\r\n"), "[]"),
        client.send(
            &format!("POST /{EMAIL}"),
            &format!("Cookie: t={fifth}\r\nReferer: https://x.example/?t={fifth}\r\n"),
            "",
        ),
    ];
    let statuses = refused.map(|(status, _)| status);
    assert!(statuses.iter().all(|status| (400..500).contains(status)), "{statuses:?}");
    vec![first, second, third, fourth, fifth]
}

/// Every file below a directory, which nobody but its owner may read.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mode = |path: &Path| path.symlink_metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(dir), 0o700, "{}", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            found.push(path);
        }
    }
    found
}

/// What a file holds, without the zeros that a segment is filled up with.
fn content(path: &Path) -> String {
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a token is good by: its end is the signature, without which the rest opens nothing.
fn opens(tokens: &[String]) -> Vec<&str> {
    tokens.iter().map(|token| token.rsplit('.').next().unwrap()).collect()
}

#[test]
fn no_secret_is_in_log_metrics_refusals_or_files_and_no_person_in_the_first_three() {
    let place = Place::new();
    let config = format!("{}[log]\nfilter = \"trace\"\n", place.least())
        .replace("metrics_listen", "trusted_proxies = [\"127.0.0.1\"]\nmetrics_listen");
    place.write("doorward.toml", &config);
    run(&place.with_config(&["account", "create", "--name", "Example Press"])).json();
    run(&place.with_config(&["site", "create", "--account", "1", "--name", "News", "--host", "n.example"])).json();
    let mut loud = Loud::start(&place.with_config(&["serve"]));
    let operations = loud.listening("probes and metrics are answered");
    let mut client = Client { door: loud.listening("\"ready\""), refusals: Vec::new() };
    let tokens = journeys(&mut client);
    let metrics = get(&operations, "/metrics").1;
    let while_running = files(&place.path("data"));
    let log = loud.stop();
    for route in ["auth_register", "auth_login", "customer_refresh", "password_update", "unmatched"] {
        assert!(log.contains(&format!("\"route\":\"{route}\"")) && metrics.contains(route), "{route}");
    }
    let secrets = [&[PASSWORD, NEXT_PASSWORD, WRONG, KEY][..], &opens(&tokens)].concat();
    let people = [EMAIL, "plumage", USERNAME, FIRST_NAME, PHONE, NOTE, DEVICE, ADDRESS];
    let refusals = client.refusals.concat();
    for (name, text) in [("log", &log), ("metrics", &metrics), ("refusals", &refusals)] {
        for planted in secrets.iter().chain(&people) {
            assert!(!text.to_lowercase().contains(&planted.to_lowercase()), "{name}: {planted}");
        }
    }

    let at_rest = files(&place.path("data"));
    let contents: Vec<(&PathBuf, String)> = at_rest.iter().map(|path| (path, content(path))).collect();
    for (path, text) in &contents {
        for secret in &secrets {
            assert!(!text.contains(secret), "{}: {secret}", path.display());
        }
    }
    let is_in = |part: &str| {
        let is_part = |path: &Path| path.components().any(|name| name.as_os_str() == part);
        contents.iter().any(|(path, text)| is_part(path) && text.contains(EMAIL))
    };
    assert!(is_in("journal") && is_in("snapshots"), "what is looked through is what holds the customers");
    assert!(!while_running.is_empty());
}
