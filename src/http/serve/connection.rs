//! The life of one connection: first byte, requests, close.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use warp::reply::Response;

use super::body::Metered;
use super::guard::{Guarded, Line};
use super::limits::Limits;
use super::{Incoming as ServeRequest, PeerAddr};
use crate::http::error::ApiError;

/// hyper refuses, by a panic, to work with a smaller buffer.
const BUFFER_LEN_MIN: usize = 8192;

/// What every connection of a listener has in common.
#[derive(Clone, Debug)]
pub(super) struct Shared<S> {
    pub(super) service: S,
    pub(super) limits: Arc<Limits>,
    pub(super) stop: watch::Receiver<bool>,
}

impl<S> Shared<S>
where
    S: Service<ServeRequest, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Serves one connection to its end. Errors of the transport end it and concern nobody else.
    pub(super) async fn run(self, stream: TcpStream, peer: SocketAddr) {
        let Self { service, limits, mut stop } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let mut first = [0];
        let spoke = tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            spoke = timeout(limits.first_byte_timeout, stream.peek(&mut first)) => spoke,
        };
        if !matches!(spoke, Ok(Ok(1))) {
            return;
        }
        let line = Arc::new(Line::default());
        let io = TokioIo::new(Guarded::new(stream, Arc::clone(&line), &limits));
        let answering = Arc::clone(&limits);
        let answer = service_fn(move |request| {
            answer(service.clone(), request, Arc::clone(&line), Seat { peer, limits: Arc::clone(&answering) })
        });
        let mut connection = std::pin::pin!(protocol(&limits).serve_connection(io, answer));
        let outcome = tokio::select! {
            biased;
            outcome = connection.as_mut() => Some(outcome),
            _ = stop.wait_for(|stopping| *stopping) => None,
            () = sleep(limits.connection_age_max) => None,
        };
        let outcome = match outcome {
            Some(outcome) => outcome,
            None => {
                connection.as_mut().graceful_shutdown();
                timeout(limits.drain_timeout, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// HTTP/1.1 (and 1.0) only: no upgrade, so no HTTP/2 over clear text.
fn protocol(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Only a second line behind `Guarded`: hyper starts this time when the last answer ended.
        .header_read_timeout(limits.idle_timeout.saturating_add(limits.head_timeout))
        .max_headers(limits.headers_max)
        .max_header_size(limits.head_len_max.max(BUFFER_LEN_MIN))
        .max_buf_size(limits.head_len_max.max(BUFFER_LEN_MIN))
        .keep_alive(true);
    builder
}

/// Where a request came in.
struct Seat {
    peer: SocketAddr,
    limits: Arc<Limits>,
}

async fn answer<S>(
    mut service: S,
    request: Request<Incoming>,
    line: Arc<Line>,
    seat: Seat,
) -> Result<Response, Infallible>
where
    S: Service<ServeRequest, Response = Response, Error = Infallible>,
{
    let _busy = line.hold();
    if line.is_tainted() || !names_one_host(&request) || !names_a_path(&request) {
        metrics::counter!("doorward_http_requests_malformed_total").increment(1);
        let mut refusal = ApiError::malformed_request().into_response();
        refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Ok(refusal);
    }
    // Behind a chunked body nothing is scanned, so nothing may follow it.
    let closes = request.headers().contains_key(TRANSFER_ENCODING);
    let mut request = request.map(|body| Metered::new(body, &seat.limits));
    request.extensions_mut().insert(PeerAddr(seat.peer));
    let mut response = service.call(request).await?;
    if closes {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn names_one_host(request: &Request<Incoming>) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        1 => true,
        _ => false,
    }
}

/// `CONNECT` names none, and warp would panic over it.
fn names_a_path(request: &Request<Incoming>) -> bool {
    request.uri().path_and_query().is_some()
}
