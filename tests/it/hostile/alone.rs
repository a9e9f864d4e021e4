//! Large bodies and crowds leave the memory as it was. Nothing runs beside these tests.

use super::wire::exchange;
use crate::guesses::join_all;
use crate::server::{Answer, Server};
use doorward::hashing::PoolConfig;
use std::num::NonZeroUsize;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_megabytes_are_refused_and_leave_no_trace() {
    let server = Server::start().await;
    let piece = vec![b' '; MIB];
    let head = |framing: &str| {
        format!(
            "POST /api/v1/sdk/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
        )
    };
    let announced = head(&format!("content-length: {}", 10 * MIB));
    let chunked = head("transfer-encoding: chunked");
    let chunk = [format!("{MIB:x}\r\n").as_bytes(), &piece, b"\r\n"].concat();
    let send = async |head: &str, piece: &[u8]| {
        let mut pieces: Vec<&[u8]> = vec![head.as_bytes()];
        pieces.extend(std::iter::repeat_n(piece, 10));
        exchange(&server, &pieces).await
    };
    let mut before = 0;
    for round in 0..30 {
        for answer in [send(&announced, &piece).await, send(&chunked, &chunk).await] {
            assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
            assert!(answer.contains("body_too_large"), "{answer}");
        }
        if round == 5 {
            before = resident();
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 * MIB, "{} MiB more", grown / MIB);
    server.register(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

/// How many guesses come at once, and how often.
const CROWD: u32 = 500;
const WAVES: u32 = 4;

/// Logins of a wave, half of them with an e-mail that is somebody's; each from an address of its own.
async fn wave(server: &Server, wave: u32) -> Vec<Answer> {
    let guesses = (0..CROWD).map(|n| {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + wave * CROWD + n).to_string();
        let email = if n % 2 == 0 { "ada@example.org" } else { "nobody@example.org" };
        let fields = serde_json::json!({"email": email, "password": "the wrong password"});
        server.post("/api/v1/sdk/auth/login").site(&server.shop).address(&address).fields(fields).send()
    });
    join_all(guesses).await
}

/// What a client can tell one refusal from another by.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut body = answer.json();
    if let Some(error) = body.get_mut("error").and_then(serde_json::Value::as_object_mut) {
        error.remove("report_id");
    }
    (answer.status, answer.headers.clone(), body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_logins_at_once_cost_the_memory_of_two_hashes_and_delay_no_check() {
    let pool = PoolConfig { threads: NonZeroUsize::MIN.saturating_add(1), ..PoolConfig::default() };
    let hash = usize::try_from(pool.params.memory_kib).unwrap() * 1024;
    let server = Server::start_with(|builder| builder.hashing(pool)).await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let before = resident();
    let mut answers = Vec::new();
    let mut slowest = Duration::ZERO;
    for n in 0..WAVES {
        let mut logins = std::pin::pin!(wave(&server, n));
        loop {
            let asked = tokio::time::Instant::now();
            let check = async {
                server.read(&server.shop, &token).await.data();
                asked.elapsed()
            };
            tokio::select! {
                wave = logins.as_mut() => {
                    answers.extend(wave);
                    break;
                }
                took = check => slowest = slowest.max(took),
            }
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 2 * hash + 64 * MIB, "{} MiB more", grown / MIB);
    assert!(slowest < Duration::from_secs(1), "a check took {slowest:?}");
    let (refused, tried): (Vec<_>, Vec<_>) = answers.iter().map(told).partition(|(status, ..)| *status == 503);
    for mut same in [refused.clone(), tried.clone()] {
        same.dedup();
        assert_eq!(same.len(), 1, "{same:#?}");
    }
    assert!(refused[0].2.contains("overloaded") && tried[0].0 == 404);
    assert!(refused.len() > tried.len(), "{} of {} were refused", refused.len(), answers.len());
    server.login(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}
