//! A password as it was typed, normalised once and wiped when dropped.
//!
//! Owns the largest size and the normal form. How short or weak a *new* password may be is a rule of the site:
//! a login must take whatever was once accepted.

use std::fmt;
use subtle::ConstantTimeEq;

use doorward_domain::limits::PASSWORD_CODE_POINTS_MAX;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Rules;
use zeroize::Zeroizing;

/// More received bytes than this are refused before any work.
pub const RAW_BYTES_MAX: usize = 1_024;

/// A password in the normal form of RFC 8265 `OpaqueString`: NFC, every kind of space as U+0020, case and outer
/// spaces kept.
///
/// Of that profile's string class only the ban on control characters is taken: its tables stand at Unicode 6.3, and would
/// refuse what every telephone's keyboard writes today (emoji since 2014, their joiners and variants).
///
/// It has no `Display`, no `Serialize` and no `PartialEq`; its memory is wiped on drop.
pub struct Password(Zeroizing<String>);

/// Why a string cannot be a password at any site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was given.
    #[error("the password is empty")]
    Empty,
    /// Over [`RAW_BYTES_MAX`] bytes or [`PASSWORD_CODE_POINTS_MAX`] code points.
    #[error("the password is longer than {PASSWORD_CODE_POINTS_MAX} characters")]
    TooLong,
    /// It holds a control character.
    #[error("the password holds a character that cannot be used")]
    ForbiddenCharacter,
}

impl Password {
    /// Normalises a password as received.
    ///
    /// # Errors
    ///
    /// [`PasswordError`], in this order: empty, too many bytes, a forbidden character, too many code points.
    pub fn parse(raw: &str) -> Result<Self, PasswordError> {
        if raw.is_empty() {
            return Err(PasswordError::Empty);
        }
        if raw.len() > RAW_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        if raw.chars().any(char::is_control) {
            return Err(PasswordError::ForbiddenCharacter);
        }
        let profile = OpaqueString::new();
        let normal = profile.additional_mapping_rule(raw).and_then(|mapped| profile.normalization_rule(mapped));
        // Neither rule refuses anything in this version of the profile; should a later one, this is what it means.
        let normal = normal.map_err(|_refused| PasswordError::ForbiddenCharacter)?;
        let password = Self(Zeroizing::new(normal.into_owned()));
        if password.code_points() > PASSWORD_CODE_POINTS_MAX {
            return Err(PasswordError::TooLong);
        }
        Ok(password)
    }

    /// Its length in Unicode code points, which is what a person is told and what a site's rule counts.
    #[must_use]
    pub fn code_points(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether the other password is the same, in a time that does not tell where they differ.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_password_is_refused_for_its_size_and_its_characters_alone() {
        let check = |raw: &str, expected: Result<usize, PasswordError>| {
            let got = Password::parse(raw).map(|password| password.code_points());
            assert_eq!(got, expected, "{} bytes: {raw:.20}", raw.len());
        };
        check("", Err(PasswordError::Empty));
        check("x", Ok(1));
        check(" ", Ok(1));
        check("correct horse battery staple", Ok(28));
        check(&"a".repeat(256), Ok(256));
        check(&"a".repeat(257), Err(PasswordError::TooLong));
        check(&"🦀".repeat(256), Ok(256));
        check(&"🦀".repeat(257), Err(PasswordError::TooLong));
        check(&"a".repeat(1 << 20), Err(PasswordError::TooLong));
        check("tab\there", Err(PasswordError::ForbiddenCharacter));
        check("nul\0", Err(PasswordError::ForbiddenCharacter));
        check("del\u{7f}", Err(PasswordError::ForbiddenCharacter));
        check("next line \u{85}", Err(PasswordError::ForbiddenCharacter));
        // New emoji, a family held together by joiners, a heart with its variant, an unassigned code point.
        check("\u{1fae0}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f} \u{378}", Ok(11));
    }

    #[test]
    fn the_byte_limit_stands_before_the_characters_are_looked_at() {
        assert_eq!(Password::parse(&"\0".repeat(RAW_BYTES_MAX + 1)).unwrap_err(), PasswordError::TooLong);
        assert_eq!(Password::parse(&"\0".repeat(RAW_BYTES_MAX)).unwrap_err(), PasswordError::ForbiddenCharacter);
    }

    #[test]
    fn one_password_typed_on_two_keyboards_is_one_password() {
        let normal = |raw: &str| Password::parse(raw).unwrap().as_str().to_owned();
        assert_eq!(normal("Zu\u{308}rich"), "Z\u{fc}rich");
        assert_eq!(normal("non\u{a0}breaking\u{2003}spaces"), "non breaking spaces");
        // What differs in case, width or outer space stays different.
        for (one, other) in [("Secret", "secret"), ("secret ", "secret"), (" secret", "secret"), ("\u{ff41}", "a")] {
            assert_ne!(normal(one), normal(other));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::parse("hunter2").unwrap()), "Password(…)");
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "\\PC{1,40}") {
            if let Ok(once) = Password::parse(&raw) {
                let twice = Password::parse(once.as_str()).unwrap();
                proptest::prop_assert_eq!(once.as_str(), twice.as_str());
            }
        }

        #[test]
        fn any_bytes_are_answered_without_a_panic(raw in "\\PC*|[\\x00-\\x{10FFFF}]{0,300}") {
            let _answer = Password::parse(&raw).map(|password| password.code_points());
        }
    }
}
