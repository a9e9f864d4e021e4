//! What operators ask: is the process up, is the engine ready, how is it doing, what does the API look like.
//!
//! Probes are answered even when all other work is refused. Metrics' labels come from the route table alone: names, methods,
//! classes of status; never an id, a path or an address.

pub mod observe;
pub mod openapi;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::response::ResponseBuilder;

use self::observe::Metrics;
use super::admission::Work;
use super::cors::Cors;
use super::reply::Reply;
use super::routes::Route;

/// What the engine says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Reads and writes.
    Ready,
    /// Recovering, or stopping: send nothing.
    NotYet,
    /// Writing has ended for good; session checks go on until the operator restarts.
    ReadOnly,
}

/// `/healthz`: 200 as long as the process can answer at all.
pub fn healthz<C: Send + Sync + 'static>() -> Route<C> {
    let handler = |_: Arc<C>, _| async { status(StatusCode::OK, "up") };
    let operation = || described("Whether the process is up.", &[("200", "It is.")]);
    Route::get("/healthz", "healthz", handler, operation).work(Work::Probe).cors(Cors::Never)
}

/// `/readyz`: 200 when `ready` says so, else 503.
pub fn readyz<C: Send + Sync + 'static>(ready: impl Fn(&C) -> Readiness + Send + Sync + 'static) -> Route<C> {
    let handler = move |context: Arc<C>, _| {
        let readiness = ready(&context);
        async move {
            match readiness {
                Readiness::Ready => status(StatusCode::OK, "ready"),
                Readiness::NotYet => status(StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
                Readiness::ReadOnly => status(StatusCode::SERVICE_UNAVAILABLE, "read_only"),
            }
        }
    };
    let operation = || described("Whether to send requests here.", &[("200", "Yes."), ("503", "No.")]);
    Route::get("/readyz", "readyz", handler, operation).work(Work::Probe).cors(Cors::Never)
}

/// `/metrics` in Prometheus' text form.
pub fn metrics<C: Send + Sync + 'static>(metrics: Metrics) -> Route<C> {
    let handler = move |_: Arc<C>, _| {
        let text = metrics.render();
        async move { Ok(Reply::of(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text.into())) }
    };
    let operation = || described("Metrics in Prometheus' text form.", &[("200", "The metrics.")]);
    Route::get("/metrics", "metrics", handler, operation).work(Work::Probe).cors(Cors::Never)
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

fn status(code: StatusCode, status: &'static str) -> super::error::Outcome {
    Reply::json(code, &Status { status })
}

fn described(summary: &str, responses: &[(&str, &str)]) -> Operation {
    let mut operation = OperationBuilder::new().tag("operations").summary(Some(summary));
    for (code, meaning) in responses {
        operation = operation.response(*code, ResponseBuilder::new().description(*meaning).build());
    }
    operation.build()
}

/// The label of a method; what is not in the table's vocabulary is `other`.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
