//! Bytes on the socket that no client library would send.

use crate::server::Server;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes, says that no more will come, and reads to the end.
pub(super) async fn exchange(server: &Server, pieces: &[&[u8]]) -> String {
    let all = async {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        for piece in pieces {
            // The server may have answered and closed already.
            if stream.write_all(piece).await.is_err() {
                break;
            }
        }
        drop(stream.shutdown().await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8(answer).unwrap()
    };
    timeout(PATIENCE, all).await.unwrap()
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /api/v1/sdk/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_body_is_no_request() {
    let server = Server::start().await;
    let half = exchange(&server, &[post("content-length: 100\r\n", r#"{"email":"#).as_bytes()]).await;
    assert!(half.is_empty() || half.starts_with("HTTP/1.1 400"), "{half}");
    let half = exchange(&server, &[post("transfer-encoding: chunked\r\n", "5\r\n{\"em").as_bytes()]).await;
    assert!(half.is_empty() || half.starts_with("HTTP/1.1 400"), "{half}");
    server.register(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ways_to_end_a_message_are_refused() {
    let server = Server::start().await;
    let smuggled = "0\r\n\r\nGET /api/v1/sdk/site?site_id=1 HTTP/1.1\r\nhost: x\r\n\r\n";
    let cases = [
        post("content-length: 5\r\ntransfer-encoding: chunked\r\n", smuggled),
        post("transfer-encoding: chunked\r\ncontent-length: 5\r\n", smuggled),
        post("content-length: 5\r\ncontent-length: 6\r\n", smuggled),
        post("transfer-encoding: xchunked\r\n", smuggled),
        post("content-length: +5\r\n", smuggled),
        "POST /api/v1/sdk/auth/login HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
    ];
    for case in cases {
        let answer = exchange(&server, &[case.as_bytes()]).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4"), "{case}: {answer}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{case}: {answer}");
    }
    server.stop().await;
}
