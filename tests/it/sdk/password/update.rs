//! `POST /api/v1/sdk/password/update`.

use crate::golden::golden;
use crate::server::{Answer, OTHER_PASSWORD, PASSWORD, Server};
use serde_json::{Value, json};

async fn update(server: &Server, token: &str, old: &str, new: &str, confirm: &str) -> Answer {
    let fields = json!({"old_password": old, "new_password": new, "confirm_new_password": confirm});
    send(server, token, fields).await
}

async fn send(server: &Server, token: &str, fields: Value) -> Answer {
    server.post("/api/v1/sdk/password/update").site(&server.shop).bearer(token).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_new_password_is_good_the_old_is_not_and_other_sessions_end() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let other = server.login(&server.shop, "ada@example.org").await.token();
    let answer = update(&server, &token, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).await;
    golden("password_update.txt", &answer);
    let fresh = answer.token();
    assert_ne!(fresh, token);
    server.read(&server.shop, &fresh).await.data();
    server.read(&server.shop, &token).await.data();
    server.read(&server.shop, &other).await.refused(403, "session_revoked");
    server.login(&server.shop, "ada@example.org").await.refused(404, "invalid_credentials");
    server.login_with(&server.shop, "ada@example.org", OTHER_PASSWORD).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_told_by_its_field_and_changes_nothing() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let wrong = update(&server, &token, "wrong", OTHER_PASSWORD, OTHER_PASSWORD).await;
    golden("password_update_wrong.txt", &wrong);
    update(&server, &token, PASSWORD, OTHER_PASSWORD, "another").await.names("confirm_new_password");
    update(&server, &token, PASSWORD, "short", "short").await.names("new_password");
    update(&server, &token, PASSWORD, "ada@example.org", "ada@example.org").await.names("new_password");
    update(&server, &token, PASSWORD, PASSWORD, PASSWORD).await.refused(400, "validation_failed").names("new_password");
    let empty = send(&server, &token, json!({})).await;
    empty.names("old_password").names("new_password").names("confirm_new_password");
    let typed = json!({"old_password": 1, "new_password": [], "confirm_new_password": {}});
    send(&server, &token, typed).await.names("old_password").names("new_password").names("confirm_new_password");
    update(&server, "e30.e30.e30", PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).await.refused(401, "token_invalid");
    server.login(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_session_is_no_way_to_guess_the_password() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    for _ in 0..10 {
        update(&server, &token, "wrong", OTHER_PASSWORD, OTHER_PASSWORD).await.refused(400, "password_wrong");
    }
    let refused = update(&server, &token, "wrong", OTHER_PASSWORD, OTHER_PASSWORD).await;
    assert!(refused.refused(429, "too_many_attempts").header("retry-after").is_some());
    server.read(&server.shop, &token).await.data();
    server.stop().await;
}
