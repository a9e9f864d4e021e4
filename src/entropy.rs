//! The only place that asks the machine for randomness.
//!
//! Rooms that need random bytes are handed an [`Entropy`]. The one exception is the nonce inside an ECDSA signature,
//! which AWS-LC draws for itself from the same generator as [`SystemEntropy`].

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// A source of random bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the whole buffer with fresh random bytes.
    fn fill(&self, buf: &mut [u8]);
}

/// Draws `N` fresh random bytes.
#[must_use]
pub fn draw<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// The generator of AWS-LC, seeded by the operating system: fit for keys and secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws from the generator")]
    fn fill(&self, buf: &mut [u8]) {
        aws_lc_rs::rand::fill(buf).expect("AWS-LC ends the process itself when the system gives it no entropy");
    }
}

/// A generator that repeats itself from its seed: for tests and simulation, never for secrets.
///
/// Block `n` of its output is `SHA-256(seed ‖ n)`; each call starts a new block.
#[doc(hidden)]
pub struct SeededEntropy {
    seed: [u8; 32],
    next_block: AtomicU64,
}

impl SeededEntropy {
    /// A generator whose whole output follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut wide = [0; 32];
        for (to, from) in wide.iter_mut().zip(seed.to_be_bytes()) {
            *to = from;
        }
        Self { seed: wide, next_block: AtomicU64::new(0) }
    }
}

impl fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeededEntropy").finish_non_exhaustive()
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(SHA256_OUTPUT_LEN) {
            let mut block = Context::new(&SHA256);
            block.update(&self.seed);
            block.update(&self.next_block.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block.finish().as_ref()) {
                *to = *from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_never_gives_the_same_bytes_twice() {
        assert_ne!(draw::<32>(&SystemEntropy), draw::<32>(&SystemEntropy));
    }

    #[test]
    fn an_odd_buffer_is_filled_to_its_end() {
        // 100 zero bytes at the end of a random buffer of 2,100 have a chance of 2^-800.
        let mut buf = [0; 2_100];
        SystemEntropy.fill(&mut buf);
        assert!(buf.rchunks(100).next().is_some_and(|tail| tail.iter().any(|byte| *byte != 0)));
        let mut buf = [0; 77];
        SeededEntropy::new(1).fill(&mut buf);
        assert!(buf.rchunks(13).next().is_some_and(|tail| tail.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn a_seed_repeats_its_whole_output_and_no_other_seeds() {
        let three = |seed| {
            let entropy = SeededEntropy::new(seed);
            [draw::<40>(&entropy), draw::<40>(&entropy), draw::<40>(&entropy)]
        };
        assert_eq!(three(7), three(7));
        assert_ne!(three(7), three(8));
        let [first, second, third] = three(7);
        assert!(first != second && second != third && first != third);
    }
}
