//! Short names for ids, and a source of fresh ones that gives the same ones for the same seed.

use doorward_domain::ids::{CustomerId, SessionId, SiteId, TokenDigest};

/// The customer `n`; any `n` that is no customer id stands for the largest one.
#[must_use]
pub fn customer(n: u64) -> CustomerId {
    CustomerId::new(n).or_else(|| CustomerId::new(CustomerId::MAX)).expect("the largest id is an id")
}

/// The site `n`.
#[must_use]
pub const fn site(n: u32) -> SiteId {
    SiteId(n)
}

/// The session `n`. Sessions are ordered as their numbers are.
#[must_use]
pub fn session(n: u64) -> SessionId {
    SessionId(u128::from(n).to_be_bytes())
}

/// The token `n`, or rather its digest.
#[must_use]
pub fn token(n: u64) -> TokenDigest {
    TokenDigest(halves(u128::from(n), 0))
}

/// A source of ids: the same seed gives the same ids, and no id twice. Their order is not the order of the draws.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    /// A source with a seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A fresh session id.
    pub fn session(&mut self) -> SessionId {
        SessionId(self.draw().to_be_bytes())
    }

    /// A fresh token digest.
    pub fn token(&mut self) -> TokenDigest {
        TokenDigest(halves(self.draw(), self.draw()))
    }

    /// A fresh customer id of 53 bits.
    pub fn customer(&mut self) -> CustomerId {
        let scattered = scatter(self.seed ^ self.draw_number()) & 0x00ff_ffff;
        customer((self.drawn << 24) | scattered)
    }

    /// The counter makes it fresh, the seed and the scattering spread it.
    fn draw(&mut self) -> u128 {
        let number = self.draw_number();
        (u128::from(scatter(self.seed ^ number)) << 64) | u128::from(number)
    }

    fn draw_number(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }
}

/// SplitMix64's finaliser: a bijection that spreads neighbours.
fn scatter(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn halves(low: u128, high: u128) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (left, right) = bytes.split_at_mut(16);
    left.copy_from_slice(&high.to_be_bytes());
    right.copy_from_slice(&low.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn one_seed_gives_one_sequence_without_repeats() {
        let draw = |seed| {
            let mut ids = Ids::seeded(seed);
            (0..1_000).map(|_| (ids.session(), ids.token(), ids.customer())).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(draw(1).iter().map(|(session, ..)| session).collect::<BTreeSet<_>>().len(), 1_000);
        assert_eq!(draw(1).iter().map(|(_, token, _)| token).collect::<BTreeSet<_>>().len(), 1_000);
        assert_eq!(draw(1).iter().map(|(.., customer)| customer).collect::<BTreeSet<_>>().len(), 1_000);
    }

    #[test]
    fn numbered_ids_are_told_apart_and_ordered() {
        assert!(session(1) < session(2) && session(255) < session(256));
        assert_ne!(token(1), token(2));
        assert_eq!(customer(7).get(), 7);
    }
}
