//! User names: an optional second way to say who logs in.

/// A user name: letters, digits, dash and underscore of ASCII. Kept as typed, compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(Box<str>);

/// What two user names are compared by: lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsernameKey(Box<str>);

/// Why a user name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is longer than [`crate::limits::USERNAME_CHARS_MAX`].
    #[error("it has more than {} characters", crate::limits::USERNAME_CHARS_MAX)]
    TooLong,
    /// It has something else than letters, digits, dash and underscore.
    #[error("it may only have letters, digits, dashes and underscores")]
    Forbidden,
}

impl Username {
    /// Checks `raw`; white space around it is dropped.
    ///
    /// # Errors
    /// [`UsernameError`] when it is empty, too long, or has a character that is not allowed.
    pub fn parse(raw: &str) -> Result<Self, UsernameError> {
        let name = raw.trim();
        if name.is_empty() {
            return Err(UsernameError::Empty);
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(UsernameError::Forbidden);
        }
        if name.len() > crate::limits::USERNAME_CHARS_MAX {
            return Err(UsernameError::TooLong);
        }
        Ok(Self(name.into()))
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is compared by.
    #[must_use]
    pub fn key(&self) -> UsernameKey {
        UsernameKey(self.0.to_ascii_lowercase().into())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn user_names_are_compared_without_case() {
        assert_eq!(Username::parse(" Ada_L-1").unwrap().key(), Username::parse("ada_l-1").unwrap().key());
    }

    #[test]
    fn only_ascii_letters_digits_dash_and_underscore_make_a_user_name() {
        for bad in ["a b", "a@b", "é", "a.b", "a\0"] {
            assert_eq!(Username::parse(bad), Err(UsernameError::Forbidden), "{bad:?}");
        }
        assert_eq!(Username::parse("  "), Err(UsernameError::Empty));
        assert!(Username::parse(&"a".repeat(64)).is_ok());
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameError::TooLong));
    }
}
