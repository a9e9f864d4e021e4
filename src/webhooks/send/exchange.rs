//! One request and its answer over a connection: HTTP/1.1, no body of a reply kept, the connection closed after it.

use std::io;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::capped::{Capped, PAST_THE_CAP};
use super::connect::Connected;
use super::report::{Fault, HEAD_LEN_MAX, Head, Outcome, Stage};
use crate::webhooks::sign::Signed;
use crate::webhooks::target::Target;

/// What a reply's status line and headers may take together.
const REPLY_HEADERS_LEN_MAX: usize = 16 * 1_024;
/// The headers a reply may have.
const REPLY_HEADERS_MAX: usize = 64;

const AGENT: &str = concat!("Doorward/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// Where an exchange ends.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) deadline: Instant,
    pub(super) reply_len_max: usize,
}

/// Sends the body and waits for the answer. Whatever happens, the connection is gone afterwards.
pub(super) async fn run(
    connected: Connected,
    target: &Target,
    (body, signed): (Bytes, &Signed),
    bounds: Bounds,
) -> (Outcome, Head) {
    // Dropped at the end of this function, it ends the connection with it.
    let mut connection = JoinSet::new();
    let request = request(target, body, signed);
    let connected = Capped::new(connected, bounds.reply_len_max.saturating_add(REPLY_HEADERS_LEN_MAX));
    match timeout_at(bounds.deadline, answer(connected, request, &mut connection)).await {
        Err(_elapsed) => (Outcome::TimedOut(Stage::Answering), Head::default()),
        Ok(Err(fault)) => (Outcome::Unreachable(fault), Head::default()),
        Ok(Ok(reply)) => {
            let outcome = Outcome::of_status(reply.status());
            (outcome, head(reply.into_body(), bounds).await)
        }
    }
}

fn request(target: &Target, body: Bytes, signed: &Signed) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.path().clone().into();
    let headers = request.headers_mut();
    headers.insert(HOST, target.authority().clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.extend(signed.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    request
}

async fn answer(
    connected: Capped<Connected>,
    request: Request<Full<Bytes>>,
    connection: &mut JoinSet<()>,
) -> Result<Response<Incoming>, Fault> {
    let mut client = http1::Builder::new();
    client.max_buf_size(REPLY_HEADERS_LEN_MAX).max_headers(REPLY_HEADERS_MAX);
    let (mut sender, driver) = client.handshake(TokioIo::new(connected)).await.map_err(|error| fault(&error))?;
    connection.spawn(async {
        // What goes wrong is told to the one who waits for the answer.
        drop(driver.await);
    });
    sender.send_request(request).await.map_err(|error| fault(&error))
}

fn fault(error: &hyper::Error) -> Fault {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    let has_no_end = cause.is_some_and(|cause| cause.kind() == PAST_THE_CAP);
    if error.is_parse() || has_no_end { Fault::NotHttp } else { Fault::Closed }
}

/// Reads the reply to its end, or as far as the bounds allow, so that an honest receiver sees its answer taken; keeps its beginning.
async fn head(mut body: Incoming, bounds: Bounds) -> Head {
    let mut kept = Vec::with_capacity(HEAD_LEN_MAX);
    let mut read = 0_usize;
    while let Ok(Some(Ok(frame))) = timeout_at(bounds.deadline, body.frame()).await {
        let Some(bytes) = frame.data_ref() else { break };
        kept.extend(bytes.iter().take(HEAD_LEN_MAX - kept.len()));
        read = read.saturating_add(bytes.len());
        if read >= bounds.reply_len_max {
            break;
        }
    }
    Head::of(&kept)
}
