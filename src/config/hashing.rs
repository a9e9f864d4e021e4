//! `[hashing]`: the threads that hash passwords, what one hash costs, and how many may wait.

use std::num::NonZeroUsize;

use super::problem::Fault;
use super::section::Section;
use crate::hashing::phc::{ITERATIONS_MAX, MEMORY_KIB_MAX};
use crate::hashing::{Params, PoolConfig};

/// The least memory of the OWASP password storage sheet's equal choices: 7 MiB with five passes.
const MEMORY_KIB_MIN: u32 = 7_168;
/// The work of that choice: memory times passes.
const WORK_MIN: u32 = 35_840;
/// More threads than any machine has cores to hash on.
const THREADS_MAX: usize = 256;

pub(super) fn read(mut section: Section<'_, '_>) -> PoolConfig {
    let default = PoolConfig::default();
    let threads = section.number("threads", 1..=THREADS_MAX, default.threads.get());
    let memory_kib = section.number("memory_kib", MEMORY_KIB_MIN..=MEMORY_KIB_MAX, default.params.memory_kib);
    let iterations = section.number("iterations", 1..=ITERATIONS_MAX, default.params.iterations);
    let iterations_min = WORK_MIN.div_ceil(memory_kib);
    if iterations < iterations_min {
        section.refuse("iterations", Fault::HashCost { memory_kib, iterations_min });
    }
    let queue_len_max = section.number("queue_len_max", 2..=100_000, default.queue_len_max);
    PoolConfig {
        threads: NonZeroUsize::new(threads).unwrap_or(default.threads),
        queue_len_max,
        queue_len_max_per_account: queue_len_max / 2,
        queue_age_max: section.secs("queue_age_max_secs", 1..=60, default.queue_age_max),
        idle_release: default.idle_release,
        params: Params { memory_kib, iterations, ..default.params },
    }
}
