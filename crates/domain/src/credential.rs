//! What a customer proves a password against.

use crate::ids::CredentialRev;
use crate::time::Timestamp;
use std::fmt;

/// A password hash in the PHC string format. Opaque here: only the hashing room reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

/// The text is no PHC string, or it is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password hash is a PHC string of at most {} bytes", crate::limits::PASSWORD_HASH_BYTES_MAX)]
pub struct PasswordHashError;

impl PasswordHash {
    /// Takes a PHC string; only its outer form is checked.
    ///
    /// # Errors
    /// [`PasswordHashError`] when it does not begin with `$`, is not printable ASCII, or is too long.
    pub fn parse(phc: &str) -> Result<Self, PasswordHashError> {
        let ok = phc.starts_with('$')
            && phc.len() <= crate::limits::PASSWORD_HASH_BYTES_MAX
            && phc.bytes().all(|b| b.is_ascii_graphic());
        if ok { Ok(Self(phc.into())) } else { Err(PasswordHashError) }
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The credential of a customer. A customer who only comes by links or through a provider has no hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The hash, if a password was ever set.
    pub hash: Option<PasswordHash>,
    /// Grows with every change of the password. A stronger hash of the same password does not change it.
    pub rev: CredentialRev,
    /// When the password was last set.
    pub changed_at: Timestamp,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_password_hash_is_a_bounded_phc_string_that_is_not_shown() {
        let phc = |bytes: usize| format!("${}", "a".repeat(bytes - 1));
        let hash = PasswordHash::parse(&phc(512)).unwrap();
        assert_eq!(hash.as_str(), phc(512));
        for bad in [phc(513).as_str(), "", "argon2id", "$a b", "$é", "$a\n"] {
            assert_eq!(PasswordHash::parse(bad), Err(PasswordHashError), "{bad:?}");
        }
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }
}
