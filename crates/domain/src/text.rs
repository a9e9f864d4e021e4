//! Bounded single-line text: names, titles, device descriptions.

use std::fmt;

/// Text of at most `MAX` characters, without control characters, without white space around it, and not empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<const MAX: usize>(Box<str>);

/// A name of a person, an organisation or a site.
pub type Name = Text<{ crate::limits::NAME_CHARS_MAX }>;
/// What a browser says it is.
pub type Device = Text<{ crate::limits::DEVICE_CHARS_MAX }>;

/// Why some text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left once white space is trimmed.
    #[error("it is empty")]
    Empty,
    /// More characters than allowed.
    #[error("it has more than {max} characters")]
    TooLong {
        /// The most characters that are allowed.
        max: usize,
    },
    /// A control character, a line break among them, or a character that turns the direction of text.
    #[error("it has a character that is not allowed in a single line of text")]
    Forbidden,
}

impl<const MAX: usize> Text<MAX> {
    /// Trims `raw` and checks it.
    ///
    /// # Errors
    /// [`TextError`] when nothing is left, when it is too long, or when it has a forbidden character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().any(is_forbidden) {
            return Err(TextError::Forbidden);
        }
        if text.chars().count() > MAX {
            return Err(TextError::TooLong { max: MAX });
        }
        Ok(Self(text.into()))
    }

    /// What is left of `raw` once it is trimmed, forbidden characters are dropped, and it is cut to the bound. For text that comes
    /// with a request and must not fail it, such as a User-Agent.
    #[must_use]
    pub fn lossy(raw: &str) -> Option<Self> {
        let kept: String = raw.trim().chars().filter(|c| !is_forbidden(*c)).take(MAX).collect();
        let kept = kept.trim();
        if kept.is_empty() { None } else { Some(Self(kept.into())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn text_is_trimmed_bounded_and_of_one_line() {
        let parse = |raw: &str| Text::<3>::parse(raw).map(|text| text.as_str().to_owned());
        assert_eq!(parse("  añb "), Ok("añb".to_owned()));
        assert_eq!(parse("abcd"), Err(TextError::TooLong { max: 3 }));
        assert_eq!(parse(" \t"), Err(TextError::Empty));
        for bad in ["a\nb", "a\0b", "\u{202e}ab", "a\u{85}b", "a\rb"] {
            assert_eq!(parse(bad), Err(TextError::Forbidden), "{bad:?}");
        }
    }

    #[test]
    fn lossy_text_keeps_what_is_allowed() {
        assert_eq!(Text::<3>::lossy("a\nbcd").map(|t| t.as_str().to_owned()), Some("abc".to_owned()));
        assert_eq!(Text::<3>::lossy("\n\0 "), None);
    }

    #[test]
    fn names_and_devices_are_bounded_in_characters() {
        let long = |count: usize| "ñ".repeat(count);
        assert!(Name::parse(&long(255)).is_ok());
        assert_eq!(Name::parse(&long(256)), Err(TextError::TooLong { max: 255 }));
        assert_eq!(Device::lossy(&long(161)).map(|device| device.as_str().chars().count()), Some(160));
    }

    #[test]
    fn text_is_shown_as_it_is() {
        assert_eq!(format!("{:?}", Name::parse("a\"b").unwrap()), "\"a\\\"b\"");
    }
}
