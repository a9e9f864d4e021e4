//! Metrics, and the one log line of each request.

use std::time::Duration;

use http::{Method, StatusCode};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::time::Instant;

use super::method_label;
use crate::http::request::RequestId;

/// Upper bounds of the buckets of a request's duration, in seconds.
const BUCKETS_SECS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// How often the recorder tidies up.
const UPKEEP: Duration = Duration::from_secs(5);
/// The route label of what matched none.
const UNMATCHED: &str = "unmatched";

/// Reads what has been counted.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
#[error("cannot install the metrics' recorder")]
pub struct MetricsError(#[source] BuildError);

impl Metrics {
    /// Installs the recorder for the whole process; once.
    ///
    /// # Errors
    /// If there is one already.
    pub fn install() -> Result<Self, MetricsError> {
        let recorder = recorder()?;
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| MetricsError(BuildError::from(error)))?;
        Ok(Self(handle))
    }

    /// The metrics as Prometheus reads them.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps what is remembered small; runs for as long as the server.
    pub async fn upkeep(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.0.run_upkeep();
        }
    }
}

pub(super) fn recorder() -> Result<PrometheusRecorder, MetricsError> {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS_SECS).map_err(MetricsError)?;
    Ok(builder.build_recorder())
}

#[cfg(test)]
pub(super) fn of(recorder: &PrometheusRecorder) -> Metrics {
    Metrics(recorder.handle())
}

/// One request under observation: counted and logged at its end, also when the client left before.
pub(in crate::http) struct Observed {
    id: RequestId,
    method: &'static str,
    route: &'static str,
    started: Instant,
    status: Option<StatusCode>,
}

impl Observed {
    pub(in crate::http) fn begin(id: &RequestId, method: &Method) -> Self {
        Self { id: id.clone(), method: method_label(method), route: UNMATCHED, started: Instant::now(), status: None }
    }

    pub(in crate::http) fn id(&self) -> &RequestId {
        &self.id
    }

    pub(in crate::http) fn matched(&mut self, route: &'static str) {
        self.route = route;
    }

    pub(in crate::http) fn finish(mut self, status: StatusCode) {
        self.status = Some(status);
    }

    fn class(&self) -> &'static str {
        match self.status.map(|status| status.as_u16() / 100) {
            Some(2) => "2xx",
            Some(3) => "3xx",
            Some(4) => "4xx",
            Some(5) => "5xx",
            Some(_) => "other",
            None => "gone",
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let (route, method, class) = (self.route, self.method, self.class());
        metrics::counter!("doorward_http_requests_total", "route" => route, "method" => method, "class" => class)
            .increment(1);
        metrics::histogram!("doorward_http_request_seconds", "route" => route).record(took.as_secs_f64());
        let status = self.status.map(|status| status.as_u16());
        let duration_ms = took.as_secs_f64() * 1000.0;
        tracing::info!(request_id = %self.id, route, method, status, duration_ms, "request");
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics(…)")
    }
}
