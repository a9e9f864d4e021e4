//! Receivers of every kind, at loopback addresses of this machine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod hostile;
mod receiver;
mod refused;
mod tls;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use doorward_domain::time::Timestamp;

use self::receiver::{Behaviour, Receiver};
use super::*;
use crate::entropy::SeededEntropy;
use crate::webhooks::sign::{Secret, Secrets};

/// Answers with what it was given, in turn; the last for ever. Counts how often it was asked.
#[derive(Debug, Default)]
struct Stub {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Stub {
    fn of<const N: usize>(answers: [&[&str]; N]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(parse).collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// Another handle of the stub, as a sender takes it.
fn handle(stub: &Arc<Stub>) -> Arc<dyn Resolver> {
    Arc::<Stub>::clone(stub)
}

impl Resolver for Stub {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { answer.ok_or(ResolveError) })
    }
}

/// Never answers.
#[derive(Debug)]
struct Silent;

impl Resolver for Silent {
    fn resolve<'a>(&'a self, _name: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

/// Long enough for an honest receiver on a busy machine; short enough to wait for.
fn limits() -> Limits {
    let [resolve, connect, total] = [500, 2_000, 3_000].map(Duration::from_millis);
    Limits { resolve, connect, total, ..Limits::default() }
}

fn sender(resolver: Arc<dyn Resolver>) -> Sender {
    Sender::new(Policy::Anywhere, resolver, limits())
}

fn target(host: &str, address: SocketAddr) -> Target {
    Target::parse(&format!("http://{host}:{}/hook?a=b", address.port()), &Policy::Anywhere).unwrap()
}

fn signed(body: &[u8]) -> Signed {
    let secrets = Secrets::new(Secret::generate(&SeededEntropy::new(1)), Vec::new());
    Signed::new(&secrets, "evt_1", Timestamp::from_secs(1_700_000_000), body).unwrap()
}

const BODY: &[u8] = br#"{"type":"customer.created"}"#;

async fn post(sender: &Sender, target: &Target) -> Report {
    sender.post(target, Bytes::from_static(BODY), &signed(BODY)).await
}

#[tokio::test]
async fn a_body_arrives_whole_with_its_headers() {
    let receiver = Receiver::start(Behaviour::answer("200 OK", "thank you")).await;
    let stub = Stub::of([&["127.0.0.1"]]);
    let target = target("hooks.example.org", receiver.address);
    let report = post(&sender(handle(&stub)), &target).await;
    assert_eq!((report.outcome, report.status()), (Outcome::Accepted { status: 200 }, Some(200)));
    assert_eq!(report.head.as_str(), "thank you");
    assert_eq!(*stub.asked.lock().unwrap(), ["hooks.example.org"]);
    let request = receiver.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), BODY);
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    let expected = [
        "POST /hook?a=b HTTP/1.1".to_owned(),
        "content-length: 27".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: hooks.example.org:{}", receiver.address.port()),
        format!("user-agent: {}", concat!("Doorward/", env!("CARGO_PKG_VERSION"), " (webhooks)")),
        "webhook-id: evt_1".to_owned(),
        format!("webhook-signature: {}", signed(BODY).headers()["webhook-signature"].to_str().unwrap()),
        "webhook-timestamp: 1700000000".to_owned(),
        format!("x-pelcro-hmac-sha256: {}", signed(BODY).headers()["x-pelcro-hmac-sha256"].to_str().unwrap()),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_status_alone_decides() {
    let cases = [
        ("200 OK", true),
        ("201 Created", true),
        ("202 Accepted", true),
        ("204 No Content", true),
        ("299 Fine", true),
        ("301 Moved", false),
        ("302 Found", false),
        ("307 Temporary", false),
        ("400 Bad", false),
        ("404 Not Found", false),
        ("410 Gone", false),
        ("429 Slower", false),
        ("500 Oops", false),
        ("503 Later", false),
        ("999 What", false),
    ];
    for (line, is_accepted) in cases {
        let receiver = Receiver::start(Behaviour::answer(line, "")).await;
        let status = line[..3].parse().unwrap();
        let expected = if is_accepted { Outcome::Accepted { status } } else { Outcome::Status { status } };
        let report = post(&sender(Stub::of([&["127.0.0.1"]])), &target("a.example", receiver.address)).await;
        assert_eq!(report.outcome, expected, "{line}");
    }
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_is_dead() {
    let receiver = Receiver::start(Behaviour::answer("200 OK", "")).await;
    // Nothing listens at the second address; all addresses of 127/8 are this machine's.
    let stub = Stub::of([&["127.0.0.9", "127.0.0.1"]]);
    let report = post(&sender(stub), &target("a.example", receiver.address)).await;
    assert_eq!(report.outcome, Outcome::Accepted { status: 200 });
    let dead = Stub::of([&["127.0.0.9"]]);
    let report = post(&sender(dead), &target("a.example", receiver.address)).await;
    assert_eq!(report.outcome, Outcome::Unreachable(Fault::Connect(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test]
async fn a_name_without_an_address_and_one_that_takes_too_long_are_told_apart() {
    let nowhere = target("a.example", "127.0.0.1:9".parse().unwrap());
    assert_eq!(post(&sender(Stub::of([])), &nowhere).await.outcome, Outcome::Unreachable(Fault::Unknown));
    assert_eq!(post(&sender(Stub::of([&[]])), &nowhere).await.outcome, Outcome::Unreachable(Fault::Unknown));
    let report = post(&sender(Arc::new(Silent)), &nowhere).await;
    assert_eq!(report.outcome, Outcome::TimedOut(Stage::Resolving));
    assert!((limits().resolve..limits().total).contains(&report.latency), "{report:?}");
}

#[tokio::test]
async fn a_proxy_named_in_the_environment_is_not_asked() {
    // Of this crate nothing reads such a variable; the receiver sees a request that is meant for it, not for a proxy.
    let receiver = Receiver::start(Behaviour::answer("200 OK", "")).await;
    post(&sender(Stub::of([&["127.0.0.1"]])), &target("a.example", receiver.address)).await;
    assert!(receiver.requests()[0].starts_with("POST /hook?a=b HTTP/1.1\r\n"));
}
