//! Stored password hashes: the PHC string format, its ceilings, and when one is too weak to keep.
//!
//! Everything here is text and numbers; nothing is hashed.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use doorward_domain::credential::PasswordHash;
use doorward_domain::limits::PASSWORD_HASH_BYTES_MAX;
use zeroize::{Zeroize, Zeroizing};

/// The most memory a stored hash may ask for.
pub const MEMORY_KIB_MAX: u32 = 128 * 1_024;
/// The most passes a stored hash may ask for.
pub const ITERATIONS_MAX: u32 = 10;
/// The most lanes a stored hash may ask for.
pub const PARALLELISM_MAX: u32 = 8;
/// Argon2 needs this much memory for each lane.
pub const MEMORY_KIB_PER_LANE_MIN: u32 = 8;
/// The sizes of a salt, in bytes.
pub const SALT_LEN: std::ops::RangeInclusive<usize> = 8..=64;
/// The sizes of a hash, in bytes.
pub const OUTPUT_LEN: std::ops::RangeInclusive<usize> = 16..=64;
/// The size of the salts made here.
pub const SALT_LEN_NEW: usize = 16;
/// The size of the hashes made here.
pub const OUTPUT_LEN_NEW: usize = 32;

/// The hash functions that can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2id, version 1.3 (RFC 9106).
    Argon2id,
}

/// The cost of one Argon2id hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Memory, in KiB (`m`).
    pub memory_kib: u32,
    /// Passes over the memory (`t`).
    pub iterations: u32,
    /// Lanes (`p`); they run one after the other.
    pub parallelism: u32,
}

impl Default for Params {
    /// The floor of the OWASP password storage sheet: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl Params {
    /// Refuses a cost that could exhaust the machine, or that Argon2 does not define.
    ///
    /// # Errors
    ///
    /// [`PhcError::Ceiling`] or [`PhcError::Malformed`].
    pub fn check(self) -> Result<(), PhcError> {
        let over = |limit| Err(PhcError::Ceiling { limit });
        match self {
            Self { memory_kib, .. } if memory_kib > MEMORY_KIB_MAX => over(Limit::Memory),
            Self { iterations, .. } if iterations > ITERATIONS_MAX => over(Limit::Iterations),
            Self { parallelism, .. } if parallelism > PARALLELISM_MAX => over(Limit::Parallelism),
            Self { memory_kib, iterations, parallelism }
                if iterations == 0 || parallelism == 0 || memory_kib < MEMORY_KIB_PER_LANE_MIN * parallelism =>
            {
                Err(PhcError::Malformed)
            }
            _ => Ok(()),
        }
    }

    /// Whether a hash of this cost should be made anew: it uses less memory, or does less work in total.
    #[must_use]
    pub fn is_weaker_than(self, other: Self) -> bool {
        let work = |params: Self| u64::from(params.memory_kib) * u64::from(params.iterations);
        self.memory_kib < other.memory_kib || work(self) < work(other)
    }
}

/// A number of a stored hash that has a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The length of the whole string.
    Text,
    /// [`MEMORY_KIB_MAX`].
    Memory,
    /// [`ITERATIONS_MAX`].
    Iterations,
    /// [`PARALLELISM_MAX`].
    Parallelism,
    /// [`SALT_LEN`].
    Salt,
    /// [`OUTPUT_LEN`].
    Output,
}

/// Why a string is not a hash that may be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhcError {
    /// It is not a PHC string, or one with numbers that mean nothing.
    #[error("the stored hash is not a PHC string")]
    Malformed,
    /// It names a hash function, or a version of one, that is not known here.
    #[error("the stored hash names an unknown scheme")]
    UnknownScheme,
    /// It asks for more than may be spent on one hash.
    #[error("the stored hash is outside the limits ({limit:?})")]
    Ceiling {
        /// Which number.
        limit: Limit,
    },
}

/// A stored hash, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, known to be well-formed and within the ceilings.
#[derive(Clone)]
pub struct PhcString {
    text: Zeroizing<String>,
    decoded: Decoded,
}

/// What a PHC string says, ready to run.
#[derive(Clone)]
pub(super) struct Decoded {
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) output: Zeroizing<Vec<u8>>,
}

