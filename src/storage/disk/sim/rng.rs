//! The accidents' source of randomness.

use super::inode;

/// SplitMix64: small, seeded, the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// A number from 0 to `most`, both included.
    pub(super) fn up_to(&mut self, most: usize) -> usize {
        let drawn = self.next() % (most as u64).saturating_add(1);
        usize::try_from(drawn).unwrap_or(most)
    }

    /// The first sectors of a write that broke off, from none to all of them.
    pub(super) fn part_of<'a>(&mut self, offset: u64, bytes: &'a [u8]) -> &'a [u8] {
        let sectors = inode::pieces(offset, bytes).count();
        let kept = self.up_to(sectors);
        let len = inode::pieces(offset, bytes).take(kept).map(|(_at, piece)| piece.len()).sum();
        bytes.get(..len).unwrap_or(bytes)
    }
}
