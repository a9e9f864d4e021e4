//! Whatever ends a session ends it for every route, from the request on that follows the answer, and for good: a new start changes nothing.

use crate::server::{Answer, Call, OTHER_PASSWORD, PASSWORD, Server, master_key};
use doorward::domain::account::customer::Status;
use reqwest::Method;
use serde_json::{Value, json};

/// Each way to lose a session, and the code of the refusal that follows.
const WAYS: [(&str, &str); 9] = [
    ("logout", "session_revoked"),
    ("a newer login under the rule", "session_superseded"),
    ("a change of password elsewhere", "session_revoked"),
    ("ended by name", "session_revoked"),
    ("ended with all others", "session_revoked"),
    ("ended by the operator", "session_revoked"),
    ("locked", "session_revoked"),
    ("deleted by the operator", "session_revoked"),
    ("deleted by the customer", "session_revoked"),
];

/// Every route that asks for a token, with a body that would do; those of the published interface first.
fn calls(server: &Server) -> Vec<(Call, u16)> {
    let passwords =
        json!({"old_password": PASSWORD, "new_password": OTHER_PASSWORD, "confirm_new_password": OTHER_PASSWORD});
    let session = format!("/api/v1/sessions/{}", "0".repeat(32));
    let row = |method: Method, path: &str, fields: Value, status: u16| {
        (server.call(method, path).query("site_id", &server.shop.id().to_string()).fields(fields), status)
    };
    vec![
        row(Method::POST, "/api/v1/sdk/customer", json!({}), 403),
        row(Method::PUT, "/api/v1/sdk/customer", json!({"first_name": "Eve"}), 403),
        row(Method::POST, "/api/v1/sdk/customer/refresh", json!({}), 403),
        row(Method::POST, "/api/v1/sdk/password/update", passwords, 403),
        row(Method::POST, "/api/v1/sdk/auth/logout", json!({}), 403),
        row(Method::DELETE, "/api/v1/sdk/customer", json!({"password": PASSWORD}), 401),
        row(Method::GET, "/api/v1/sessions", json!({}), 401),
        row(Method::DELETE, &session, json!({}), 401),
        row(Method::POST, "/api/v1/sessions/revoke-others", json!({}), 401),
    ]
}

async fn is_refused_everywhere(server: &Server, way: &str, token: &str, code: &str) {
    for (call, status) in calls(server) {
        let answer = call.bearer(token).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{way}: {}", answer.text);
    }
}

/// Every route that asks for a token is in [`calls`].
#[test]
fn no_route_that_asks_for_a_token_is_left_out() {
    let document: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    assert_eq!(operations.filter(|operation| operation.get("security").is_some()).count(), 9);
}

fn email(way: usize) -> String {
    format!("victim{way}@example.org")
}

/// Ends the victim's session in one way; what it answers is the last moment at which the session may have been good.
async fn end(server: &Server, way: &str, (email, token): (&str, &str)) {
    let own = |token: &str, method: Method, path: &str, fields: Value| {
        server.call(method, path).bearer(token).fields(fields).send()
    };
    let elsewhere = async || server.login(&server.shop, email).await.token();
    let is_done = |answer: Answer| assert!([200, 204].contains(&answer.status), "{way}: {}", answer.text);
    let customer = server.customer(email);
    match way {
        "logout" => is_done(own(token, Method::POST, "/api/v1/sdk/auth/logout", json!({})).await),
        "a newer login under the rule" => is_done(server.login(&server.news, email).await),
        "a change of password elsewhere" => {
            let fields = json!({"old_password": PASSWORD, "new_password": OTHER_PASSWORD, "confirm_new_password": OTHER_PASSWORD});
            is_done(own(&elsewhere().await, Method::POST, "/api/v1/sdk/password/update", fields).await);
        }
        "ended by name" => {
            let list = own(token, Method::GET, "/api/v1/sessions", json!({})).await.data();
            let id = list[0]["id"].as_str().unwrap();
            let path = format!("/api/v1/sessions/{id}");
            is_done(own(&elsewhere().await, Method::DELETE, &path, json!({})).await);
        }
        "ended with all others" => {
            is_done(own(&elsewhere().await, Method::POST, "/api/v1/sessions/revoke-others", json!({})).await);
        }
        "ended by the operator" => server.account.revoke_all_sessions(customer).await.unwrap(),
        "locked" => server.account.set_status(customer, Status::Locked).await.unwrap(),
        "deleted by the operator" => server.account.delete_customer(customer).await.unwrap(),
        "deleted by the customer" => {
            let fields = json!({"password": PASSWORD});
            is_done(own(&elsewhere().await, Method::DELETE, "/api/v1/sdk/customer", fields).await);
        }
        other => panic!("no way is called {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_opens_no_route_from_the_next_request_on_nor_after_a_new_start() {
    let data = tempfile::tempdir().unwrap();
    let over_data = |builder: doorward::Builder| builder.data_dir(data.path()).master_key(master_key());
    let server = Server::start_with(over_data).await;
    let bystander = server.register(&server.shop, "bystander@example.org").await.token();
    let mut ended = Vec::new();
    for (index, (way, code)) in WAYS.into_iter().enumerate() {
        let email = email(index);
        let token = server.register(&server.shop, &email).await.token();
        server.read(&server.shop, &token).await.data();
        end(&server, way, (&email, &token)).await;
        is_refused_everywhere(&server, way, &token, code).await;
        ended.push((way, token, code));
    }
    server.read(&server.shop, &bystander).await.data();
    let server = server.restarted(over_data).await;
    for (way, token, code) in &ended {
        is_refused_everywhere(&server, way, token, code).await;
    }
    server.read(&server.shop, &bystander).await.data();
    server.stop().await;
}
