//! Paths are decoded exactly once, and only paths that every hop would decode alike get through.

use crate::http::body::octet;
use crate::http::error::ApiError;

/// Bytes of path and query together.
pub(super) const URL_LEN_MAX: usize = 8 * 1024;

/// Decodes a raw path. What is left of an escape is never decoded again.
///
/// # Errors
/// 400 for a false escape, for what is not UTF-8, and for an escaped slash, backslash or control character: they would move the
/// borders of segments.
pub(super) fn decode(raw: &str) -> Result<String, ApiError> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        let byte = if *byte == b'%' {
            let (digits, tail) = rest.split_first_chunk::<2>().ok_or_else(ApiError::malformed_url)?;
            rest = tail;
            octet(*digits).filter(|byte| !matches!(byte, b'/' | b'\\')).ok_or_else(ApiError::malformed_url)?
        } else {
            *byte
        };
        if byte.is_ascii_control() {
            return Err(ApiError::malformed_url());
        }
        decoded.push(byte);
    }
    String::from_utf8(decoded).map_err(|_| ApiError::malformed_url())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn paths_are_decoded_once_and_never_across_a_border() {
        let good = [
            ("/a/b", "/a/b"),
            ("/a%20b", "/a b"),
            ("/%252e", "/%2e"),
            ("/j%C3%B6", "/jö"),
            ("/a+b", "/a+b"),
            ("/..", "/.."),
        ];
        for (raw, decoded) in good {
            assert_eq!(decode(raw).as_deref(), Ok(decoded), "{raw}");
        }
        for raw in
            ["/a%2fb", "/a%2Fb", "/a%5Cb", "/a%00", "/a%0a", "/a%7f", "/a%", "/a%4", "/a%zz", "/a%ff", "/a%c3%28"]
        {
            assert_eq!(decode(raw).map_err(|error| error.code()), Err("url_malformed"), "{raw}");
        }
    }
}
