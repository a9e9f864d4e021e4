//! `POST /api/v1/sdk/auth/login`.

use crate::golden::golden;
use crate::server::{PASSWORD, Server};
use serde_json::json;

const PATH: &str = "/api/v1/sdk/auth/login";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_logs_in_by_email_or_username() {
    let server = Server::start().await;
    let fields = json!({"email": "ada@example.org", "password": PASSWORD, "username": "Ada"});
    server.post("/api/v1/sdk/auth/register").site(&server.shop).fields(fields).send().await.data();
    let answer = server.login(&server.shop, "ada@example.org").await;
    golden("auth_login.txt", &answer);
    for identity in [
        json!({"email": " ADA@EXAMPLE.ORG "}),
        json!({"username": "aDA"}),
        json!({"email": "", "username": "ada"}),
        json!({"email": null, "username": "ada"}),
        json!({"email": "ada@example.org", "username": "nobody"}),
    ] {
        let call = server.post(PATH).site(&server.shop).fields(identity).fields(json!({"password": PASSWORD}));
        let token = call.send().await.token();
        server.read(&server.shop, &token).await.data();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_told_in_the_published_words() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    let wrong = server.login_with(&server.shop, "ada@example.org", "wrong").await;
    golden("auth_login_invalid.txt", &wrong);
    server.login(&server.foreign, "ada@example.org").await.refused(404, "invalid_credentials");
    server.login(&server.news, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_fields_are_named() {
    let server = Server::start().await;
    let login = |fields| server.post(PATH).site(&server.shop).fields(fields).send();
    login(json!({"password": PASSWORD})).await.refused(400, "validation_failed").names("email");
    login(json!({"email": "", "username": "", "password": PASSWORD})).await.names("email");
    login(json!({"email": "ada@example.org"})).await.refused(400, "validation_failed").names("password");
    login(json!({"email": ["ada@example.org"], "password": PASSWORD})).await.names("email");
    login(json!({"email": "ada@example.org", "password": {"$ne": ""}})).await.names("password");
    login(json!({"email": "ada@example.org", "password": "x".repeat(257)})).await.names("password");
    let siteless = server.post(PATH).fields(json!({"email": "ada@example.org", "password": PASSWORD})).send().await;
    siteless.refused(400, "validation_failed").names("site_id");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_login_draws_a_session_of_its_own() {
    let server = Server::start().await;
    let registered = server.register(&server.shop, "ada@example.org").await.token();
    let first = server.login(&server.shop, "ada@example.org").await.token();
    let presented =
        json!({"email": "ada@example.org", "password": PASSWORD, "auth_token": first, "sid": "x", "session_id": "x"});
    let second = server.post(PATH).site(&server.shop).bearer(&first).fields(presented).send().await.token();
    assert!(registered != first && first != second && registered != second);
    for token in [&registered, &first, &second] {
        server.read(&server.shop, token).await.data();
    }
    server.stop().await;
}