impl PhcString {
    /// Reads a stored or imported hash.
    ///
    /// # Errors
    ///
    /// [`PhcError`]; nothing is allocated before the ceilings have been checked, and nothing is hashed.
    pub fn parse(text: &str) -> Result<Self, PhcError> {
        if text.len() > PASSWORD_HASH_BYTES_MAX {
            return Err(PhcError::Ceiling { limit: Limit::Text });
        }
        let mut parts = text.split('$');
        let mut part = || parts.next().ok_or(PhcError::Malformed);
        if !part()?.is_empty() {
            return Err(PhcError::Malformed);
        }
        if part()? != "argon2id" || part()? != "v=19" {
            return Err(PhcError::UnknownScheme);
        }
        let params = parse_params(part()?)?;
        let salt = decode(part()?, Limit::Salt)?;
        let output = Zeroizing::new(decode(part()?, Limit::Output)?);
        if parts.next().is_some() {
            return Err(PhcError::Malformed);
        }
        Ok(Self { text: Zeroizing::new(text.to_owned()), decoded: Decoded { params, salt, output } })
    }

    pub(super) fn from_parts(decoded: Decoded) -> Self {
        let Params { memory_kib, iterations, parallelism } = decoded.params;
        let mut salt = STANDARD_NO_PAD.encode(&decoded.salt);
        let mut output = STANDARD_NO_PAD.encode(&*decoded.output);
        let text = format!("$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${output}");
        salt.zeroize();
        output.zeroize();
        Self { text: Zeroizing::new(text), decoded }
    }

    /// Reads the hash that a customer's state holds.
    ///
    /// # Errors
    ///
    /// As [`PhcString::parse`].
    pub fn of(stored: &PasswordHash) -> Result<Self, PhcError> {
        Self::parse(stored.as_str())
    }

    /// The hash as a customer's state holds it.
    #[must_use]
    pub fn to_stored(&self) -> PasswordHash {
        PasswordHash::parse(&self.text).expect("a PHC string that was parsed or made here has the form of one")
    }

    /// The text to store. It is a secret of the second order: never log it, never send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The hash function it was made with.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        Scheme::Argon2id
    }

    /// What running it costs.
    #[must_use]
    pub fn params(&self) -> Params {
        self.decoded.params
    }

    /// Whether a hash made with `params` would be better than this one.
    #[must_use]
    pub fn is_weaker_than(&self, params: Params) -> bool {
        self.decoded.params.is_weaker_than(params)
            || self.decoded.salt.len() < SALT_LEN_NEW
            || self.decoded.output.len() < OUTPUT_LEN_NEW
    }

    pub(super) fn decoded(&self) -> &Decoded {
        &self.decoded
    }
}

impl TryFrom<&PasswordHash> for PhcString {
    type Error = PhcError;

    fn try_from(stored: &PasswordHash) -> Result<Self, PhcError> {
        Self::parse(stored.as_str())
    }
}

impl fmt::Debug for PhcString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhcString").field("params", &self.decoded.params).finish_non_exhaustive()
    }
}

fn parse_params(text: &str) -> Result<Params, PhcError> {
    let mut fields = text.split(',');
    let mut number = |prefix: &str| {
        let field = fields.next().and_then(|field| field.strip_prefix(prefix)).ok_or(PhcError::Malformed)?;
        let canonical = field.bytes().all(|byte| byte.is_ascii_digit()) && !field.starts_with('0');
        // What does not fit 32 bits is over every ceiling.
        if canonical && !field.is_empty() {
            Ok(u32::from_str(field).unwrap_or(u32::MAX))
        } else {
            Err(PhcError::Malformed)
        }
    };
    let params = Params { memory_kib: number("m=")?, iterations: number("t=")?, parallelism: number("p=")? };
    if fields.next().is_some() {
        return Err(PhcError::Malformed);
    }
    params.check()?;
    Ok(params)
}

