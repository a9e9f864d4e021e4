//! Query strings: decoded once, strictly, every key once.

use crate::http::body::decode_query_part;
use crate::http::error::ApiError;

/// Pairs in one query.
pub const PAIRS_MAX: usize = 64;

/// The decoded query of a request.
#[derive(Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a raw query (without the question mark).
    ///
    /// # Errors
    /// 400 for a false escape, for what is not UTF-8, for a key twice and for more than [`PAIRS_MAX`] pairs.
    pub fn parse(raw: &str) -> Result<Self, ApiError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |part: &str| decode_query_part(part.as_bytes()).map_err(|_| ApiError::malformed_url());
            let (name, value) = (decode(name)?, decode(value)?);
            if pairs.len() >= PAIRS_MAX || pairs.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::malformed_url());
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Shows how many there are: values may be tokens.
impl std::fmt::Debug for Query {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Query({} pairs)", self.0.len())
    }
}
