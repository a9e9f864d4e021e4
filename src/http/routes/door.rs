//! One request from arrival to answer: look up, admit, read, handle, dress.
//!
//! Handlers see only what got this far. Every answer leaves through [`Door::dress`], so that no header depends on who made it.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use doorward_domain::account::site::Origin;
use doorward_domain::ids::SiteId;
use futures_core::Stream;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method};
use tracing::Instrument;
use warp::Filter;
use warp::path::FullPath;
use warp::reply::Response;
use zeroize::Zeroizing;

use super::{Answer, Route, Table, path};
use crate::http::address::TrustedProxies;
use crate::http::admission::{Admission, AdmissionLimits, Reserved};
use crate::http::body::{self, BodyPolicy, Fields};
use crate::http::cors::{self, Cors, Origins};
use crate::http::error::{self, ApiError, Outcome};
use crate::http::ops::observe::Observed;
use crate::http::reply::Reply;
use crate::http::request::{self, Query, Request, RequestIds};
use crate::http::serve::{BodyError, PeerAddr};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a door is made of.
pub struct Doorway<C> {
    /// What handlers are given.
    pub context: Arc<C>,
    /// The table.
    pub table: Table<C>,
    /// Who may read answers from a page.
    pub origins: Origins,
    /// Who may say who the client is.
    pub proxies: TrustedProxies,
    /// How much may be in hand.
    pub admission: AdmissionLimits,
    /// Names for requests.
    pub ids: RequestIds,
}

/// The table and everything that stands before and behind a handler.
pub struct Door<C> {
    context: Arc<C>,
    table: Table<C>,
    origins: Origins,
    proxies: TrustedProxies,
    admission: Admission,
    ids: RequestIds,
}

/// A request as warp took it apart.
struct Arrival {
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    peer: Option<PeerAddr>,
}

/// What the answer must wear, learnt on the way; what is not learnt before a refusal keeps the cautious default.
struct Dress {
    cors: Cors,
    origin: Option<Origin>,
    site: Option<SiteId>,
    preflight: Option<HeaderValue>,
    promises_errors: bool,
    without_body: bool,
    unread: bool,
}

