//! `/openapi.json`: what is described is what is served and what is read.

use crate::golden::same_as_file;
use crate::server::Server;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Each operation: method, path, description.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let each = |(path, item): (&String, &Value)| {
        let path = path.replace("{account_id}", "1").replace("{id}", "1");
        let item = item.as_object().unwrap().clone();
        item.into_iter()
            .map(move |(method, operation)| (method.to_uppercase().parse().unwrap(), path.clone(), operation))
    };
    document["paths"].as_object().unwrap().iter().flat_map(each).collect()
}

/// The names that the body of an operation may have.
fn fields(operation: &Value) -> Map<String, Value> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema/properties");
    schema.and_then(Value::as_object).cloned().unwrap_or_default()
}

#[test]
fn the_description_is_the_committed_one() {
    let text = doorward::http::api::description().unwrap();
    same_as_file(Path::new("snapshots/openapi.json"), &(text + "\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_operation_is_served_and_no_reference_hangs() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").send().await;
    let document = answer.json();
    let committed: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    assert_eq!(document, committed);
    let all = operations(&document);
    assert!(all.len() >= 15, "{}", all.len());
    for (method, path, operation) in all {
        let answer = server.call(method.clone(), &path).send().await;
        assert!(![404, 405].contains(&answer.status), "{method} {path}: {}", answer.text);
        let described = operation["responses"].as_object().unwrap();
        assert!(described.contains_key(&answer.status.to_string()), "{method} {path} answers {}", answer.status);
    }
    for reference in answer.text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_field_is_read() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let document: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    let mut count = 0;
    for (method, path, operation) in operations(&document) {
        for field in fields(&operation).keys() {
            let call = server.call(method.clone(), &path);
            let call = if field == "auth_token" { call } else { call.bearer(&token) };
            let call = if field == "site_id" { call } else { call.site(&server.shop) };
            let answer = call.fields(json!({field.as_str(): [[7]]})).send().await;
            assert_eq!(answer.status, 400, "{method} {path} {field}: {}", answer.text);
            answer.names(field);
            count += 1;
        }
    }
    assert!(count >= 40, "{count}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_redirects_and_each_names_its_type_and_forbids_guessing_it() {
    let server = Server::start().await;
    let document: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    let described = operations(&document).into_iter().map(|(method, path, _)| (method, path));
    let others = ["/", "/api", "/nowhere", "/api/v1/sdk/customer//"].map(|path| (Method::GET, path.to_owned()));
    for (method, path) in described.chain(others) {
        let answer = server.call(method.clone(), &path).send().await;
        assert!(![1, 3].contains(&(answer.status / 100)), "{method} {path}: {}", answer.status);
        assert_eq!(answer.header("location"), None, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"), "{method} {path}");
        assert_eq!(answer.header("set-cookie"), None, "{method} {path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{method} {path}: {policy}");
    }
    server.stop().await;
}

/// Nothing else is ever looked at: no hint, no question, no role, no flag of an operator's.
#[test]
fn these_are_all_the_fields_that_a_request_can_have() {
    let document: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    let mut names: Vec<String> =
        operations(&document).iter().flat_map(|(_, _, operation)| fields(operation)).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let expected = [
        "auth_token",
        "confirm_new_password",
        "display_name",
        "email",
        "first_name",
        "last_name",
        "metadata",
        "new_password",
        "old_password",
        "organization",
        "password",
        "phone",
        "salutation",
        "site_id",
        "title",
        "username",
    ];
    assert_eq!(names, expected);
    for (method, path, operation) in operations(&document) {
        for (name, schema) in fields(&operation) {
            let is_token = name == "auth_token";
            let is_bounded = ["maxLength", "maxProperties", "format"].iter().any(|bound| schema.get(bound).is_some());
            assert!(is_bounded || is_token, "{method} {path}: {name} has no bound");
        }
    }
}
