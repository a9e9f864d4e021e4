//! `POST /api/v1/sdk/customer/refresh`.

use crate::golden::golden;
use crate::server::{Answer, Server};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::domain::time::Clock;

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post("/api/v1/sdk/customer/refresh").site(&server.shop).bearer(token).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_young_token_is_echoed_and_an_older_one_gets_a_successor() {
    let server = Server::start().await;
    let first = server.register(&server.shop, "ada@example.org").await.token();
    server.step_secs(3_599);
    let echoed = refresh(&server, &first).await;
    golden("customer_refresh.txt", &echoed);
    assert_eq!(echoed.token(), first);
    server.step_secs(1);
    let second = refresh(&server, &first).await.token();
    assert_ne!(second, first);
    for token in [&first, &second] {
        server.read(&server.shop, token).await.data();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_token_stays_good_for_eight_newer_ones() {
    let server = Server::start().await;
    let mut tokens = vec![server.register(&server.shop, "ada@example.org").await.token()];
    for _ in 0..9 {
        server.step_secs(3_601);
        tokens.push(refresh(&server, tokens.last().unwrap()).await.token());
    }
    server.read(&server.shop, &tokens[0]).await.refused(401, "token_invalid");
    server.read(&server.shop, &tokens[1]).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_not_refreshed() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    refresh(&server, "e30.e30.e30").await.refused(401, "token_invalid");
    server.step_days(14);
    refresh(&server, &token).await.refused(401, "token_invalid");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshing_at_every_step_never_outlives_the_day_of_the_login_by_more_than_thirty() {
    let server = Server::start().await;
    let first = server.register(&server.shop, "ada@example.org").await.token();
    let mut token = first.clone();
    let end = expiry(&first);
    for _ in 0..60 {
        server.read(&server.shop, &token).await.data();
        assert_eq!(expiry(&token), end);
        server.step_secs(43_200);
        let answer = refresh(&server, &token).await;
        if answer.status != 200 {
            break;
        }
        token = answer.token();
    }
    assert_eq!(server.clock.now().secs(), end, "it was good to the last step and no longer");
    for token in [&first, &token] {
        refresh(&server, token).await.refused(401, "token_invalid");
        server.read(&server.shop, token).await.refused(401, "token_invalid");
    }
    server.stop().await;
}

/// What a token says of its end.
fn expiry(token: &str) -> i64 {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["exp"].as_i64().unwrap()
}