impl<C: Send + Sync + 'static> Door<C> {
    /// A door of these parts.
    #[must_use]
    pub fn new(doorway: Doorway<C>) -> Arc<Self> {
        let Doorway { context, table, origins, proxies, admission, ids } = doorway;
        Arc::new(Self { context, table, origins, proxies, admission: Admission::new(admission), ids })
    }

    /// The one filter. It answers every request itself and rejects none.
    pub fn filter(self: &Arc<Self>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<C> {
        let door = Arc::clone(self);
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::ext::optional::<PeerAddr>())
            .map(|method, path, query, headers, peer| Arrival { method, path, query, headers, peer })
            .and(warp::body::stream())
            .then(move |arrival, body| {
                let door = Arc::clone(&door);
                Box::pin(async move { door.answer(arrival, body).await })
            })
            .recover(error::from_rejection)
            .unify()
    }

    async fn answer<B: Buf>(
        &self,
        arrival: Arrival,
        body: impl Stream<Item = Result<B, warp::Error>> + Send,
    ) -> Response {
        let id = self.ids.draw();
        let mut observed = Observed::begin(&id, &arrival.method);
        let mut dress = Dress {
            cors: Cors::Sites,
            origin: cors::origin(&arrival.headers),
            site: None,
            preflight: None,
            promises_errors: false,
            without_body: arrival.method == Method::HEAD,
            unread: announces_body(&arrival.headers),
        };
        let span = tracing::info_span!("request", %id);
        let outcome = self.respond(arrival, body, &mut dress, &mut observed).instrument(span).await;
        let reply = outcome.unwrap_or_else(|error| {
            let error = error.reported_as(id.as_str());
            if dress.promises_errors { error.with_errors_object().into() } else { error.into() }
        });
        let mut response = self.dress(reply, &dress);
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(&X_REQUEST_ID, id);
        }
        observed.finish(response.status());
        response
    }

    async fn respond<B: Buf>(
        &self,
        arrival: Arrival,
        body: impl Stream<Item = Result<B, warp::Error>> + Send,
        dress: &mut Dress,
        observed: &mut Observed,
    ) -> Outcome {
        let Arrival { method, path, query, headers, peer } = arrival;
        if path.as_str().len() + query.len() > path::URL_LEN_MAX {
            return Err(ApiError::url_too_long());
        }
        let path = path::decode(path.as_str())?;
        let matched = self.table.find(&path).ok_or_else(ApiError::no_route)?;
        let from_pages = matched.rows.iter().any(|route| route.cors == Cors::Sites);
        dress.cors = if from_pages { Cors::Sites } else { Cors::Never };
        let allow = error::allow(matched.rows.iter().map(|route| &route.method), dress.cors);
        if method == Method::OPTIONS && from_pages {
            dress.site = Query::parse(&query)?.get("site_id").and_then(request::site_of);
            dress.preflight = Some(allow.clone());
            return Ok(Reply::nothing().with_header(ALLOW, allow));
        }
        let method = if method == Method::HEAD { Method::GET } else { method };
        let route = matched.rows.into_iter().find(|route| route.method == method);
        let route = route.ok_or_else(|| ApiError::method_not_allowed(allow))?;
        observed.matched(route.name);
        dress.cors = route.cors;
        dress.promises_errors = route.promises_errors;
        let query = Query::parse(&query)?;
        dress.site = query.get("site_id").and_then(request::site_of);

        self.admission.look(route.work)?;
        let mut reserved = Reserved::default();
        let fields = match route.body {
            BodyPolicy::Ignored => Fields::default(),
            BodyPolicy::Fields { len_max } => {
                let bytes = self.read(len_max, &headers, body, &mut reserved).await?;
                dress.unread = false;
                body::parse(&headers, &bytes)?
            }
        };
        let param = matched.param.to_owned();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let client = request::client(peer, &headers, &self.proxies);
        let request = Request { id: observed.id().clone(), method, param, query, headers, client, fields };
        if dress.origin.is_some() {
            dress.site = request.presenting_site().or(dress.site);
        }
        let _permit = self.admission.admit(route.work)?;
        self.handle(route, request).await
    }

    /// Runs the handler. A panic in it is a fault of this request, not the end of the connection or the server.
    async fn handle(&self, route: &Route<C>, request: Request) -> Outcome {
        let handling = catch_unwind(AssertUnwindSafe(|| (route.handler)(Arc::clone(&self.context), request)));
        let caught = match handling {
            Ok(answer) => Caught(answer).await,
            Err(_) => None,
        };
        caught.unwrap_or_else(|| {
            tracing::error!(route = route.name, "a handler panicked");
            Err(ApiError::internal())
        })
    }

    async fn read<B: Buf>(
        &self,
        len_max: usize,
        headers: &HeaderMap,
        body: impl Stream<Item = Result<B, warp::Error>> + Send,
        reserved: &mut Reserved,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        body::check_headers(headers)?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| body::digits(value.to_str().ok()?)).unwrap_or(0);
        if announced > len_max as u64 {
            return Err(ApiError::body_too_large());
        }
        let mut body = std::pin::pin!(body);
        let mut bytes = Vec::new();
        while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            let mut chunk = chunk.map_err(|error| broken(&error))?;
            if bytes.len() + chunk.remaining() > len_max {
                return Err(ApiError::body_too_large());
            }
            self.admission.reserve(reserved, chunk.remaining())?;
            while chunk.has_remaining() {
                let len = chunk.chunk().len();
                bytes.extend_from_slice(chunk.chunk());
                chunk.advance(len);
            }
        }
        Ok(Zeroizing::new(bytes))
    }

    fn dress(&self, reply: Reply, dress: &Dress) -> Response {
        let mut response = reply.into_response();
        if dress.without_body {
            let len = http_body::Body::size_hint(response.body()).exact();
            *response.body_mut() = Response::default().into_body();
            if let Some(len) = len {
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
            }
        }
        if dress.unread {
            // What is left of the body would have to be read before the next request: hyper closes instead, and says so only if told.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if dress.cors == Cors::Sites {
            let headers = response.headers_mut();
            cors::vary(headers);
            if let Some(origin) = dress.origin.as_ref().filter(|origin| (self.origins)(origin, dress.site)) {
                cors::grant(headers, origin);
                if let Some(allow) = &dress.preflight {
                    cors::grant_preflight(headers, allow);
                }
            }
        }
        response
    }
}

/// Whether a request comes with a body (RFC 9112 section 6.3).
fn announces_body(headers: &HeaderMap) -> bool {
    let is_some = |value: &HeaderValue| value.as_bytes() != b"0";
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(is_some)
}

/// A handler that may panic: `None` if it did.
struct Caught(Answer);

impl Future for Caught {
    type Output = Option<Outcome>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let answer = &mut self.get_mut().0;
        match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}

/// Why a body ended early, found among the causes of warp's error.
fn broken(error: &warp::Error) -> ApiError {
    let causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |cause| (*cause).source());
    match causes.filter_map(|cause| cause.downcast_ref::<BodyError>()).next() {
        Some(BodyError::TooLarge) => ApiError::body_too_large(),
        Some(BodyError::TooSlow) => ApiError::body_too_slow(),
        Some(BodyError::Broken(_)) | None => ApiError::malformed_request(),
    }
}
