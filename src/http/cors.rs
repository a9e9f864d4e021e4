//! Cross-origin rules: which page may read an answer.
//!
//! The SDK speaks from a customer's pages with a bearer token and without cookies, so `Access-Control-Allow-Credentials` is
//! never sent. Which origins belong to which site only the engine knows; it is asked through [`Origins`].

use doorward_domain::ids::SiteId;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};
use url::Url;

/// Headers a page may send.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Cache-Control, X-Pelcro-Sdk-Version";
/// Headers a page may read.
const RESPONSE_HEADERS: &str = "X-Request-Id, Retry-After";
/// How long a browser may keep a preflight's answer.
const PREFLIGHT_AGE_SECS: &str = "600";
/// Bytes of an `Origin` header that are looked at.
const ORIGIN_LEN_MAX: usize = 512;

/// Whether a route may be called from pages of other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// From the pages of registered origins.
    Sites,
    /// From nowhere: probes, our own pages.
    Never,
}

/// An origin as a browser sends it: scheme, host and port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    host: String,
}

/// Says whether pages of an origin may read answers for a site (`None`: for any site, as in a preflight that names none).
pub type Origins = Box<dyn Fn(&Origin, Option<SiteId>) -> bool + Send + Sync>;

impl Origin {
    /// Parses an `Origin` header. `null`, a path, a user, or anything a browser would write differently is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > ORIGIN_LEN_MAX {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let host = url.host_str()?.to_owned();
        let is_exact = matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
        is_exact.then(|| Self { text: text.to_owned(), host })
    }

    /// The origin as sent, which is also its canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// The origin of a request; two `Origin` headers are none.
pub(super) fn origin(headers: &HeaderMap) -> Option<Origin> {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Origin::parse(value.to_str().ok()?),
        _ => None,
    }
}

/// Opens an answer to one origin.
pub(super) fn grant(headers: &mut HeaderMap, origin: &Origin) {
    if let Ok(value) = HeaderValue::from_str(origin.as_str()) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
    }
}

/// What a preflight answers besides the origin.
pub(super) fn grant_preflight(headers: &mut HeaderMap, allow: &HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE_SECS));
}

/// Tells caches that the answer depends on the origin, whether this one had one or not.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_is_what_a_browser_sends_and_nothing_near_it() {
        let good =
            ["https://news.example", "http://news.localhost:8080", "https://xn--bcher-kva.example", "http://[::1]:81"];
        for text in good {
            assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), Some(text));
        }
        let bad = [
            "null",
            "",
            "*",
            "news.example",
            "https://news.example/",
            "https://news.example:443",
            "HTTPS://news.example",
            "https://News.example",
            "https://a@news.example",
            "https://news.example?x",
            "https://news.example, https://other.example",
            "file://news.example",
            "javascript:alert(1)",
            "https://bücher.example",
        ];
        for text in bad {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
