//! Cross-origin rules: which page may read an answer.
//!
//! The SDK speaks from a customer's pages with a bearer token and without cookies, so `Access-Control-Allow-Credentials` is
//! never sent. Which origins belong to which site only the engine knows; it is asked through [`Origins`].

use doorward_domain::account::site::Origin;
use doorward_domain::ids::SiteId;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

/// Headers a page may send.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Cache-Control, X-Pelcro-Sdk-Version";
/// Headers a page may read.
const RESPONSE_HEADERS: &str = "X-Request-Id, Retry-After";
/// How long a browser may keep a preflight's answer.
const PREFLIGHT_AGE_SECS: &str = "600";

/// Whether a route may be called from pages of other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// From the pages of registered origins.
    Sites,
    /// From nowhere: probes, our own pages.
    Never,
}

/// Says whether pages of an origin may read answers for a site (`None`: for any site, as in a preflight that names none).
pub type Origins = Box<dyn Fn(&Origin, Option<SiteId>) -> bool + Send + Sync>;

/// The origin of a request; two `Origin` headers are none.
pub(super) fn origin(headers: &HeaderMap) -> Option<Origin> {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Origin::parse(value.to_str().ok()?).ok(),
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
    use url::Url;

    proptest::proptest! {
        #[test]
        fn an_origin_is_what_the_url_standard_would_write(
            text in "https?://(\\[[0-9a-f:]{2,9}\\]|[a-zA-Z0-9_ü-]{1,5}(\\.(xn--|0x)?[a-z0-9-]{1,5}){0,3})(:[0-9]{0,5})?[/?#@ ]?"
        ) {
            let url = Url::parse(&text).ok();
            let is_exact = url.is_some_and(|url| url.origin().ascii_serialization() == text);
            proptest::prop_assert_eq!(Origin::parse(&text).is_ok(), is_exact, "{}", text);
        }
    }
}
