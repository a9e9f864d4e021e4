//! Bodies: from bytes to named values that a handler can ask for, JSON and forms alike.
//!
//! Everything that two parsers could read differently is refused here (duplicate keys, bytes that are no UTF-8, compression),
//! and everything has a bound. Nothing here knows what a field means.

mod fields;
mod form;
mod json;
#[cfg(test)]
mod tests;

use http::HeaderMap;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

pub use self::fields::{Fields, Object, Reading, Value};
pub(super) use self::fields::{digits, integer};
pub(super) use self::form::{decode as decode_query_part, octet};
use super::error::ApiError;

/// Levels of objects and lists.
pub const DEPTH_MAX: usize = 32;
/// Keys and list items in one body.
pub const KEYS_MAX: usize = 1000;
/// Bytes of a text or of a key.
pub const STRING_LEN_MAX: usize = 8 * 1024;
/// Bytes of the body of a route that says nothing else.
pub const BODY_LEN_MAX: usize = 64 * 1024;

/// What a route does with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPolicy {
    /// Does not read one.
    Ignored,
    /// JSON object or URL-encoded form up to this many bytes; an empty body has no fields.
    Fields {
        /// Bytes.
        len_max: usize,
    },
}

impl BodyPolicy {
    /// Fields within [`BODY_LEN_MAX`].
    pub const FIELDS: Self = Self::Fields { len_max: BODY_LEN_MAX };
}

/// Why a body has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not a form.
    #[error("the body is malformed")]
    Syntax,
    /// Not UTF-8 (lone surrogates included).
    #[error("the body is not UTF-8")]
    Encoding,
    /// JSON, but not an object.
    #[error("the body is not an object")]
    NotAnObject,
    /// A key twice in one object.
    #[error("the body has a key twice")]
    DuplicateKey,
    /// Past [`DEPTH_MAX`].
    #[error("the body is nested too deeply")]
    TooDeep,
    /// Past [`KEYS_MAX`].
    #[error("the body has too many keys")]
    TooManyKeys,
    /// Past [`STRING_LEN_MAX`].
    #[error("the body has too long a text")]
    TooLongText,
    /// U+0000 in a text.
    #[error("the body has a zero character")]
    ZeroCharacter,
}

impl From<Malformed> for ApiError {
    fn from(malformed: Malformed) -> Self {
        let (code, message) = match malformed {
            Malformed::Syntax => ("body_malformed", "The body is malformed."),
            Malformed::Encoding => ("body_not_utf8", "The body is not valid UTF-8."),
            Malformed::NotAnObject => ("body_not_an_object", "The body must be an object."),
            Malformed::DuplicateKey => ("body_duplicate_key", "The body has the same key twice."),
            Malformed::TooDeep => ("body_too_deep", "The body is nested too deeply."),
            Malformed::TooManyKeys => ("body_too_many_keys", "The body has too many keys."),
            Malformed::TooLongText => ("body_text_too_long", "The body has too long a text."),
            Malformed::ZeroCharacter => ("body_zero_character", "The body has a zero character."),
        };
        Self::protocol(StatusCode::BAD_REQUEST, code, message)
    }
}

/// Reads a whole body by its declared type.
///
/// # Errors
/// 415 for a type or an encoding we do not read, 400 for what [`Malformed`] says.
pub fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Fields, ApiError> {
    if bytes.is_empty() {
        return Ok(Fields::default());
    }
    let parsed = match media(headers)? {
        Media::Json => json::parse(bytes),
        Media::Form => form::parse(bytes),
    };
    Ok(parsed?)
}

/// Refuses, before a byte of it is read, a body that cannot be meant for us.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.contains_key(CONTENT_TYPE) { media(headers).map(drop) } else { check_encoding(headers) }
}

enum Media {
    Json,
    Form,
}

fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    let plain =
        headers.get_all(CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain { Ok(()) } else { Err(ApiError::unsupported_media()) }
}

fn media(headers: &HeaderMap) -> Result<Media, ApiError> {
    check_encoding(headers)?;
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::unsupported_media());
    };
    let text = value.to_str().map_err(|_| ApiError::unsupported_media())?;
    let mut parts = text.split(';');
    let media = match parts.next().unwrap_or_default().trim() {
        essence if essence.eq_ignore_ascii_case("application/json") => Media::Json,
        essence if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Media::Form,
        _ => return Err(ApiError::unsupported_media()),
    };
    if parts.all(is_utf8_or_no_charset) { Ok(media) } else { Err(ApiError::unsupported_media()) }
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    }
}

/// What no text may hold, wherever it comes from.
fn check_text(text: &str) -> Result<(), Malformed> {
    if text.len() > STRING_LEN_MAX {
        Err(Malformed::TooLongText)
    } else if text.contains('\0') {
        Err(Malformed::ZeroCharacter)
    } else {
        Ok(())
    }
}
