//! Phone numbers.

use crate::limits::PHONE_DIGITS_MAX;
use crate::text::Text;
use std::fmt;

/// A phone number: its digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(PhoneText);

/// The text of a phone number, as storage keeps it.
pub type PhoneText = Text<PHONE_DIGITS_MAX>;

/// Why some text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// It has no digit.
    #[error("it has no digit")]
    Empty,
    /// It has more digits than [`PHONE_DIGITS_MAX`].
    #[error("it has more than {PHONE_DIGITS_MAX} digits")]
    TooLong,
}

impl Phone {
    /// Keeps the digits of `raw` and drops what people write between them.
    ///
    /// # Errors
    /// [`PhoneError`] when there is no digit, or when there are too many.
    pub fn parse(raw: &str) -> Result<Self, PhoneError> {
        let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        PhoneText::parse(&digits).map(Self).map_err(|_| PhoneError::TooLong)
    }

    /// From its stored text, without a check: what was accepted once stays readable.
    #[must_use]
    pub fn restore(text: PhoneText) -> Self {
        Self(text)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_its_digits_and_has_at_most_twenty() {
        let parse = |raw: &str| Phone::parse(raw).map(|phone| phone.as_str().to_owned());
        for (raw, kept) in [("+1 (555) 01-2", "1555012"), ("0049 30 123", "004930123"), ("tel:7", "7")] {
            assert_eq!(parse(raw), Ok(kept.to_owned()));
        }
        for bad in ["", "none", "+", "١٢٣"] {
            assert_eq!(parse(bad), Err(PhoneError::Empty), "{bad:?}");
        }
        assert_eq!(parse(&"1".repeat(20)), Ok("1".repeat(20)));
        assert_eq!(parse(&"1".repeat(21)), Err(PhoneError::TooLong));
    }
}
