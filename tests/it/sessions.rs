//! `/api/v1/sessions`: my sessions.

use crate::golden::golden;
use crate::server::{Answer, Server};
use reqwest::Method;
use serde_json::{Value, json};

async fn list(server: &Server, token: &str) -> Vec<Value> {
    server.get("/api/v1/sessions").bearer(token).send().await.data().as_array().unwrap().clone()
}

async fn revoke(server: &Server, token: &str, id: &str) -> Answer {
    server.call(Method::DELETE, &format!("/api/v1/sessions/{id}")).bearer(token).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_sees_what_could_still_be_used_the_newest_first() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    server.register(&server.shop, "bob@example.org").await.data();
    server.step_secs(60);
    let ended = server.login(&server.shop, "ada@example.org").await.token();
    server.post("/api/v1/sdk/auth/logout").bearer(&ended).send().await.data();
    server.step_secs(60);
    let login = server.post("/api/v1/sdk/auth/login").site(&server.shop).header("user-agent", "A Browser/1.0");
    let login =
        login.address("2001:db8::7").fields(json!({"email": "ada@example.org", "password": crate::server::PASSWORD}));
    let token = login.send().await.token();
    let answer = server.get("/api/v1/sessions").site(&server.news).bearer(&token).send().await;
    golden("sessions_list.txt", &answer);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_session_is_over_at_once_and_the_others_go_on() {
    let server = Server::start().await;
    let first = server.register(&server.shop, "ada@example.org").await.token();
    server.step_secs(1);
    let second = server.login(&server.shop, "ada@example.org").await.token();
    let ids: Vec<String> =
        list(&server, &second).await.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    let of_first = &ids[1];
    revoke(&server, &second, of_first).await.is_empty_204();
    server.read(&server.shop, &first).await.refused(403, "session_revoked");
    let own = server.get("/api/v1/sessions").bearer(&first).send().await;
    golden("session_revoked_own.txt", &own);
    // Ending it once more changes nothing.
    revoke(&server, &second, of_first).await.is_empty_204();
    assert_eq!(list(&server, &second).await.len(), 1);
    revoke(&server, &second, &ids[0]).await.is_empty_204();
    server.read(&server.shop, &second).await.refused(403, "session_revoked");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_revokes_the_session_of_somebody_else() {
    let server = Server::start().await;
    let ada = server.register(&server.shop, "ada@example.org").await.token();
    let bob = server.register(&server.shop, "bob@example.org").await.token();
    let stranger = server.register(&server.foreign, "eve@example.org").await.token();
    let id = list(&server, &ada).await[0]["id"].as_str().unwrap().to_owned();
    for token in [&bob, &stranger] {
        revoke(&server, token, &id).await.refused(404, "session_not_found");
    }
    for bad in ["x", "0", &id.to_uppercase(), &format!("{id}0"), "%20"] {
        revoke(&server, &ada, bad).await.refused(404, "session_not_found");
    }
    server.read(&server.shop, &ada).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_others_are_revoked_and_the_one_that_asks_goes_on() {
    let server = Server::start().await;
    let bob = server.register(&server.shop, "bob@example.org").await.token();
    let mut tokens = vec![server.register(&server.shop, "ada@example.org").await.token()];
    for _ in 0..3 {
        tokens.push(server.login(&server.shop, "ada@example.org").await.token());
    }
    let asks = tokens.remove(1);
    server.post("/api/v1/sessions/revoke-others").bearer(&asks).send().await.is_empty_204();
    for token in &tokens {
        server.read(&server.shop, token).await.refused(403, "session_revoked");
        let again = server.post("/api/v1/sessions/revoke-others").bearer(token).send().await;
        again.refused(401, "session_revoked");
    }
    assert_eq!(list(&server, &asks).await.len(), 1);
    server.read(&server.shop, &bob).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_routes_take_a_bearer_only() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let others = server.post("/api/v1/sessions/revoke-others");
    others.fields(json!({"auth_token": token})).send().await.refused(401, "token_missing");
    server.get("/api/v1/sessions").send().await.refused(401, "token_missing");
    server.get("/api/v1/sessions").bearer("x").send().await.refused(401, "token_invalid");
    server.get("/api/v1/sessions").site(&server.foreign).bearer(&token).send().await.refused(401, "token_invalid");
    server.stop().await;
}
