//! Every wait ends and every cap holds, with small numbers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use super::fixture::{Client, PATIENCE, SOON, Server, answers, calm, status};
use crate::http::address::TrustedProxies;
use crate::http::serve::{Drained, Limits};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn post_head(len: usize) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n")
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed() {
    let server = Server::start(Limits { first_byte_timeout: SOON, ..calm() }).await;
    assert_eq!(server.connect().await.read_to_end().await, "");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_closed() {
    let server = Server::start(Limits { head_timeout: SOON, ..calm() }).await;
    let answer = server.exchange("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    assert_eq!(answer, "");
}

#[tokio::test]
async fn a_head_that_drips_is_closed_though_every_drip_is_in_time() {
    let server = Server::start(Limits { head_timeout: SOON, ..calm() }).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    let drip = async {
        let mut ticks = tokio::time::interval(SOON / 8);
        loop {
            ticks.tick().await;
            if client.0.write_all(b"x").await.is_err() {
                break;
            }
        }
    };
    timeout(PATIENCE, drip).await.unwrap();
}

#[tokio::test]
async fn each_head_has_a_time_of_its_own() {
    let server = Server::start(Limits { head_timeout: SOON * 10, ..calm() }).await;
    let mut client = server.connect().await;
    let mut ticks = tokio::time::interval(SOON * 2);
    let (first, second) = GET.split_at(20);
    client.send(first).await;
    // All heads together take longer than one may.
    for _ in 0..8 {
        ticks.tick().await;
        client.send(format!("{second}{first}")).await;
        assert_eq!(status(&client.read_until("\"root\"").await), 200);
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let server = Server::start(Limits { idle_timeout: SOON, ..calm() }).await;
    let mut client = server.connect().await;
    client.send(GET).await;
    let answer = client.read_to_end().await;
    assert_eq!((status(&answer), answers(&answer)), (200, 1));
}

#[tokio::test]
async fn a_request_in_hand_is_not_idle() {
    let server = Server::start(Limits { idle_timeout: SOON, head_timeout: SOON, ..calm() }).await;
    let mut client = server.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.context.entered.acquire().await.unwrap().forget();
    // Another connection lives through several of the times in question while the first one waits.
    for _ in 0..3 {
        assert_eq!(status(&server.exchange(GET).await), 200);
    }
    server.context.released.add_permits(1);
    assert_eq!(status(&client.read_to_end().await), 200);
}

#[tokio::test]
async fn a_body_that_stops_half_way_gets_408() {
    let server = Server::start(Limits { body_grace: SOON, linger_timeout: SOON, ..calm() }).await;
    let answer = server.exchange(format!("{}{{\"text\":", post_head(100))).await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(answer.contains(r#""code":"body_timeout""#), "{answer}");
}

#[tokio::test]
async fn a_body_that_never_ends_gets_408_however_fast_it_is() {
    let limits = Limits { body_timeout: SOON, body_len_max: usize::MAX, linger_timeout: SOON, ..calm() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send(post_head(60_000)).await;
    let drip = async {
        let mut ticks = tokio::time::interval(SOON / 8);
        for _ in 0..1000 {
            ticks.tick().await;
            if client.0.write_all(&[b' '; 50]).await.is_err() {
                break;
            }
            let mut byte = [0];
            if client.0.try_read(&mut byte).is_ok() {
                break;
            }
        }
        client.read_to_end().await
    };
    let rest = timeout(PATIENCE, drip).await.unwrap();
    assert!(rest.contains("408"), "{rest}");
}

#[tokio::test]
async fn a_slow_body_that_keeps_the_lowest_rate_is_read() {
    let server = Server::start(Limits { body_grace: SOON * 4, body_rate_min: 100, ..calm() }).await;
    let mut client = server.connect().await;
    let body = format!("{}{}", " ".repeat(398), "{}");
    client.send(post_head(body.len())).await;
    // Each piece earns a quarter of a second and comes well within it; all together take longer than the grace.
    let mut ticks = tokio::time::interval(SOON / 2);
    for piece in body.as_bytes().chunks(25) {
        ticks.tick().await;
        client.send(piece).await;
    }
    assert_eq!(status(&client.read_until("\r\n\r\n0").await), 200);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_a_byte_of_it() {
    let server = Server::start(Limits { linger_timeout: SOON, ..calm() }).await;
    for extra in ["", "Expect: 100-continue\r\n"] {
        let answer =
            server.exchange(post_head(64 * 1024 + 1).replace("Host: a\r\n", &format!("Host: a\r\n{extra}"))).await;
        assert_eq!((status(&answer), answers(&answer)), (413, 1), "{answer}");
    }
}

#[tokio::test]
async fn half_a_body_and_a_close_end_the_connection_and_nothing_else() {
    let server = Server::start(calm()).await;
    let mut client = server.connect().await;
    client.send(format!("{}{{\"text\":", post_head(100))).await;
    client.0.shutdown().await.unwrap();
    let answer = client.read_to_end().await;
    assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
    assert_eq!(status(&server.exchange(GET_AND_CLOSE).await), 200);
}

#[tokio::test]
async fn a_body_of_10_mb_gets_413_that_its_sender_can_read() {
    let server = Server::start(calm()).await;
    let chunk = vec![b'x'; 1024 * 1024];
    for head in [post_head(10 * chunk.len()), post_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked")] {
        let mut client = server.connect().await;
        client.send(&head).await;
        for _ in 0..10 {
            if head.contains("chunked") {
                client.send(format!("{:x}\r\n", chunk.len())).await;
            }
            client.send(&chunk).await;
            if head.contains("chunked") {
                client.send("\r\n").await;
            }
        }
        client.0.shutdown().await.unwrap();
        let answer = client.read_to_end().await;
        assert_eq!((status(&answer), answers(&answer)), (413, 1), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut() {
    let server = Server::start(Limits { write_stall_timeout: SOON, ..calm() }).await;
    let mut client = server.connect().await;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_until("\r\n\r\n").await;
    // The server is done with this connection though the client reads no further.
    let drained = timeout(PATIENCE, server.stop()).await.unwrap().unwrap();
    assert_eq!(drained, Drained { finished: 1, cut: 0 });
    assert!(client.read_to_end().await.len() < 64 * 1024 * 1024);
}

#[tokio::test]
async fn an_old_connection_is_closed_behind_the_request_in_hand() {
    let server = Server::start(Limits { connection_age_max: SOON * 6, ..calm() }).await;
    let mut idle = server.connect().await;
    idle.send(GET).await;
    assert_eq!(answers(&idle.read_to_end().await), 1);

    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.context.entered.acquire().await.unwrap().forget();
    let mut other = server.connect().await;
    other.send(GET).await;
    other.read_to_end().await;
    server.context.released.add_permits(1);
    let answer = busy.read_to_end().await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn at_the_cap_of_one_address_a_connection_is_closed_at_once() {
    let server = Server::start(Limits { connections_per_address_max: 2, ..calm() }).await;
    let mut first = open(&server).await;
    let second = open(&server).await;
    assert_eq!(server.connect().await.read_to_end().await, "");
    // Another address has room of its own.
    let mut elsewhere = from("127.0.0.2:0", server.address).await;
    elsewhere.send(GET_AND_CLOSE).await;
    assert_eq!(status(&elsewhere.read_to_end().await), 200);
    // One that ends makes room.
    first.send(GET_AND_CLOSE).await;
    first.read_to_end().await;
    drop(first);
    let third = async {
        loop {
            let mut client = server.connect().await;
            if client.0.write_all(GET_AND_CLOSE.as_bytes()).await.is_ok() && status(&client.read_to_end().await) == 200
            {
                break;
            }
        }
    };
    timeout(PATIENCE, third).await.unwrap();
    drop(second);
}

#[tokio::test]
async fn a_trusted_proxy_is_exempt_from_the_cap_of_one_address() {
    let proxies = TrustedProxies::new(vec!["127.0.0.1".parse().unwrap()]);
    let server = Server::start_behind(Limits { connections_per_address_max: 1, ..calm() }, proxies).await;
    let _first = open(&server).await;
    let _second = open(&server).await;
    assert_eq!(status(&server.exchange(GET_AND_CLOSE).await), 200);
}

#[tokio::test]
async fn at_the_cap_of_all_connections_the_next_waits_and_is_then_served() {
    let server = Server::start(Limits { connections_max: 2, ..calm() }).await;
    let mut first = open(&server).await;
    let _second = open(&server).await;
    let mut third = server.connect().await;
    third.send(GET_AND_CLOSE).await;
    // Nothing is read from the third before the first ends: its answer is there only behind the first one's end.
    let mut byte = [0];
    let early = timeout(SOON, tokio::io::AsyncReadExt::read(&mut third.0, &mut byte)).await;
    assert!(early.is_err(), "answered at the cap");
    first.send(GET_AND_CLOSE).await;
    first.read_to_end().await;
    drop(first);
    assert_eq!(status(&third.read_to_end().await), 200);
}

#[tokio::test]
async fn hundreds_of_dripping_connections_do_not_hold_up_others() {
    let server = Server::start(Limits { connections_per_address_max: 1000, ..calm() }).await;
    let mut drips = Vec::new();
    for n in 0..600 {
        let mut client = server.connect().await;
        client.send(if n % 2 == 0 { "GET / HTTP/1.1\r\nX".to_owned() } else { format!("{}{{", post_head(100)) }).await;
        drips.push(client);
    }
    let others = async {
        for _ in 0..50 {
            assert_eq!(status(&server.exchange(GET_AND_CLOSE).await), 200);
        }
    };
    timeout(PATIENCE, others).await.unwrap();
    for drip in &mut drips {
        drip.send("x").await;
    }
}

#[tokio::test]
async fn a_drain_lets_the_request_in_hand_finish_and_closes_the_idle() {
    let server = Server::start(calm()).await;
    let address = server.address;
    let context = std::sync::Arc::clone(&server.context);
    let mut idle = open(&server).await;
    let mut silent = server.connect().await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    context.entered.acquire().await.unwrap().forget();
    let ended = server.stop();
    assert_eq!(idle.read_to_end().await, "");
    assert_eq!(silent.read_to_end().await, "");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "accepted while draining");
    assert!(!ended.is_finished());
    context.released.add_permits(1);
    assert_eq!(status(&busy.read_to_end().await), 200);
    let drained = timeout(PATIENCE, ended).await.unwrap().unwrap();
    assert_eq!(drained, Drained { finished: 3, cut: 0 });
}

#[tokio::test]
async fn a_drain_cuts_what_is_not_done_at_its_deadline() {
    let server = Server::start(Limits { drain_timeout: SOON, ..calm() }).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.context.entered.acquire().await.unwrap().forget();
    let drained = timeout(PATIENCE, server.stop()).await.unwrap().unwrap();
    assert_eq!(drained, Drained { finished: 0, cut: 1 });
    assert_eq!(busy.read_to_end().await, "");
}

#[tokio::test]
async fn a_gone_client_takes_its_request_with_it() {
    let server = Server::start(calm()).await;
    let mut client = server.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.context.entered.acquire().await.unwrap().forget();
    drop(client);
    // Nobody releases the handler: the drain ends only because the request was given up.
    let drained = timeout(Duration::from_secs(10), server.stop()).await.unwrap().unwrap();
    assert_eq!(drained.cut, 0);
}

/// A connection that has had one answer, so that the server is known to have accepted it.
async fn open(server: &Server) -> Client {
    let mut client = server.connect().await;
    client.send(GET).await;
    assert_eq!(status(&client.read_until("\"root\"").await), 200);
    client
}

async fn from(local: &str, address: SocketAddr) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(local.parse().unwrap()).unwrap();
    Client(timeout(PATIENCE, socket.connect(address)).await.unwrap().unwrap())
}
