//! The names of things. Each is a type of its own, so that two of them are never swapped.

use std::fmt;

/// A business that uses Doorward: the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);

/// A site of an account. Published clients know it as a positive 32-bit integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u32);

/// A customer of an account: an integer of at most 53 bits, so that JavaScript can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(u64);

/// How often the credential was set. A command that relies on a verified password carries the revision it verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CredentialRev(pub u64);

/// A session: 128 random bits. It names a session and opens nothing; what opens is a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

/// The SHA-256 digest of an auth_token. The domain never sees the token itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenDigest(pub [u8; 32]);

/// One of the aggregates, as journal records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AggregateRef {
    /// The platform: there is one.
    Platform,
    /// An account.
    Account(AccountId),
}

impl CustomerId {
    /// The largest customer id: 2^53 - 1.
    pub const MAX: u64 = (1 << 53) - 1;
    const RANDOM_BITS: u32 = 12;
    /// 2020-01-01T00:00:00Z, the epoch of drawn ids, in milliseconds since the Unix epoch.
    const DRAW_EPOCH_MS: i64 = 1_577_836_800_000;

    /// An id that already exists, for example one that was imported.
    #[must_use]
    pub const fn new(raw: u64) -> Option<Self> {
        if raw == 0 || raw > Self::MAX { None } else { Some(Self(raw)) }
    }

    /// A fresh id: 41 bits of milliseconds since 2020 and 12 bits of `random`. Two draws may collide; the loser draws again.
    #[must_use]
    pub fn draw(now: crate::time::Timestamp, random: u16) -> Self {
        let millis = now.millis().saturating_sub(Self::DRAW_EPOCH_MS).clamp(1, (1 << 41) - 1).unsigned_abs();
        Self((millis << Self::RANDOM_BITS) | u64::from(random & 0x0fff))
    }

    /// The integer.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// A session id is 32 hexadecimal digits in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session id is 32 hexadecimal digits")]
pub struct SessionIdError;

impl std::str::FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(SessionIdError);
        }
        u128::from_str_radix(text, 16).map(|n| Self(n.to_be_bytes())).map_err(|_| SessionIdError)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_drawn_customer_id_fits_53_bits_and_grows_with_time() {
        let early = CustomerId::draw(Timestamp::from_secs(1_700_000_000), u16::MAX);
        let late = CustomerId::draw(Timestamp::from_secs(1_700_000_001), 0);
        assert!(early < late);
        assert!(CustomerId::draw(Timestamp::from_millis(i64::MAX), u16::MAX).get() <= CustomerId::MAX);
        assert!(CustomerId::draw(Timestamp::from_millis(i64::MIN), 0).get() > 0);
    }

    #[test]
    fn only_ids_of_53_bits_are_customer_ids() {
        assert_eq!(CustomerId::new(0), None);
        assert_eq!(CustomerId::MAX, 9_007_199_254_740_991, "JavaScript's Number.MAX_SAFE_INTEGER");
        assert_eq!(CustomerId::new(CustomerId::MAX + 1), None);
        assert_eq!(CustomerId::new(CustomerId::MAX).map(CustomerId::get), Some(CustomerId::MAX));
    }

    #[test]
    fn a_session_id_reads_back_from_its_text_and_from_nothing_else() {
        let id = SessionId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "ab", "+bababababababababababababababab0", "ABababababababababababababababab", "zz"] {
            assert_eq!(bad.parse::<SessionId>(), Err(SessionIdError), "{bad}");
        }
    }

    #[test]
    fn ids_are_written_as_their_numbers() {
        let written = (AccountId(1).to_string(), SiteId(2).to_string(), CustomerId::new(3).unwrap().to_string());
        assert_eq!(written, ("1".to_owned(), "2".to_owned(), "3".to_owned()));
        assert_eq!(format!("{:?}", SessionId([0xab; 16])), format!("SessionId({})", "ab".repeat(16)));
        assert_eq!(format!("{:?}", TokenDigest([0xab; 32])), "TokenDigest(abababab…)", "no digest is shown whole");
    }

    #[test]
    fn a_drawn_customer_id_is_41_bits_of_time_and_12_bits_of_chance() {
        let drawn = |millis, random| CustomerId::draw(Timestamp::from_millis(1_577_836_800_000 + millis), random).get();
        assert_eq!(drawn(5, 0x0abc), (5 << 12) | 0x0abc);
        assert_eq!(drawn(5, 0xfabc), drawn(5, 0x0abc));
        assert_eq!((drawn(0, 0), drawn(-1, 7)), (1 << 12, (1 << 12) | 7));
        assert_eq!(drawn(i64::MAX / 2, 0), ((1 << 41) - 1) << 12);
    }
}
