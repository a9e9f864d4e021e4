//! `POST /api/v1/sdk/auth/logout`.

use crate::golden::golden;
use crate::server::Server;
use serde_json::json;

const PATH: &str = "/api/v1/sdk/auth/logout";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_ends_with_every_token_of_it_and_no_other_session() {
    let server = Server::start().await;
    let other = server.register(&server.shop, "ada@example.org").await.token();
    let first = server.login(&server.shop, "ada@example.org").await.token();
    server.step_secs(3_601);
    let second = server.post("/api/v1/sdk/customer/refresh").site(&server.shop).bearer(&first).send().await.token();
    assert_ne!(first, second);

    let answer = server.post(PATH).site(&server.shop).bearer(&second).send().await;
    golden("auth_logout.txt", &answer);
    assert!(answer.data().get("auth_token").is_none() && answer.data().get("token").is_none());
    for token in [&first, &second] {
        server.read(&server.shop, token).await.refused(403, "session_revoked");
        server.read(&server.news, token).await.refused(403, "session_revoked");
    }
    let again = server.post(PATH).site(&server.shop).bearer(&second).send().await;
    golden("session_revoked.txt", &again);
    server.read(&server.shop, &other).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_the_body_logs_out_too_and_none_is_401() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let missing = server.post(PATH).site(&server.shop).send().await;
    golden("token_missing.txt", &missing);
    server.post(PATH).fields(json!({"auth_token": token})).send().await.data();
    server.read(&server.shop, &token).await.refused(403, "session_revoked");
    server.stop().await;
}
