//! Receivers that hang, drip, flood or close: each costs its own delivery a bounded time and memory, and no other delivery anything.

use super::*;

fn text(text: &str) -> String {
    text.to_owned()
}

/// The behaviour and what must come of it.
fn zoo() -> Vec<(Behaviour, Outcome)> {
    use Behaviour::{Answers, AnswersAndHangs, ClosesAtOnce, Drips, Floods, Hangs};
    let late = Outcome::TimedOut(Stage::Answering);
    let (closed, not_http) = (Outcome::Unreachable(Fault::Closed), Outcome::Unreachable(Fault::NotHttp));
    let accepted = Outcome::Accepted { status: 200 };
    let megabyte = "a".repeat(1 << 20);
    vec![
        (Hangs, late),
        (Drips, late),
        (AnswersAndHangs(text("")), late),
        (AnswersAndHangs(text("HTTP/1.1 200 OK\r\nx: ")), late),
        // The status has come: what follows decides nothing.
        (AnswersAndHangs(text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")), accepted),
        (AnswersAndHangs(text("HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\n")), Outcome::Status { status: 500 }),
        (Answers(text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")), accepted),
        (Answers(text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n")), accepted),
        (Floods(text("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n"), megabyte.clone()), accepted),
        (Floods(text("HTTP/1.1 200 OK\r\n\r\n"), megabyte.clone()), accepted),
        (Floods(text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), text("1\r\na\r\n")), accepted),
        (Floods(text("HTTP/1.1 500 Oops\r\n\r\n"), megabyte.clone()), Outcome::Status { status: 500 }),
        (Floods(text("HTTP/1.1 200 OK\r\nx: "), megabyte.clone()), not_http),
        (Floods(text("HTTP/1.1 200 OK\r\n"), text("x: y\r\n")), not_http),
        (Floods(text(""), text("HTTP/1.1 100 Continue\r\n\r\n")), not_http),
        (Floods(text(""), megabyte), not_http),
        (Answers(text("SSH-2.0-OpenSSH_9.9\r\n")), not_http),
        (Answers(text("HTTP/1.1 20 OK\r\n\r\n")), not_http),
        (Answers(text("HTTP/2 200\r\n\r\n")), not_http),
        (Answers(text("")), closed),
        (Answers(text("HTTP/1.1 200 OK\r\nx: ")), closed),
        (ClosesAtOnce, closed),
    ]
}

#[tokio::test]
async fn no_receiver_costs_more_than_its_time_and_bytes_and_none_holds_up_another() {
    let sender = Arc::new(sender(Stub::of([&["127.0.0.1"]])));
    let honest = Receiver::start(Behaviour::answer("200 OK", "")).await;
    let mut deliveries = tokio::task::JoinSet::new();
    let mut receivers = Vec::new();
    for (index, (behaviour, expected)) in zoo().into_iter().enumerate() {
        let receiver = Receiver::start(behaviour.clone()).await;
        let target = target(&format!("r{index}.example"), receiver.address);
        receivers.push((behaviour.clone(), receiver));
        let sender = Arc::clone(&sender);
        deliveries.spawn(async move { (behaviour, expected, post(&sender, &target).await) });
    }
    // Meanwhile others are served.
    for _ in 0..20 {
        let report = post(&sender, &target("honest.example", honest.address)).await;
        assert_eq!(report.outcome, Outcome::Accepted { status: 200 });
    }
    while let Some(done) = deliveries.join_next().await {
        let (behaviour, expected, report) = done.unwrap();
        let what: String = format!("{behaviour:?}").chars().take(120).collect();
        assert_eq!(report.outcome, expected, "{what}");
        assert!(report.latency < limits().total + Duration::from_secs(2), "{what}: {:?}", report.latency);
    }
    for (behaviour, receiver) in receivers {
        // What the system buffers on both sides goes beyond what is read.
        let what: String = format!("{behaviour:?}").chars().take(120).collect();
        assert!(receiver.written() < 32 << 20, "{what}: {}", receiver.written());
    }
}

#[tokio::test]
async fn deliveries_to_a_host_that_hangs_wait_for_each_other_and_leave_room_for_others() {
    let hanging = Receiver::start(Behaviour::Hangs).await;
    let honest = Receiver::start(Behaviour::answer("200 OK", "")).await;
    let limits = Limits { in_flight_max: 3, per_host_max: 2, ..limits() };
    let sender = Arc::new(Sender::new(Policy::Anywhere, Stub::of([&["127.0.0.1"]]), limits));
    let slow = target("slow.example", hanging.address);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (sender, slow) = (Arc::clone(&sender), slow.clone());
        waiting.spawn(async move { post(&sender, &slow).await });
    }
    for _ in 0..20 {
        let report = post(&sender, &target("honest.example", honest.address)).await;
        assert_eq!(report.outcome, Outcome::Accepted { status: 200 });
    }
    assert!(sender.try_slot(&slow).is_none());
    assert_eq!(hanging.connected(), 2, "the other eight wait for a place");
    waiting.shutdown().await;
    assert!(sender.try_slot(&slow).is_some());
}

#[tokio::test]
async fn a_delivery_that_is_called_off_closes_its_connection() {
    let hanging = Receiver::start(Behaviour::AnswersAndHangs(text(""))).await;
    let sender = sender(Stub::of([&["127.0.0.1"]]));
    let target = target("a.example", hanging.address);
    let called_off = tokio::time::timeout(Duration::from_millis(100), post(&sender, &target)).await;
    assert!(called_off.is_err());
    assert!(sender.try_slot(&target).is_some());
}
