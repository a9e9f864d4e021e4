//! Probes, metrics and the description, through the table.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use http::StatusCode;
use utoipa::openapi::path::{Operation, OperationBuilder};

use super::{Readiness, observe};
use crate::http::address::TrustedProxies;
use crate::http::admission::AdmissionLimits;
use crate::http::error::ApiError;
use crate::http::request::RequestIds;
use crate::http::routes::{Door, Doorway, Route, Table};

fn door(readiness: Readiness, routes: Vec<Route<Readiness>>) -> Arc<Door<Readiness>> {
    Door::new(Doorway {
        context: Arc::new(readiness),
        table: Table::new(routes).unwrap(),
        origins: Box::new(|_, _| false),
        proxies: TrustedProxies::default(),
        admission: AdmissionLimits::default(),
        ids: RequestIds::new(0),
    })
}

#[tokio::test]
async fn readiness_is_what_the_engine_says_and_health_is_not() {
    for (readiness, status, body) in [
        (Readiness::Ready, StatusCode::OK, r#"{"status":"ready"}"#),
        (Readiness::NotYet, StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"not_ready"}"#),
        (Readiness::ReadOnly, StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"read_only"}"#),
    ] {
        let filter = door(readiness, vec![super::healthz(), super::readyz(|readiness| *readiness)]).filter();
        let answer = warp::test::request().path("/readyz").reply(&filter).await;
        assert_eq!((answer.status(), answer.body().as_ref()), (status, body.as_bytes()));
        let answer = warp::test::request().path("/healthz").reply(&filter).await;
        assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::OK, br#"{"status":"up"}"#.as_slice()));
    }
}

#[test]
fn metrics_name_routes_methods_and_classes_and_nothing_a_client_wrote() {
    let recorder = observe::recorder().unwrap();
    let operation: fn() -> Operation = || OperationBuilder::new().build();
    let routes = vec![
        super::metrics(observe::of(&recorder)),
        Route::get("/things/{id}", "thing", |_, _| async { Err(ApiError::token_missing()) }, operation),
    ];
    let filter = door(Readiness::Ready, routes).filter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            for (method, path) in [("GET", "/things/canary?canary=1"), ("CANARY", "/canary")] {
                warp::test::request().method(method).path(path).header("x-request-id", "canary").reply(&filter).await;
            }
            let answer = warp::test::request().path("/metrics").reply(&filter).await;
            String::from_utf8(answer.body().to_vec()).unwrap()
        })
    });
    for line in [
        r#"doorward_http_requests_total{route="thing",method="GET",class="4xx"} 1"#,
        r#"doorward_http_requests_total{route="unmatched",method="other",class="4xx"} 1"#,
        r#"doorward_http_request_seconds_count{route="thing"} 1"#,
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.to_lowercase().contains("canary"), "{text}");
}

/// What the log says of requests that carry a secret in every place a client can write to.
#[test]
fn the_log_line_of_a_request_names_the_route_and_nothing_a_client_wrote() {
    let written: Arc<std::sync::Mutex<Vec<u8>>> = Arc::default();
    let sink = Arc::clone(&written);
    let log = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Sink(Arc::clone(&sink)))
        .finish();
    let operation: fn() -> Operation = || OperationBuilder::new().build();
    let filter = door(
        Readiness::Ready,
        vec![Route::post("/things/{id}", "thing", |_, _| async { Err(ApiError::token_missing()) }, operation)],
    )
    .filter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(log, || {
        runtime.block_on(async {
            let request = warp::test::request().method("POST").path("/things/canary?site_id=canary&token=canary");
            let request = request
                .header("authorization", "Bearer canary")
                .header("user-agent", "canary")
                .header("cookie", "canary");
            let request = request.header("content-type", "application/json").header("x-request-id", "canary");
            request.body(r#"{"password":"canary"}"#).reply(&filter).await;
        });
    });
    let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert!(text.contains(r#""route":"thing""#) && text.contains(r#""status":401"#), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

struct Sink(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
