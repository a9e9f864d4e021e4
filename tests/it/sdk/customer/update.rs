//! `PUT /api/v1/sdk/customer`.

use crate::golden::golden;
use crate::server::{Answer, Server};
use reqwest::Method;
use serde_json::{Value, json};

async fn update(server: &Server, token: &str, fields: Value) -> Answer {
    server.call(Method::PUT, "/api/v1/sdk/customer").site(&server.shop).bearer(token).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_named_changes_and_the_rest_stays() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let all = json!({"first_name": "Ada", "last_name": "King", "username": "ada", "phone": "020 7946", "metadata": {"a": 1, "b": 2}});
    let answer = update(&server, &token, all).await;
    golden("customer_update.txt", &answer);
    let fresh = answer.token();
    assert_ne!(fresh, token);

    let data =
        update(&server, &fresh, json!({"last_name": "Lovelace", "metadata": {"b": null, "c": [3]}})).await.data();
    assert_eq!((&data["full_name"], &data["phone"]), (&json!("Ada Lovelace"), &json!("0207946")));
    assert_eq!(data["metadata"], json!({"a": 1, "c": [3]}));
    let data = update(&server, &token, json!({"first_name": "", "username": null})).await.data();
    assert_eq!(
        (&data["first_name"], &data["username"], &data["name"]),
        (&Value::Null, &Value::Null, &json!("Lovelace"))
    );
    for token in [&token, &fresh] {
        assert_eq!(server.read(&server.shop, token).await.data()["last_name"], "Lovelace");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_in_metadata_come_back_as_they_were_sent() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let numbers = r#"{"metadata":{"n":[0.1,123456789.12345679,9007199254740993,-1,1e300,2.2250738585072014e-308]}}"#;
    let call = server.call(Method::PUT, "/api/v1/sdk/customer").bearer(&token);
    let text = call.raw("application/json", numbers).send().await.text;
    let kept = "[0.1,123456789.12345679,9007199254740993,-1,1e+300,2.2250738585072014e-308]";
    assert!(text.contains(kept) || text.contains(&kept.replace("1e+300", "1e300")), "{text}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_can_be_logged_in_with_and_a_taken_one_cannot_be_had() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    server.register(&server.shop, "bob@example.org").await.data();
    update(&server, &token, json!({"email": "BOB@example.org"})).await.refused(400, "email_taken").names("email");
    assert_eq!(update(&server, &token, json!({"email": "Ada@Example.org"})).await.data()["email"], "Ada@Example.org");
    let data = update(&server, &token, json!({"email": "countess@example.org"})).await.data();
    assert_eq!((&data["email"], &data["email_confirm"]), (&json!("countess@example.org"), &json!(false)));
    server.login(&server.shop, "countess@example.org").await.data();
    server.login(&server.shop, "ada@example.org").await.refused(404, "invalid_credentials");
    server.register(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_field_changes_nothing_at_all() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    server.register(&server.shop, "bob@example.org").await.data();
    for (fields, field) in [
        (json!({"email": ""}), "email"),
        (json!({"email": null}), "email"),
        (json!({"email": "x@y@z"}), "email"),
        (json!({"username": "a b"}), "username"),
        (json!({"last_name": {"a": 1}}), "last_name"),
        (json!({"metadata": {"k": "x".repeat(8_000), "l": "x".repeat(8_000), "m": "x".repeat(400)}}), "metadata"),
        (json!({"email": "bob@example.org"}), "email"),
    ] {
        let mut fields = fields;
        fields["first_name"] = json!("Changed");
        let answer = update(&server, &token, fields).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        answer.names(field);
    }
    let ignored = json!({"email_confirm": true, "id": 1, "account_id": 2, "role": "admin", "has_password": false, "password": "x"});
    update(&server, &token, ignored).await.data();
    let data = server.read(&server.shop, &token).await.data();
    assert_eq!((&data["first_name"], &data["email_confirm"]), (&Value::Null, &json!(false)));
    server.login(&server.shop, "ada@example.org").await.data();
    update(&server, "e30.e30.e30", json!({"first_name": "x"})).await.refused(401, "token_invalid");
    server.stop().await;
}
