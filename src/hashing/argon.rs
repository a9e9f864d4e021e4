//! The Argon2 runs themselves, and the memory they use over and over.
//!
//! One [`Scratch`] belongs to one thread. It never outlives a quiet moment unwiped, and never keeps more memory than the
//! pool's own parameters need.

use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Block, Version};
use zeroize::Zeroize;

use super::Error;
use super::phc::Params;

/// What is reserved at least, in blocks of 1 KiB; only what a run needs is ever touched. An allocation of up to 32 MiB may
/// be kept by the allocator when it is freed (glibc's dynamic threshold for `mmap` ends there); a larger one goes back.
const RESERVED_BLOCKS_MIN: usize = 33 * 1_024;

/// Reusable memory of one hashing thread.
pub(super) struct Scratch<'pool> {
    blocks: Vec<Block>,
    used: bool,
    keep_blocks_max: usize,
    /// Bytes held by all threads of the pool.
    held_bytes: &'pool AtomicUsize,
}

impl<'pool> Scratch<'pool> {
    /// Holds nothing yet; after a quiet moment it holds what `usual` needs, at most.
    pub(super) fn new(usual: Params, held_bytes: &'pool AtomicUsize) -> Self {
        Self { blocks: Vec::new(), used: false, keep_blocks_max: block_count(usual), held_bytes }
    }

    /// One Argon2id run.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] and [`Error::Argon2`].
    pub(super) fn argon2id(
        &mut self,
        params: Params,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let cost = argon2::Params::new(params.memory_kib, params.iterations, params.parallelism, Some(output.len()))
            .map_err(Error::Argon2)?;
        let blocks = self.blocks(params)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
            .hash_password_into_with_memory(password, salt, output, blocks)
            .map_err(Error::Argon2)
    }

    fn blocks(&mut self, params: Params) -> Result<&mut [Block], Error> {
        let wanted = block_count(params);
        if self.blocks.len() < wanted {
            // Given back first, so that a thread never holds two.
            self.release();
            let mut blocks = Vec::new();
            blocks
                .try_reserve_exact(wanted.max(RESERVED_BLOCKS_MIN))
                .map_err(|_refused| Error::OutOfMemory { memory_kib: params.memory_kib })?;
            blocks.resize(wanted, Block::new());
            self.blocks = blocks;
            self.held_bytes.fetch_add(self.bytes(), Ordering::Relaxed);
        }
        self.used = true;
        self.blocks.get_mut(..wanted).ok_or(Error::OutOfMemory { memory_kib: params.memory_kib })
    }

    /// Whether there is anything to wipe.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Whether there is anything to release.
    pub(super) fn is_held(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Overwrites what the last runs left; memory that an unusually costly hash needed is given back.
    pub(super) fn wipe(&mut self) {
        for block in &mut self.blocks {
            block.zeroize();
        }
        self.used = false;
        if self.blocks.len() > self.keep_blocks_max {
            self.release();
        }
    }

    /// Gives the memory back to the system, wiped.
    pub(super) fn release(&mut self) {
        if self.used {
            for block in &mut self.blocks {
                block.zeroize();
            }
            self.used = false;
        }
        self.held_bytes.fetch_sub(self.bytes(), Ordering::Relaxed);
        self.blocks = Vec::new();
    }

    fn bytes(&self) -> usize {
        self.blocks.len() * Block::SIZE
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// Blocks of 1 KiB that a run works on: the memory rounded down to four segments a lane (RFC 9106 §3.2).
fn block_count(params: Params) -> usize {
    const SEGMENTS: u32 = 4;
    let unit = SEGMENTS.saturating_mul(params.parallelism).max(1);
    usize::try_from(params.memory_kib / unit * unit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SMALL: Params = Params { memory_kib: 64, iterations: 1, parallelism: 1 };
    const LARGE: Params = Params { memory_kib: 259, iterations: 1, parallelism: 2 };

    fn run(scratch: &mut Scratch<'_>, params: Params) -> [u8; 32] {
        let mut output = [0; 32];
        scratch.argon2id(params, b"password", b"somesalt", &mut output).unwrap();
        output
    }

    fn is_blank(scratch: &Scratch<'_>) -> bool {
        scratch.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn a_wipe_leaves_no_block_of_the_run_behind() {
        let held = AtomicUsize::new(0);
        let mut scratch = Scratch::new(SMALL, &held);
        run(&mut scratch, SMALL);
        assert!(scratch.is_used() && !is_blank(&scratch));
        scratch.wipe();
        assert!(!scratch.is_used() && is_blank(&scratch));
        assert_eq!((scratch.blocks.len(), held.load(Ordering::Relaxed)), (64, 64 * 1_024));
    }

    #[test]
    fn memory_beyond_the_usual_is_kept_for_no_longer_than_the_run() {
        let held = AtomicUsize::new(0);
        let mut scratch = Scratch::new(SMALL, &held);
        run(&mut scratch, SMALL);
        run(&mut scratch, LARGE);
        assert_eq!(held.load(Ordering::Relaxed), 256 * 1_024);
        scratch.wipe();
        assert_eq!((scratch.is_held(), held.load(Ordering::Relaxed)), (false, 0));
    }

    /// How much less of this process is in memory after `act`; none if it is more.
    #[cfg(target_os = "linux")]
    fn resident_kib_given_back(act: impl FnOnce()) -> u64 {
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap()
        };
        let before = resident();
        act();
        before.saturating_sub(resident())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn released_memory_goes_back_to_the_system_every_time() {
        let held = AtomicUsize::new(0);
        let mut scratch = Scratch::new(Params::default(), &held);
        // Other tests of the process may take memory meanwhile, so one clear sight after the first round is enough:
        // an allocator that keeps freed memory does so from the second round on.
        let seen = (0..8).filter(|round| {
            run(&mut scratch, Params::default());
            resident_kib_given_back(|| scratch.release()) > 15 * 1_024 && *round > 0
        });
        assert!(seen.count() > 0);
    }

    #[test]
    fn used_memory_gives_the_same_hash_as_fresh_memory() {
        let held = AtomicUsize::new(0);
        let mut scratch = Scratch::new(LARGE, &held);
        let fresh = run(&mut scratch, SMALL);
        run(&mut scratch, LARGE);
        assert_eq!(run(&mut scratch, SMALL), fresh);
        drop(scratch);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
