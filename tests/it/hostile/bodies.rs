//! Bodies and queries that two parsers could read differently, or that are out of bounds.

use crate::server::{PASSWORD, Server};
use serde_json::json;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn nested(levels: usize) -> String {
    format!(r#"{{"site_id":2,"metadata":{{"a":{}1{}}}}}"#, "[".repeat(levels), "]".repeat(levels))
}

fn keys(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|n| format!(r#""k{n}":0"#)).collect();
    format!("{{{}}}", keys.join(","))
}

/// Name, content type, body, status, code.
type Row = (&'static str, &'static str, Vec<u8>, u16, &'static str);

fn json_rows() -> Vec<Row> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("no JSON", JSON, text("{"), 400, "body_malformed"),
        ("two documents", JSON, text("{}{}"), 400, "body_malformed"),
        ("a trailing comma", JSON, text(r#"{"email":"a",}"#), 400, "body_malformed"),
        ("a comment", JSON, text("{/*x*/}"), 400, "body_malformed"),
        ("NaN", JSON, text(r#"{"site_id":NaN}"#), 400, "body_malformed"),
        ("1e400", JSON, text(r#"{"site_id":1e400}"#), 400, "body_malformed"),
        ("a byte order mark", JSON, text("\u{feff}{}"), 400, "body_malformed"),
        ("a list", JSON, text("[]"), 400, "body_not_an_object"),
        ("a text", JSON, text("\"x\""), 400, "body_not_an_object"),
        ("null", JSON, text("null"), 400, "body_not_an_object"),
        ("a duplicate key", JSON, text(r#"{"email":"a","email":"b"}"#), 400, "body_duplicate_key"),
        ("a duplicate key, escaped", JSON, text(r#"{"email":"a","\u0065mail":"b"}"#), 400, "body_duplicate_key"),
        ("a duplicate key, deep", JSON, text(r#"{"metadata":{"a":1,"a":2}}"#), 400, "body_duplicate_key"),
        ("deep nesting", JSON, text(&nested(31)), 400, "body_too_deep"),
        ("very deep nesting", JSON, text(&nested(20_000)), 400, "body_too_deep"),
        ("many keys", JSON, text(&keys(1_001)), 400, "body_too_many_keys"),
        (
            "a long text",
            JSON,
            text(&format!(r#"{{"email":"{}"}}"#, "x".repeat(8 * 1024 + 1))),
            400,
            "body_text_too_long",
        ),
        ("a long key", JSON, text(&format!(r#"{{"{}":1}}"#, "x".repeat(8 * 1024 + 1))), 400, "body_text_too_long"),
        ("a zero character", JSON, text(r#"{"email":"a\u0000b"}"#), 400, "body_zero_character"),
        ("a lone surrogate", JSON, text(r#"{"email":"\ud800"}"#), 400, "body_malformed"),
        ("a reversed pair of surrogates", JSON, text(r#"{"email":"\udc00\ud800"}"#), 400, "body_malformed"),
        ("no UTF-8", JSON, b"{\"email\":\"\xff\"}".to_vec(), 400, "body_not_utf8"),
        ("an encoded surrogate", JSON, b"{\"email\":\"\xed\xa0\x80\"}".to_vec(), 400, "body_not_utf8"),
    ]
}

fn other_rows() -> Vec<Row> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("another charset", "application/json; charset=utf-16", text("{}"), 415, "media_type_unsupported"),
        ("plain text", "text/plain", text("{}"), 415, "media_type_unsupported"),
        ("XML", "application/xml", text("<a/>"), 415, "media_type_unsupported"),
        ("multipart", "multipart/form-data; boundary=x", text("--x--"), 415, "media_type_unsupported"),
        ("JSON said to be a form", FORM, text(r#"{"email":"a%zz"}"#), 400, "body_malformed"),
        ("a form with a key twice", FORM, text("email=a&email=b"), 400, "body_duplicate_key"),
        ("a form with a key twice, escaped", FORM, text("email=a&%65mail=b"), 400, "body_duplicate_key"),
        ("a form with a zero character", FORM, text("email=%00"), 400, "body_zero_character"),
        ("a form that is no UTF-8", FORM, text("email=%ff"), 400, "body_not_utf8"),
        ("a form with half an escape", FORM, text("email=%4"), 400, "body_malformed"),
        ("a form with a list", FORM, text("email[]=a"), 400, "body_malformed"),
        ("too large", JSON, vec![b' '; 64 * 1024 + 1], 413, "body_too_large"),
        ("a site that is a list", JSON, text(r#"{"site_id":[2]}"#), 400, "validation_failed"),
        ("a site that is a fraction", JSON, text(r#"{"site_id":2.5}"#), 400, "validation_failed"),
        ("a site that is negative", JSON, text(r#"{"site_id":-2}"#), 400, "validation_failed"),
        ("a site that is huge", JSON, text(r#"{"site_id":99999999999999999999999999}"#), 400, "validation_failed"),
        ("a site that is an object", JSON, text(r#"{"site_id":{"$gt":0}}"#), 400, "validation_failed"),
        (
            "a site of nobody",
            JSON,
            text(r#"{"site_id":4000000000,"email":"a@b.example","password":"plenty of tulips"}"#),
            400,
            "site_not_found",
        ),
        (
            "an e-mail that is a list",
            JSON,
            text(r#"{"site_id":2,"email":["a@b.example"],"password":"x"}"#),
            400,
            "validation_failed",
        ),
        (
            "a password that is a number",
            JSON,
            text(r#"{"site_id":2,"email":"a@b.example","password":1}"#),
            400,
            "validation_failed",
        ),
        (
            "a password that is true",
            JSON,
            text(r#"{"site_id":2,"email":"a@b.example","password":true}"#),
            400,
            "validation_failed",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bad_body_is_refused_with_its_own_code() {
    let server = Server::start().await;
    for path in ["/api/v1/sdk/auth/login", "/api/v1/sdk/auth/register"] {
        for (name, content_type, body, status, code) in json_rows().into_iter().chain(other_rows()) {
            let answer = server.post(path).raw(content_type, body).send().await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}: {name}: {}", answer.text);
        }
    }
    // The neighbours at the bounds are fine.
    let register = server.post("/api/v1/sdk/auth/register");
    let body = format!(
        r#"{{"site_id":{},"email":"ada@example.org","password":"{PASSWORD}","metadata":{{"a":{}1{}}}}}"#,
        server.shop.id(),
        "[".repeat(30),
        "]".repeat(30),
    );
    register.raw(JSON, body).send().await.data();
    server.login(&server.shop, "ada@example.org").await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compressed_body_is_refused_unread() {
    let server = Server::start().await;
    for encoding in ["gzip", "deflate", "br", "identity, gzip"] {
        let call = server.post("/api/v1/sdk/auth/login").header("content-encoding", encoding);
        call.raw(JSON, b"\x1f\x8b\x08".to_vec()).send().await.refused(415, "media_type_unsupported");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn query_and_body_must_not_name_two_sites() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    let fields = json!({"email": "ada@example.org", "password": PASSWORD});
    let login = |query: u32| {
        let call = server.post("/api/v1/sdk/auth/login").query("site_id", &query.to_string());
        call.site(&server.shop).fields(fields.clone()).send()
    };
    login(server.news.id().0).await.refused(400, "validation_failed").names("site_id");
    login(server.foreign.id().0).await.refused(400, "validation_failed").names("site_id");
    login(server.shop.id().0).await.data();
    let twice = format!("/api/v1/sdk/site?site_id={0}&site_id={0}", server.shop.id());
    server.get(&twice).send().await.refused(400, "url_malformed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_that_hops_could_read_differently_lead_nowhere() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    for (path, status, code) in [
        ("/api/v1/sdk%2Fcustomer", 400, "url_malformed"),
        ("/api/v1/sdk/customer%00", 400, "url_malformed"),
        ("/api/v1/sdk/customer%5c", 400, "url_malformed"),
        ("/api/v1/sdk/customer%", 400, "url_malformed"),
        ("/api/v1/sdk/customer%ff", 400, "url_malformed"),
        ("/api/v1/sdk//customer", 404, "route_not_found"),
        ("/api/v1/sdk/CUSTOMER", 404, "route_not_found"),
        ("/api/v1/sdk/customer/x", 404, "route_not_found"),
        ("/api/v1/core/customers", 404, "route_not_found"),
    ] {
        let answer = server.post(path).bearer(&token).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
    let long = format!("/api/v1/sdk/site?x={}", "y".repeat(8 * 1024));
    server.get(&long).send().await.refused(414, "url_too_long");
    for (method, path) in
        [("GET", "/api/v1/sdk/auth/login"), ("DELETE", "/api/v1/sdk/site"), ("PATCH", "/api/v1/sdk/customer")]
    {
        server.call(method.parse().unwrap(), path).send().await.refused(405, "method_not_allowed");
    }
    server.stop().await;
}
