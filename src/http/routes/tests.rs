//! The table through its filter.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use proptest::prelude::*;
use tokio::sync::Semaphore;
use utoipa::openapi::path::{Operation, OperationBuilder};

use super::{Door, Doorway, Route, Table, TableError};
use crate::http::address::TrustedProxies;
use crate::http::admission::{AdmissionLimits, Work};
use crate::http::body::BodyPolicy;
use crate::http::cors::Cors;
use crate::http::error::{ApiError, Outcome};
use crate::http::ops;
use crate::http::ops::Readiness;
use crate::http::reply::Reply;
use crate::http::request::{Request, RequestIds};

#[derive(Default)]
struct Context {
    entered: Option<Semaphore>,
    released: Option<Semaphore>,
}

fn operation() -> Operation {
    OperationBuilder::new().build()
}

async fn show(_: Arc<Context>, request: Request) -> Outcome {
    let site = request.site_id()?.map(|site| site.0);
    Reply::data(&(request.method().as_str(), request.param(), site, request.fields().text("text")))
}

async fn refuse(_: Arc<Context>, _: Request) -> Outcome {
    Err(ApiError::token_invalid())
}

async fn panic_later(_: Arc<Context>, _: Request) -> Outcome {
    tokio::task::yield_now().await;
    panic!("canary");
}

async fn wait(context: Arc<Context>, _: Request) -> Outcome {
    context.entered.as_ref().unwrap().add_permits(1);
    context.released.as_ref().unwrap().acquire().await.unwrap().forget();
    Ok(Reply::nothing())
}

fn routes() -> Vec<Route<Context>> {
    let mut routes = vec![
        Route::get("/api/v1/things", "things", show, operation),
        Route::post("/api/v1/things", "things_create", show, operation),
        Route::put("/api/v1/things", "things_update", show, operation).body(BodyPolicy::Fields { len_max: 32 }),
        Route::delete("/api/v1/things/{id}", "thing_delete", show, operation),
        Route::get("/accounts/{account_id}/.well-known/jwks.json", "jwks", show, operation),
        Route::post("/refuse", "refuse", refuse, operation).promising_errors(),
        Route::get("/panics", "panics", |_, _| -> std::future::Ready<Outcome> { panic!("canary") }, operation),
        Route::get("/panics/later", "panics_later", panic_later, operation),
        Route::post("/wait", "wait", wait, operation),
        ops::healthz(),
        ops::readyz(|_: &Context| Readiness::ReadOnly),
    ];
    ops::openapi::add_to(&mut routes, Vec::new()).unwrap();
    routes
}

fn door(context: Arc<Context>, admission: AdmissionLimits) -> Arc<Door<Context>> {
    Door::new(Doorway {
        context,
        table: Table::new(routes()).unwrap(),
        origins: Box::new(|origin, site| match site {
            Some(site) => site.0 == 1 && origin.as_str() == "https://one.example",
            None => origin.as_str().ends_with(".example"),
        }),
        proxies: TrustedProxies::default(),
        admission,
        ids: RequestIds::new(0),
    })
}

async fn ask(request: warp::test::RequestBuilder) -> Response<Bytes> {
    request.reply(&door(Arc::default(), AdmissionLimits::default()).filter()).await
}

