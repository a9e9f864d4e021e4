//! Answers, and the headers that each of them carries.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use warp::reply::Response;

use super::error::{ApiError, Outcome};

/// JSON, as every API answer is.
pub const JSON: &str = "application/json; charset=utf-8";

/// An answer in the making.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    cache: Cache,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Clone, Copy, Debug)]
enum Cache {
    Never,
    PublicSecs(u32),
}

#[derive(Serialize)]
struct Data<'a, T> {
    data: &'a T,
}

impl Reply {
    /// 200 with `{"data": resource}`, the published form of every success.
    ///
    /// # Errors
    /// 500 if the resource cannot be serialised (a bug: maps with keys that are no strings).
    pub fn data<T: Serialize>(resource: &T) -> Outcome {
        Self::json(StatusCode::OK, &Data { data: resource })
    }

    /// A JSON body of any form.
    ///
    /// # Errors
    /// 500 if the body cannot be serialised.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Outcome {
        let bytes = serde_json::to_vec(body).map_err(|error| ApiError::fault(&error))?;
        Ok(Self::of_json(status, bytes.into()))
    }

    /// JSON that is text already.
    #[must_use]
    pub fn of_json(status: StatusCode, body: Bytes) -> Self {
        Self::of(status, JSON, body)
    }

    /// A body of another type; textual types name their charset.
    #[must_use]
    pub fn of(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        Self { status, content_type, body, cache: Cache::Never, headers: Vec::new() }
    }

    /// 204.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, "", Bytes::new())
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Lets anyone keep the answer so long; without this no cache may.
    #[must_use]
    pub fn cached_for(mut self, secs: u32) -> Self {
        self.cache = Cache::PublicSecs(secs);
        self
    }

    /// The answer with everything but what depends on the request (CORS, request id).
    #[must_use]
    pub fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        headers.insert(CACHE_CONTROL, self.cache.header());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        // An answer of the API is never a page; if a browser takes it for one, the page can do nothing.
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl Cache {
    fn header(self) -> HeaderValue {
        match self {
            Self::Never => HeaderValue::from_static("no-store"),
            Self::PublicSecs(secs) => HeaderValue::from_str(&format!("public, max-age={secs}"))
                .unwrap_or(HeaderValue::from_static("no-store")),
        }
    }
}
