//! `POST /api/v1/sdk/auth/register`.

use crate::golden::golden;
use crate::server::{Answer, PASSWORD, Server};
use doorward::throttle::Quota;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::time::Duration;

const PATH: &str = "/api/v1/sdk/auth/register";

async fn register(server: &Server, fields: Value) -> Answer {
    server.post(PATH).site(&server.news).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_customer_is_logged_in_at_once() {
    let server = Server::start().await;
    let answer = register(&server, json!({"email": "Ada@Example.org", "password": PASSWORD})).await;
    golden("auth_register.txt", &answer);
    assert_eq!(server.read(&server.news, &answer.token()).await.data()["email"], "Ada@Example.org");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_published_field_is_kept() {
    let server = Server::start().await;
    let answer = register(
        &server,
        json!({
            "email": "ada@example.org", "password": PASSWORD, "username": "Ada_1815", "display_name": "Countess",
            "first_name": " Ada ", "last_name": "Lovelace", "organization": 12, "phone": "+44 (0)20 7946-0000",
            "salutation": "Lady", "title": "Analyst",
            "metadata": {"job": "poetical science", "years": [1842, 1843.5], "nested": {"b": null, "a": true}, "gone": null},
            "language": "fr", "device_hash": "f00", "device_components": [{"key": "ua"}], "security_token": "x", "unknown": {},
        }),
    )
    .await;
    golden("auth_register_all_fields.txt", &answer);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unused_names_are_sent_empty_and_count_as_none() {
    let server = Server::start().await;
    let empty = json!({
        "email": "ada@example.org", "password": PASSWORD, "username": "", "display_name": "", "first_name": "",
        "last_name": null, "organization": "", "phone": "-", "salutation": " ", "title": "", "metadata": [],
    });
    let data = register(&server, empty).await.data();
    for field in
        ["username", "display_name", "first_name", "last_name", "name", "organization", "phone", "salutation", "title"]
    {
        assert_eq!(data[field], Value::Null, "{field}");
    }
    assert_eq!(data["metadata"], json!({}));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_says_the_same_as_json() {
    let server = Server::start().await;
    let site = server.news.id().to_string();
    let form = [
        ("site_id", site.as_str()),
        ("email", "ada@example.org"),
        ("password", PASSWORD),
        ("first_name", "Ada"),
        ("metadata[job]", "poet"),
    ];
    let data = server.post(PATH).form(&form).send().await.data();
    assert_eq!((&data["first_name"], &data["metadata"]), (&json!("Ada"), &json!({"job": "poet"})));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_email_is_taken_once_in_an_account_whatever_its_spelling() {
    let server = Server::start().await;
    server.register(&server.news, "ada@bücher.example").await.data();
    for same in ["ada@bücher.example", "ADA@BÜCHER.example", " ada@xn--bcher-kva.example ", "ada@bücher.example."] {
        server.register(&server.shop, same).await.refused(400, "email_taken").names("email");
    }
    server.register(&server.shop, "ada+news@bücher.example").await.data();
    server.register(&server.foreign, "ada@bücher.example").await.data();
    let taken = server.register(&server.news, "ada@bücher.example").await;
    golden("auth_register_taken.txt", &taken);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_username_is_taken_once_in_an_account() {
    let server = Server::start().await;
    let with = |email: &str, username: &str| json!({"email": email, "password": PASSWORD, "username": username});
    register(&server, with("ada@example.org", "Ada")).await.data();
    register(&server, with("bob@example.org", "aDA")).await.refused(400, "username_taken").names("username");
    register(&server, with("bob@example.org", "Ada-2")).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_has_errors_and_names_the_field() {
    let server = Server::start().await;
    let with = |field: &str, value: Value| {
        let mut fields = json!({"email": "ada@example.org", "password": PASSWORD});
        fields[field] = value;
        fields
    };
    let cases = [
        (with("email", Value::Null), "email"),
        (with("email", json!("")), "email"),
        (with("email", json!("ada")), "email"),
        (with("email", json!(["ada@example.org"])), "email"),
        (with("password", Value::Null), "password"),
        (with("password", json!(12_345_678)), "password"),
        (with("password", json!("short7!")), "password"),
        (with("password", json!("password1")), "password"),
        (with("password", json!("aaaaaaaaaaaa")), "password"),
        (with("password", json!("ada@example.org")), "password"),
        (with("password", json!("x".repeat(257))), "password"),
        (with("username", json!("a b")), "username"),
        (with("first_name", json!("x".repeat(256))), "first_name"),
        (with("phone", json!("1".repeat(21))), "phone"),
        (with("metadata", json!("x")), "metadata"),
        (with("metadata", json!({"k": "x".repeat(8_000), "l": "x".repeat(8_000), "m": "x".repeat(400)})), "metadata"),
        (with("metadata", json!({"": 1})), "metadata"),
        (with("site_id", json!(4_000_000)), "site_id"),
        (with("site_id", json!("one")), "site_id"),
    ];
    for (fields, field) in cases {
        let answer = register(&server, fields).await;
        assert_eq!(answer.status, 400, "{field}: {}", answer.text);
        answer.names(field);
    }
    let both = register(&server, json!({"email": "ada", "password": ""})).await;
    both.refused(400, "validation_failed").names("email").names("password");
    server.post(PATH).fields(with("email", json!("ada@example.org"))).send().await.names("site_id");
    server.post(PATH).raw("application/json", "{").send().await.refused(400, "body_malformed").names("request");
    register(&server, with("email", json!("ada@example.org"))).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_may_not_set_changes_nothing() {
    let server = Server::start().await;
    let fields = json!({
        "email": "ada@example.org", "password": PASSWORD, "email_confirm": true, "email_verified": true, "id": 7,
        "account_id": 2, "role": "admin", "has_password": false, "entitlements": ["all"], "created_at": 1, "status": "locked",
        "subscriptions": [1], "auth_token": "x.y.z", "name": "Root",
    });
    let data = register(&server, fields).await.data();
    assert_ne!(data["id"], 7);
    assert_eq!((&data["email_confirm"], &data["email_verified"]), (&json!(false), &json!(false)));
    assert_eq!((&data["entitlements"], &data["subscriptions"], &data["name"]), (&json!([]), &json!([]), &Value::Null));
    assert_ne!(data["created_at"], 1);
    server.login(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_registers_too_many_must_wait() {
    let quota = Quota { burst: NonZeroU32::MIN.saturating_add(1), every: Duration::from_secs(1_200) };
    let server = Server::start_with(|builder| builder.registrations_per_address(Some(quota))).await;
    let from = |address: &'static str, email: &'static str| {
        let fields = json!({"email": email, "password": PASSWORD});
        server.post(PATH).site(&server.news).fields(fields).address(address).send()
    };
    from("198.51.100.1", "a@example.org").await.data();
    from("198.51.100.1", "b@example.org").await.data();
    let refused = from("198.51.100.1", "c@example.org").await;
    refused.refused(429, "too_many_registrations").names("request");
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1_100..=1_200).contains(&wait), "{wait}");
    from("198.51.100.2", "c@example.org").await.data();
    server.stop().await;
}
