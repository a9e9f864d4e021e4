//! Large bodies leave the memory as it was. Nothing runs beside this test.

use super::wire::exchange;
use crate::server::Server;

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
