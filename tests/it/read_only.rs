//! Writing has ended, as after a full disk or a failed fsync: what was acknowledged goes on being served, and no change is pretended.

use crate::server::{OTHER_PASSWORD, PASSWORD, Server};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_go_on_changes_are_refused_loudly_and_health_is_red() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    server.get("/readyz").send().await.json();
    assert_eq!(server.get("/readyz").send().await.status, 200);

    server.doorward.store().fail();
    server.read(&server.shop, &token).await.data();
    server.post("/api/v1/sdk/customer/refresh").bearer(&token).send().await.data();
    server.get("/api/v1/sessions").bearer(&token).send().await.data();
    server.get("/api/v1/sdk/site").site(&server.shop).send().await.data();
    let passwords =
        json!({"old_password": PASSWORD, "new_password": OTHER_PASSWORD, "confirm_new_password": OTHER_PASSWORD});
    let changes = [
        server.register(&server.shop, "bob@example.org").await,
        server.login(&server.shop, "ada@example.org").await,
        server.call(Method::PUT, "/api/v1/sdk/customer").bearer(&token).fields(json!({"title": "x"})).send().await,
        server.post("/api/v1/sdk/password/update").bearer(&token).fields(passwords).send().await,
        server.post("/api/v1/sessions/revoke-others").bearer(&token).send().await,
        server.post("/api/v1/sdk/auth/logout").bearer(&token).send().await,
    ];
    for refused in &changes {
        refused.refused(503, "not_attempted");
        assert_eq!(refused.header("retry-after"), Some("30"));
    }
    // The logout was refused, so the session is not over.
    server.read(&server.shop, &token).await.data();
    let ready = server.get("/readyz").send().await;
    assert_eq!((ready.status, ready.json()), (503, json!({"status": "read_only"})));
    assert_eq!(server.get("/healthz").send().await.status, 200);
}
