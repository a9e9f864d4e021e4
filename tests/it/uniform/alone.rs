//! Times that a classifier cannot tell apart. Nothing runs beside these tests.
//!
//! The area under the curve of a Mann-Whitney test is the chance that a sample of one class is slower than one of the other: 0.5 tells
//! nothing. With 3,000 interleaved samples a class its standard error is 0.0075, so that the band of 0.03 is four of them wide.

use super::{populate, register};
use crate::server::{PASSWORD, Server, cheap_hashing};
use doorward::flows::{Client, Identity, Password};
use doorward::hashing::{Params, PoolConfig};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const SAMPLES: u32 = 3_000;
const BAND: f64 = 0.03;
/// As long as [`PASSWORD`]: a longer one takes longer to normalise, whoever types it.
const WRONG_PASSWORD: &str = "plenty of tulips in Mai";

/// A part of the default memory: the same code, in a time that allows so many samples.
const fn cost(memory_kib: u32) -> Params {
    Params { memory_kib, iterations: 2, parallelism: 1 }
}

/// Mann-Whitney's U of `left` over `right` as a share of all pairs.
fn area_under_curve(left: &[Duration], right: &[Duration]) -> f64 {
    let mut ranked: Vec<(Duration, bool)> =
        left.iter().map(|time| (*time, true)).chain(right.iter().map(|time| (*time, false))).collect();
    ranked.sort_unstable();
    let (mut beaten, mut below, mut at) = (0.0, 0_u32, 0);
    while let Some((time, _)) = ranked.get(at) {
        let tied = ranked[at..].iter().take_while(|(other, _)| other == time).count();
        let of_right = u32::try_from(ranked[at..at + tied].iter().filter(|(_, is_left)| !is_left).count()).unwrap();
        let of_left = u32::try_from(tied).unwrap() - of_right;
        beaten += f64::from(of_left) * (f64::from(below) + f64::from(of_right) / 2.0);
        below += of_right;
        at += tied;
    }
    beaten / (left.len() as f64 * right.len() as f64)
}

/// Each sample comes from an address of its own, so that no wait is imposed.
fn address(sample: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + sample).into()
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn started() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn took(since: Instant) -> Duration {
    since.elapsed()
}

async fn server(params: Params) -> Server {
    let pool = PoolConfig { params, ..cheap_hashing() };
    let server = Server::start_with(|builder| builder.hashing(pool)).await;
    populate(&server).await;
    for n in 0..50 {
        register(&server.shop, &format!("crowd{n}"), None).await;
    }
    server
}

/// Takes times of all classes in turns, each as often first as any other and as often behind one as behind another, and asserts that
/// none can be told from the first class.
async fn assert_alike<F: Future<Output = ()>, const CLASSES: usize>(
    try_one: impl Fn(&'static str, &'static str, u32) -> F,
    classes: [(&'static str, &'static str); CLASSES],
) {
    let count = u32::try_from(CLASSES).unwrap();
    let mut times = [const { Vec::new() }; CLASSES];
    for n in 0..SAMPLES + 50 {
        for turn in 0..count {
            let step = if n % 2 == 0 { turn } else { count - turn };
            let class = usize::try_from((n / 2 + step) % count).unwrap();
            let (email, password) = classes[class];
            let since = started();
            try_one(email, password, count * n + turn).await;
            // The first ones warm caches up.
            if n >= 50 {
                times[class].push(took(since));
            }
        }
    }
    let [first, others @ ..] = &times[..] else { panic!("no class") };
    let areas: Vec<f64> = others.iter().map(|other| area_under_curve(first, other)).collect();
    assert!(areas.iter().all(|area| (area - 0.5).abs() <= BAND), "{areas:?} of {classes:?}");
}

#[test]
fn the_area_under_the_curve_is_that_of_the_definition() {
    let times = |all: &[u64]| all.iter().map(|n| Duration::from_nanos(*n)).collect::<Vec<_>>();
    let check = |left: &[u64], right: &[u64], expected: f64| {
        let area = area_under_curve(&times(left), &times(right));
        assert!((area - expected).abs() < 1e-9, "{left:?} {right:?}: {area}");
    };
    check(&[2, 3], &[0, 1], 1.0);
    check(&[0, 1], &[2, 3], 0.0);
    check(&[1, 1], &[1, 1], 0.5);
    check(&[1, 4], &[2, 3], 0.5);
    check(&[1, 3, 3], &[2, 3], (0.0 + 1.5 + 1.5) / 6.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_email_a_wrong_password_and_a_locked_customer_take_the_same_time() {
    let server = server(cost(19_456 / 6)).await;
    let site = &server.shop;
    let try_one = |email: &'static str, password: &'static str, n| async move {
        let client = Client { address: Some(address(n)), device: None };
        let password = Password::parse(password).unwrap();
        assert!(site.login(Identity::Email(email.to_owned()), password, &client).await.is_err());
    };
    let absent = ("absent@example.org", WRONG_PASSWORD);
    assert_alike(try_one, [absent, ("active@example.org", WRONG_PASSWORD), ("locked@example.org", PASSWORD)]).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_the_door_a_customer_without_password_and_an_unknown_one_take_the_same_time() {
    let server = server(cost(19_456 / 16)).await;
    let server_ref = &server;
    let try_one = |email: &'static str, password: &'static str, n| async move {
        let call = server_ref.post("/api/v1/sdk/auth/login").site(&server_ref.shop).address(&address(n).to_string());
        let answer = call.fields(json!({"email": email, "password": password})).send().await;
        assert_eq!(answer.status, 404);
    };
    assert_alike(try_one, [("absent@example.org", PASSWORD), ("bare@example.org", PASSWORD)]).await;
    server.stop().await;
}
