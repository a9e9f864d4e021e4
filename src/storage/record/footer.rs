//! The footer of a snapshot: what it is, where it belongs, and what it must read as.

use super::codec::{self, Kind};
use super::{Damage, FOOTER_LEN_MAX, Unfit, v1};

/// What a snapshot says of itself. It is written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// What it holds.
    pub reach: Reach,
    /// The last record it holds.
    pub seq: u64,
    /// The lineage it was written in.
    pub lineage: [u8; 16],
    /// The generation of the journal it was cut from.
    pub generation: u64,
    /// The segment that holds the first record after it.
    pub segment: u64,
    /// The crc of the last frame before the cut.
    pub crc: u32,
    /// How much it holds.
    pub counts: Counts,
    /// SHA-256 of its items, in order, each with its length.
    pub digest: [u8; 32],
}

/// What a snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every entity.
    Base,
    /// What changed since the snapshot it follows.
    Delta {
        /// The last record that one holds.
        after: u64,
    },
}

/// How much a snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Pages.
    pub pages: u64,
    /// Aggregates.
    pub aggregates: u64,
    /// Entities.
    pub entities: u64,
    /// Tombstones.
    pub tombstones: u64,
    /// Bytes of items, each with its length.
    pub bytes: u64,
}

impl Footer {
    /// The footer as bytes.
    ///
    /// # Errors
    /// Never in fact: it has a fixed shape.
    pub fn encode(&self) -> Result<Vec<u8>, Unfit> {
        let mut bytes = Vec::new();
        codec::seal(Kind::Footer, &v1::footer::Footer::from(self), &mut bytes)?;
        Ok(bytes)
    }

    /// The footer from bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let body = codec::open(Kind::Footer, FOOTER_LEN_MAX, bytes)?;
        codec::decode::<v1::footer::Footer>(body).map(Into::into)
    }
}
