//! `DELETE /api/v1/sdk/customer`.

use crate::server::{Answer, PASSWORD, Server};
use reqwest::Method;
use serde_json::{Value, json};

async fn delete(server: &Server, token: &str, fields: Value) -> Answer {
    server.call(Method::DELETE, "/api/v1/sdk/customer").bearer(token).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_proves_the_password_is_gone_with_every_session() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let other = server.login(&server.shop, "ada@example.org").await.token();
    delete(&server, &token, json!({})).await.refused(400, "password_wrong").names("password");
    delete(&server, &token, json!({"password": "wrong"})).await.refused(400, "password_wrong").names("password");
    delete(&server, &token, json!({"password": ["x"]})).await.refused(400, "validation_failed").names("password");
    let bodied =
        server.call(Method::DELETE, "/api/v1/sdk/customer").fields(json!({"auth_token": token, "password": PASSWORD}));
    bodied.send().await.refused(401, "token_missing");
    server.read(&server.shop, &token).await.data();

    delete(&server, &token, json!({"password": PASSWORD})).await.is_empty_204();
    for token in [&token, &other] {
        server.read(&server.shop, token).await.refused(403, "session_revoked");
        delete(&server, token, json!({"password": PASSWORD})).await.refused(401, "session_revoked");
    }
    server.login(&server.shop, "ada@example.org").await.refused(404, "invalid_credentials");
    server.register(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}