fn decode(text: &str, limit: Limit) -> Result<Vec<u8>, PhcError> {
    let allowed = if limit == Limit::Salt { SALT_LEN } else { OUTPUT_LEN };
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_not_base64| PhcError::Malformed)?;
    if allowed.contains(&bytes.len()) { Ok(bytes) } else { Err(PhcError::Ceiling { limit }) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SALT: &str = "c29tZXNhbHQ";
    const HASH: &str = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAp8ArZWb2GRPPc0";

    fn phc(params: &str) -> String {
        format!("$argon2id$v=19${params}${SALT}${HASH}")
    }

    #[test]
    fn what_is_not_a_bounded_phc_string_is_refused() {
        let check = |text: &str, expected: Result<(), PhcError>| {
            assert_eq!(PhcString::parse(text).map(|_parsed| ()), expected, "{text}");
        };
        let over = |limit| Err(PhcError::Ceiling { limit });
        let malformed = Err(PhcError::Malformed);
        check(&phc("m=19456,t=2,p=1"), Ok(()));
        check(&phc("m=131072,t=10,p=8"), Ok(()));
        check(&phc("m=131073,t=2,p=1"), over(Limit::Memory));
        check(&phc("m=99999999999999999999,t=2,p=1"), over(Limit::Memory));
        check(&phc("m=19456,t=11,p=1"), over(Limit::Iterations));
        check(&phc("m=19456,t=2,p=9"), over(Limit::Parallelism));
        check(&phc("m=63,t=2,p=8"), malformed);
        check(&phc("m=64,t=2,p=8"), Ok(()));
        check(&phc("m=19456,t=0,p=1"), malformed);
        check(&phc("m=19456,t=2,p=0"), malformed);
        check(&phc("m=+19456,t=2,p=1"), malformed);
        check(&phc("m=019456,t=2,p=1"), malformed);
        check(&phc("m=,t=2,p=1"), malformed);
        check(&phc("t=2,m=19456,p=1"), malformed);
        check(&phc("m=19456,t=2"), malformed);
        check(&phc("m=19456,t=2,p=1,keyid=aa"), malformed);
        check(&format!("{}$", phc("m=19456,t=2,p=1")), malformed);
        check(&format!("x{}", phc("m=19456,t=2,p=1")), malformed);
        check("", Err(PhcError::Malformed));
        check("$2b$12$abcdefghijklmnopqrstuv", Err(PhcError::UnknownScheme));
        check(&phc("m=19456,t=2,p=1").replace("argon2id", "argon2i"), Err(PhcError::UnknownScheme));
        check(&phc("m=19456,t=2,p=1").replace("v=19", "v=16"), Err(PhcError::UnknownScheme));
        check(&phc("m=19456,t=2,p=1").replace(HASH, "AAAA"), over(Limit::Output));
        check(&phc("m=19456,t=2,p=1").replace(SALT, "AAAA"), over(Limit::Salt));
        check(&phc("m=19456,t=2,p=1").replace(SALT, &"A".repeat(88)), over(Limit::Salt));
        check(&phc("m=19456,t=2,p=1").replace(SALT, "c29tZXNhbHQ="), malformed);
        check(&phc("m=19456,t=2,p=1").replace(SALT, "c29tZXNhbHR"), malformed);
        check(&"$".repeat(PASSWORD_HASH_BYTES_MAX + 1), over(Limit::Text));
    }

    #[test]
    fn a_string_survives_reading_and_writing() {
        let text = phc("m=19456,t=2,p=1");
        let parsed = PhcString::parse(&text).unwrap();
        assert_eq!(parsed.expose(), text);
        assert_eq!(PhcString::from_parts(parsed.decoded().clone()).expose(), text);
        assert!(!format!("{parsed:?}").contains(HASH));
        let stored = PasswordHash::parse(parsed.expose()).unwrap();
        assert_eq!(PhcString::try_from(&stored).unwrap().expose(), text);
    }

    #[test]
    fn weaker_means_less_memory_or_less_work() {
        let params =
            |memory_mib: u32, iterations| Params { memory_kib: memory_mib * 1_024, iterations, parallelism: 1 };
        let floor = Params::default();
        assert_eq!(floor, params(19, 2));
        for (candidate, weaker) in [
            (params(19, 2), false),
            (params(19, 1), true),
            (params(18, 3), true),
            (params(46, 1), false),
            (params(4, 10), true),
            (params(64, 3), false),
            (Params { parallelism: 4, ..floor }, false),
        ] {
            assert_eq!(candidate.is_weaker_than(floor), weaker, "{candidate:?}");
        }
    }

    #[test]
    fn a_short_salt_or_hash_is_weak_at_any_cost() {
        let long_salt = STANDARD_NO_PAD.encode([7; SALT_LEN_NEW]);
        let strong = phc("m=65536,t=4,p=1").replace(SALT, &long_salt);
        let weak = |text: &str| PhcString::parse(text).unwrap().is_weaker_than(Params::default());
        assert!(!weak(&strong));
        assert!(weak(&strong.replace(&long_salt, SALT)));
        assert!(weak(&strong.replace(HASH, "AAAAAAAAAAAAAAAAAAAAAA")));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in "\\PC*|(\\$|argon2id|v=19|m=|t=|p=|[0-9]|,|[A-Za-z+/]){0,60}") {
            if let Ok(parsed) = PhcString::parse(&text) {
                proptest::prop_assert_eq!(parsed.expose(), text);
            }
        }
    }
}