async fn get(method: &str, path: &str) -> Response<Bytes> {
    ask(warp::test::request().method(method).path(path)).await
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_path_leads_to_its_row_whatever_its_last_slash_and_its_escapes() {
    let cases = [
        ("GET", "/api/v1/things", r#"{"data":["GET","",null,null]}"#),
        ("GET", "/api/v1/things/", r#"{"data":["GET","",null,null]}"#),
        ("GET", "/api/v1/%74hings?site_id=7", r#"{"data":["GET","",7,null]}"#),
        ("POST", "/api/v1/things", r#"{"data":["POST","",null,null]}"#),
        ("DELETE", "/api/v1/things/a%20b", r#"{"data":["DELETE","a b",null,null]}"#),
        ("DELETE", "/api/v1/things/42/", r#"{"data":["DELETE","42",null,null]}"#),
        ("GET", "/accounts/9/.well-known/jwks.json", r#"{"data":["GET","9",null,null]}"#),
    ];
    for (method, path, body) in cases {
        let response = get(method, path).await;
        assert_eq!((response.status(), text(&response)), (StatusCode::OK, body), "{method} {path}");
    }
}

#[tokio::test]
async fn other_paths_are_404_other_methods_405_and_false_urls_400() {
    let cases = [
        ("GET", "/", 404, "route_not_found"),
        ("GET", "/api/v1/things//", 404, "route_not_found"),
        ("GET", "/api/v1//things", 404, "route_not_found"),
        ("GET", "/api/v1/Things", 404, "route_not_found"),
        ("GET", "/api/v1/x/../things", 404, "route_not_found"),
        ("DELETE", "/api/v1/things/a/b", 404, "route_not_found"),
        ("GET", "/accounts//.well-known/jwks.json", 404, "route_not_found"),
        ("GET", "/accounts/a/b/.well-known/jwks.json", 404, "route_not_found"),
        ("PATCH", "/api/v1/things", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/things", 405, "method_not_allowed"),
        ("GET", "/api/v1/things/42", 405, "method_not_allowed"),
        ("OPTIONS", "/healthz", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/things/a%2Fb", 400, "url_malformed"),
        ("DELETE", "/api/v1/things/%00", 400, "url_malformed"),
        ("DELETE", "/api/v1/things/%", 400, "url_malformed"),
        ("DELETE", "/api/v1/things/%ff", 400, "url_malformed"),
        ("GET", "/api/v1/things?a=1&a=2", 400, "url_malformed"),
        ("GET", "/api/v1/things?a=%zz", 400, "url_malformed"),
    ];
    for (method, path, status, code) in cases {
        let response = get(method, path).await;
        assert_eq!(response.status(), status, "{method} {path}");
        assert!(text(&response).contains(code), "{method} {path}: {}", text(&response));
    }
    assert_eq!(header(&get("PATCH", "/api/v1/things").await, "allow"), Some("GET, HEAD, POST, PUT, OPTIONS"));
    assert_eq!(header(&get("POST", "/healthz").await, "allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let (get, head) = (get("GET", "/api/v1/things").await, get("HEAD", "/api/v1/things").await);
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.body().is_empty());
    assert_eq!(header(&head, "content-length"), Some(get.body().len().to_string().as_str()));
    assert_eq!(header(&head, "content-type"), header(&get, "content-type"));
}

#[tokio::test]
async fn every_answer_wears_the_headers_of_the_house() {
    for (method, path) in [
        ("GET", "/api/v1/things"),
        ("GET", "/nowhere"),
        ("PATCH", "/api/v1/things"),
        ("GET", "/%zz"),
        ("GET", "/panics"),
        ("GET", "/healthz"),
        ("POST", "/refuse"),
    ] {
        let response = get(method, path).await;
        let of = |name| header(&response, name);
        assert_eq!(of("content-type"), Some("application/json; charset=utf-8"), "{path}");
        assert_eq!(of("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(of("cache-control"), Some("no-store"), "{path}");
        assert_eq!(of("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(of("x-request-id"), Some("0000000000000000-1"), "{path}");
        assert_eq!(of("server"), None, "{path}");
        assert_eq!(of("access-control-allow-credentials"), None, "{path}");
        assert_eq!(of("vary"), if path == "/healthz" { None } else { Some("Origin") }, "{path}");
    }
}

#[tokio::test]
async fn only_registered_origins_may_read_errors_included() {
    let cases = [
        ("https://one.example", "/api/v1/things?site_id=1", true),
        ("https://one.example", "/api/v1/things?site_id=2", false),
        ("https://two.example", "/api/v1/things?site_id=1", false),
        ("http://one.example", "/api/v1/things?site_id=1", false),
        ("https://one.example.evil", "/api/v1/things?site_id=1", false),
        ("https://two.example", "/api/v1/things", true),
        ("https://two.example", "/nowhere", true),
        ("https://two.example", "/panics", true),
        ("https://two.example", "/healthz", false),
        ("null", "/api/v1/things", false),
    ];
    for (origin, path, granted) in cases {
        let response = ask(warp::test::request().path(path).header("origin", origin)).await;
        assert_eq!(header(&response, "access-control-allow-origin"), granted.then_some(origin), "{origin} {path}");
    }
    let in_body = warp::test::request().method("POST").path("/api/v1/things").header("origin", "https://two.example");
    let response = ask(in_body.header("content-type", "application/json").body(r#"{"site_id":1}"#)).await;
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_preflight_allows_the_published_headers_and_the_methods_of_the_path() {
    let request =
        warp::test::request().method("OPTIONS").path("/api/v1/things/").header("origin", "https://one.example");
    let response = ask(request.header("access-control-request-method", "POST")).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let of = |name| header(&response, name);
    assert_eq!(of("access-control-allow-origin"), Some("https://one.example"));
    assert_eq!(of("access-control-allow-methods"), Some("GET, HEAD, POST, PUT, OPTIONS"));
    let headers = "Authorization, Content-Type, Cache-Control, X-Pelcro-Sdk-Version";
    assert_eq!(of("access-control-allow-headers"), Some(headers));
    assert_eq!(of("content-type"), None);

    let request = warp::test::request().method("OPTIONS").path("/api/v1/things").header("origin", "https://evil.test");
    let response = ask(request).await;
    assert_eq!(header(&response, "access-control-allow-origin"), None);
    assert_eq!(header(&response, "access-control-allow-methods"), None);
    assert_eq!(header(&response, "allow"), Some("GET, HEAD, POST, PUT, OPTIONS"));
}

#[tokio::test]
async fn a_body_is_bounded_by_its_route_and_read_by_its_type() {
    let send = |method: &'static str, content_type: &'static str, body: String| async move {
        let request = warp::test::request().method(method).path("/api/v1/things").header("content-type", content_type);
        let response = ask(request.body(body)).await;
        (response.status().as_u16(), text(&response).to_owned())
    };
    let padded = |len: usize| format!("{}{{}}", " ".repeat(len - 2));
    assert_eq!(send("PUT", "application/json", padded(32)).await.0, 200);
    assert_eq!(send("PUT", "application/json", padded(33)).await.0, 413);
    assert_eq!(send("POST", "application/json", padded(64 * 1024)).await.0, 200);
    assert_eq!(send("POST", "application/json", padded(64 * 1024 + 1)).await.0, 413);
    assert_eq!(send("POST", "text/plain", padded(32)).await.0, 415);
    let liar = warp::test::request().method("PUT").path("/api/v1/things").header("content-type", "application/json");
    let response = ask(liar.body(padded(33)).header("content-length", "2")).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let (status, body) = send("POST", "application/x-www-form-urlencoded", "text=a+b&site_id=3".to_owned()).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":["POST","",3,"a b"]}"#));
    let (status, body) = send("POST", "application/json", r#"{"text":1,"text":2}"#.to_owned()).await;
    assert_eq!(status, 400);
    assert!(body.contains("body_duplicate_key"), "{body}");
}

#[tokio::test]
async fn the_connection_ends_with_a_request_whose_body_was_left_unread() {
    let connection = |path: &'static str, content_type: &'static str, body: &'static str| async move {
        let request = warp::test::request().method("POST").path(path).header("content-type", content_type);
        let response = ask(request.header("content-length", body.len()).body(body)).await;
        header(&response, "connection").map(str::to_owned)
    };
    let closes = Some("close".to_owned());
    assert_eq!(connection("/api/v1/things", "application/json", "{}").await, None);
    assert_eq!(connection("/api/v1/things", "application/json", "{").await, None);
    assert_eq!(connection("/api/v1/things", "application/json", "").await, None);
    assert_eq!(connection("/api/v1/things", "text/plain", "{}").await, closes);
    assert_eq!(connection("/nowhere", "application/json", "{}").await, closes);
}

#[tokio::test]
async fn a_route_that_promises_errors_has_them_even_for_what_no_handler_saw() {
    let send = |content_type: &'static str, body: &'static str| async move {
        let request = warp::test::request().method("POST").path("/refuse").header("content-type", content_type);
        let response = ask(request.body(body)).await;
        serde_json::from_slice::<serde_json::Value>(response.body()).unwrap()
    };
    for answer in
        [send("application/json", "{}").await, send("application/json", "{").await, send("text/plain", "x").await]
    {
        assert!(answer.pointer("/errors/request/0").unwrap().is_string(), "{answer}");
    }
}

#[tokio::test]
async fn a_panic_is_a_fault_of_its_request_and_shows_nothing() {
    for path in ["/panics", "/panics/later"] {
        let response = get("GET", path).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let expected = r#"{"error":{"status":500,"message":"Something went wrong on our side.","code":"internal","report_id":"0000000000000000-1"}}"#;
        assert_eq!(text(&response), expected);
    }
}

#[tokio::test]
async fn past_the_permits_the_answer_is_503_and_probes_go_on() {
    let context = Arc::new(Context { entered: Some(Semaphore::new(0)), released: Some(Semaphore::new(0)) });
    let limits = AdmissionLimits { requests_max: 1, writes_max: 1, body_bytes_max: 10 };
    let filter = door(Arc::clone(&context), limits).filter();
    let held = filter.clone();
    let holding = tokio::spawn(async move { warp::test::request().method("POST").path("/wait").reply(&held).await });
    context.entered.as_ref().unwrap().acquire().await.unwrap().forget();
    for (method, path) in [("POST", "/api/v1/things"), ("GET", "/api/v1/things")] {
        let response = warp::test::request().method(method).path(path).reply(&filter).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(header(&response, "retry-after"), Some("1"));
        assert!(text(&response).contains("overloaded"), "{}", text(&response));
    }
    // Refused before the body is looked at.
    let large = warp::test::request().method("POST").path("/api/v1/things").body([b'x'; 128 * 1024]);
    assert_eq!(large.reply(&filter).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(warp::test::request().path("/healthz").reply(&filter).await.status(), StatusCode::OK);
    context.released.as_ref().unwrap().add_permits(1);
    assert_eq!(holding.await.unwrap().status(), StatusCode::NO_CONTENT);
    let send = |body: &'static str| {
        let request =
            warp::test::request().method("POST").path("/api/v1/things").header("content-type", "application/json");
        let filter = filter.clone();
        async move { request.body(body).reply(&filter).await.status() }
    };
    assert_eq!(send("{}        ").await, StatusCode::OK);
    assert_eq!(send("{}         ").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(send("{}        ").await, StatusCode::OK);
}

#[tokio::test]
async fn every_operation_of_the_document_is_served() {
    let response = get("GET", "/openapi.json").await;
    assert_eq!(header(&response, "cache-control"), Some("public, max-age=300"));
    let document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let mut count = 0;
    for (path, item) in document.get("paths").unwrap().as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation.get("operationId").unwrap().is_string(), "{method} {path}");
            if path == "/wait" {
                continue;
            }
            let path = path.replace("{id}", "1").replace("{account_id}", "1");
            let status = get(&method.to_uppercase(), &path).await.status();
            assert!(!matches!(status.as_u16(), 404 | 405), "{method} {path}");
            count += 1;
        }
    }
    assert_eq!(count, routes().len() - 1);
}

#[test]
fn a_table_refuses_rows_that_contradict_each_other() {
    let table = |rows: Vec<Route<Context>>| Table::new(rows).map(drop);
    let row = |path| Route::get(path, "row", show, operation).work(Work::Read).cors(Cors::Never);
    assert_eq!(table(vec![row("/a"), row("/a")]), Err(TableError::Twice("/a")));
    assert_eq!(table(vec![row("/a/{x}"), row("/a/{y}")]), Err(TableError::Twice("/a/{y}")));
    assert_eq!(table(vec![row("/a/{x}"), row("/a/{x}/b"), row("/a/b")]), Ok(()));
    for path in ["", "a", "/a/", "//", "/a/{x", "/a{x}", "/a/{x}b", "/{x}/{y}"] {
        assert_eq!(table(vec![row(path)]), Err(TableError::Path(path)), "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_url_and_no_body_makes_the_door_fail(path in "/[ -~&&[^ #<>\"`{}|\\\\^]]{0,40}", body in proptest::collection::vec(any::<u8>(), 0..200), json in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let content_type = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        if path.parse::<http::Uri>().is_ok() {
            for path in [path.as_str(), "/api/v1/things"] {
                let request = warp::test::request().method("POST").path(path).header("content-type", content_type).body(&body);
                let response = runtime.block_on(ask(request));
                prop_assert!(response.status().as_u16() < 500, "{}", text(&response));
            }
        }
    }
}
