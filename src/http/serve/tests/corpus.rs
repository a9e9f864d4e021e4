//! What hyper and we make of malformed and ambiguous heads (security.md A42). Each case ends in a close, so that nothing that
//! came behind it can be taken for a request.

use super::fixture::{Server, answers, calm, status};

/// Sends the bytes with a further request behind them: one refusal, nothing after it, and the server lives on.
async fn check_refused(bytes: &str, expected: u16) {
    let server = Server::start(calm()).await;
    let answer = server.exchange(format!("{bytes}GET / HTTP/1.1\r\nHost: a\r\nX-Smuggled: 1\r\n\r\n")).await;
    assert_eq!(status(&answer), expected, "{bytes:?}: {answer}");
    assert_eq!(answers(&answer), 1, "{bytes:?}: {answer}");
    let after = server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&after), 200);
}

#[tokio::test]
async fn ambiguous_framing_is_refused_with_400_and_a_close() {
    let cases = [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    ];
    for bytes in cases {
        check_refused(bytes, 400).await;
    }
}

#[tokio::test]
async fn malformed_heads_are_refused_with_400_and_a_close() {
    let cases = [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
    ];
    for bytes in cases {
        check_refused(bytes, 400).await;
    }
}

#[tokio::test]
async fn a_violation_behind_a_good_request_serves_nothing_that_follows_it() {
    let server = Server::start(calm()).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status(&client.read_until("\"root\"").await), 200);
    client.send("GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let rest = client.read_to_end().await;
    assert_eq!((status(&rest), answers(&rest)), (400, 1), "{rest}");
}

#[tokio::test]
async fn a_refusal_of_the_framing_is_dressed_like_every_answer() {
    let server = Server::start(calm()).await;
    let answer = server.exchange("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").await;
    for line in [
        "content-type: application/json; charset=utf-8",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "connection: close",
    ] {
        assert!(answer.contains(line), "{line}: {answer}");
    }
    assert!(answer.ends_with(r#"{"code":"request_malformed","message":"The request is malformed."}"#), "{answer}");
    assert!(!answer.contains("server:"), "{answer}");
}

#[tokio::test]
async fn good_requests_share_a_connection_pipelined_too() {
    let server = Server::start(calm()).await;
    let post = |body: &str| {
        format!(
            "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = server.exchange(format!("\r\n{}{}{last}", post(r#"{"text":"abc"}"#), post("\n\n"))).await;
    assert_eq!(answers(&answer), 3, "{answer}");
    assert!(answer.contains("\r\n\r\n3HTTP/1.1 400"), "{answer}");
    assert!(answer.ends_with("\"root\""), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_is_read_and_is_the_last_of_its_connection() {
    let server = Server::start(calm()).await;
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let bytes = format!("{head}5\r\n{{\"tex\r\n9\r\nt\":\"abc\"}}\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = server.exchange(bytes).await;
    assert_eq!((status(&answer), answers(&answer)), (200, 1), "{answer}");
    assert!(answer.contains("connection: close") && answer.ends_with("\r\n\r\n3"), "{answer}");

    let answer = server.exchange(format!("{head}zz\r\n")).await;
    assert_eq!((status(&answer), answers(&answer)), (400, 1), "{answer}");
}

#[tokio::test]
async fn an_upgrade_is_not_taken_up_and_http_2_not_spoken() {
    let server = Server::start(calm()).await;
    // hyper answers the preface of HTTP/2 by a close alone.
    assert_eq!(server.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = server.exchange(format!("{upgrade}{last}")).await;
    assert_eq!((status(&answer), answers(&answer)), (200, 2), "{answer}");
    for request in [
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let answer = server.exchange(request).await;
        assert_eq!(status(&answer) / 100, 4, "{answer}");
    }
}

#[tokio::test]
async fn heads_past_their_bounds_are_refused_with_431_and_long_urls_with_414() {
    let server = Server::start(calm()).await;
    let with_lines =
        |count: usize| format!("GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert_eq!(status(&server.exchange(with_lines(62)).await), 200);
    assert_eq!(status(&server.exchange(with_lines(63)).await), 431);
    let with_len =
        |len: usize| format!("GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(len));
    assert_eq!(status(&server.exchange(with_len(16 * 1024 - 200)).await), 200);
    assert_eq!(status(&server.exchange(with_len(16 * 1024)).await), 431);
    assert_eq!(status(&server.exchange(with_len(1024 * 1024)).await), 431);
    let with_url = |len: usize| format!("GET /?{} HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n", "y".repeat(len));
    assert_eq!(status(&server.exchange(with_url(8 * 1024 - 1)).await), 200);
    assert_eq!(status(&server.exchange(with_url(8 * 1024)).await), 414);
}
