//! A request as a handler sees it: matched, bounded, decoded. Nothing here may be logged but the id.

mod query;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use doorward_domain::ids::SiteId;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderName, USER_AGENT};
use http::{HeaderMap, Method};

pub use self::query::{PAIRS_MAX, Query};
use super::address::TrustedProxies;
use super::body::{Fields, Value, digits, integer};
use super::error::ApiError;
use crate::flows::{AuthToken, TokenPlace};

/// Bytes of a user agent that are kept.
pub const USER_AGENT_LEN_MAX: usize = 256;
/// Languages of an `Accept-Language` header that are looked at.
const LANGUAGES_MAX: usize = 16;
/// The languages of the published interface; the first is what an unknown one falls back to.
pub const LANGUAGES: [&str; 6] = ["en", "fr", "it", "ko", "es", "de"];

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One request.
pub struct Request {
    pub(super) id: RequestId,
    pub(super) method: Method,
    pub(super) param: String,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) client: IpAddr,
    pub(super) fields: Fields,
}

impl Request {
    /// The id in the log and in `X-Request-Id`.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// The method; a `HEAD` arrives as `GET`.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// What stood in the place of the path's `{…}`, decoded; `""` for a path without one.
    #[must_use]
    pub fn param(&self) -> &str {
        &self.param
    }

    /// The query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The body's fields; none for an empty or ignored body.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The client's address, behind trusted proxies too.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        self.client
    }

    /// The user agent: at most [`USER_AGENT_LEN_MAX`] bytes, without control characters; `""` if there is none.
    #[must_use]
    pub fn user_agent(&self) -> String {
        let text = self.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let mut kept = String::new();
        for letter in text.as_deref().unwrap_or_default().chars().filter(|letter| !letter.is_control()) {
            if kept.len() + letter.len_utf8() > USER_AGENT_LEN_MAX {
                break;
            }
            kept.push(letter);
        }
        kept
    }

    /// The auth_token and where it stood: in `Authorization: Bearer`, or in the body's `auth_token`.
    ///
    /// # Errors
    /// 401 `token_missing` without one, 401 `token_invalid` if the header is not one bearer token, 400 if header and body differ.
    pub fn auth_token(&self) -> Result<(&str, TokenPlace), ApiError> {
        let in_body = match self.fields.get("auth_token") {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) => Some(token.as_str()),
            Some(_) => return Err(ApiError::invalid_field("auth_token", "The auth token must be a string.")),
        };
        match (self.bearer()?, in_body.filter(|token| !token.is_empty())) {
            (Some(header), Some(body)) if header != body => {
                Err(ApiError::invalid_field("auth_token", "The auth token differs from the Authorization header."))
            }
            (Some(token), _) => Ok((token, TokenPlace::Header)),
            (None, Some(token)) => Ok((token, TokenPlace::Body)),
            (None, None) => Err(ApiError::token_missing()),
        }
    }

    /// The site whose pages may read the answer: the one that the request names, else the one that its token claims.
    pub(super) fn presenting_site(&self) -> Option<SiteId> {
        match self.site_id() {
            Ok(None) => AuthToken::parse(self.auth_token().ok()?.0).ok()?.unverified_site(),
            named => named.ok().flatten(),
        }
    }

    /// The site a request names: `site_id` in query or body.
    ///
    /// # Errors
    /// 400 if it is no number, or if query and body differ.
    pub fn site_id(&self) -> Result<Option<SiteId>, ApiError> {
        let wrong = || ApiError::invalid_field("site_id", "The site id must be a whole number.");
        let in_query = match self.query.get("site_id") {
            Some(text) => Some(site_of(text).ok_or_else(wrong)?),
            None => None,
        };
        let in_body = match self.fields.get("site_id") {
            None | Some(Value::Null) => None,
            Some(value) => Some(integer(value).and_then(site).ok_or_else(wrong)?),
        };
        match (in_query, in_body) {
            (Some(query), Some(body)) if query != body => {
                Err(ApiError::invalid_field("site_id", "The site id differs between query and body."))
            }
            (query, body) => Ok(query.or(body)),
        }
    }

    /// The language the client asks for: `language` in body or query (an unknown one is English), else the first of
    /// `Accept-Language` that is spoken here; `None` leaves it to the site.
    #[must_use]
    pub fn language(&self) -> Option<&'static str> {
        let explicit =
            self.fields.text("language").or_else(|| self.query.get("language")).filter(|tag| !tag.is_empty());
        match explicit {
            Some(tag) => known_language(tag).or(Some(LANGUAGES[0])),
            None => self.accepted_languages().into_iter().find_map(known_language),
        }
    }

    /// `Some` token, `None` without an `Authorization` header or with an empty one.
    fn bearer(&self) -> Result<Option<&str>, ApiError> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value.to_str().map_err(|_| ApiError::token_invalid())?,
            _ => return Err(ApiError::token_invalid()),
        };
        match value.trim().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                let token = token.trim_start();
                if token.contains([' ', '\t']) { Err(ApiError::token_invalid()) } else { Ok(Some(token)) }
            }
            None if value.is_empty() || value.trim().eq_ignore_ascii_case("bearer") => Ok(None),
            _ => Err(ApiError::token_invalid()),
        }
    }

    /// Tags by falling weight (RFC 9110 section 12.5.4); a malformed weight counts as 0.
    fn accepted_languages(&self) -> Vec<&str> {
        let value = self.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut weighted: Vec<(f32, &str)> = value
            .split(',')
            .take(LANGUAGES_MAX)
            .map(|item| match item.split_once(';') {
                Some((tag, weight)) => {
                    let weight = weight.trim().strip_prefix("q=").and_then(|digits| digits.parse::<f32>().ok());
                    (weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0), tag.trim())
                }
                None => (1.0, item.trim()),
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        weighted.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        weighted.into_iter().map(|(_, tag)| tag).collect()
    }
}

fn site(number: u64) -> Option<SiteId> {
    u32::try_from(number).ok().map(SiteId)
}

/// The site that a query's text names.
pub(super) fn site_of(text: &str) -> Option<SiteId> {
    digits(text).and_then(site)
}

/// The language of a tag as `fr` or `fr-CA`, if it is one of ours.
fn known_language(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    LANGUAGES.into_iter().find(|language| language.eq_ignore_ascii_case(primary))
}

/// The client's address from peer and headers.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    // A line that is no text is a malformed hop, not a missing one.
    let lines = headers.get_all(&X_FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?"));
    let lines: Vec<&str> = lines.collect();
    proxies.client(peer, lines.into_iter())
}

/// Shows id and method only.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Request").field("id", &self.id).field("method", &self.method).finish_non_exhaustive()
    }
}

/// Names one request in log and answer. Never taken from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Draws request ids: a prefix for the process, then a counter.
#[derive(Debug)]
pub struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Starts at 1 under a prefix that differs between starts of the server.
    #[must_use]
    pub fn new(prefix: u64) -> Self {
        Self { prefix, next: AtomicU64::new(1) }
    }

    pub(super) fn draw(&self) -> RequestId {
        RequestId(format!("{:016x}-{:x}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed)))
    }
}
