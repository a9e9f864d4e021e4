//! Guessing passwords: how many reach the hash, and who is slowed down by it.

use crate::server::{Answer, PASSWORD, Server};
use serde_json::json;

const EMAIL: &str = "ada@example.org";
/// Failures that are free within five minutes, by default.
const FREE: usize = 10;

async fn guess(server: &Server, address: &str, password: &str) -> Answer {
    let fields = json!({"email": EMAIL, "password": password});
    server.post("/api/v1/sdk/auth/login").site(&server.shop).address(address).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_five_hundred_parallel_guesses_no_more_than_ten_reach_the_hash() {
    let server = Server::start().await;
    let token = server.register(&server.shop, EMAIL).await.token();
    let before = server.doorward.engine().costs().hashes;
    let passwords: Vec<String> = (0..500).map(|n| format!("guess {n}")).collect();
    let mut answers = Vec::new();
    for chunk in passwords.chunks(100) {
        let guesses = chunk.iter().map(|password| guess(&server, "198.51.100.1", password));
        answers.extend(join_all(guesses).await);
    }
    let hashed = server.doorward.engine().costs().hashes - before;
    assert_eq!(hashed, FREE as u64);
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), FREE);
    for answer in answers.iter().filter(|answer| answer.status != 404) {
        answer.refused(429, "too_many_attempts");
    }
    server.read(&server.shop, &token).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_cannot_lock_a_customer_out() {
    let server = Server::start().await;
    let token = server.register(&server.shop, EMAIL).await.token();
    for stranger in 0..50 {
        let address = format!("203.0.113.{stranger}");
        let guesses = (0..2 * FREE).map(|n| guess(&server, &address, if n % 2 == 0 { "wrong" } else { "worse" }));
        join_all(guesses).await;
        guess(&server, &address, PASSWORD).await.refused(429, "too_many_attempts");
    }
    guess(&server, "198.51.100.1", PASSWORD).await.data();
    server.read(&server.shop, &token).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_past_the_free_ones_makes_the_next_wait_longer() {
    let server = Server::start().await;
    server.register(&server.shop, EMAIL).await.data();
    let address = "198.51.100.1";
    for _ in 0..FREE {
        guess(&server, address, "wrong").await.refused(404, "invalid_credentials");
    }
    for wait in [1, 2, 4, 8, 16, 30, 30] {
        let refused = guess(&server, address, PASSWORD).await;
        assert_eq!(refused.refused(429, "too_many_attempts").header("retry-after"), Some(wait.to_string().as_str()));
        server.step_secs(wait);
        guess(&server, address, "wrong").await.refused(404, "invalid_credentials");
    }
    server.step_secs(30);
    guess(&server, address, PASSWORD).await.data();
    guess(&server, address, "wrong").await.refused(404, "invalid_credentials");
    guess(&server, address, PASSWORD).await.data();
    server.stop().await;
}

/// Awaits all at once.
pub(crate) async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in pending.iter_mut().zip(&mut done).filter(|(_, slot)| slot.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(cx) {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
