//! The proofs of the domain. What a single file does is tested beside it; here stands what holds between them.
//!
//! * [`machine`]: the account against the reference model, over random journeys.
//! * [`promises`]: the rules of the design, asked of random journeys directly.
//! * [`replay`]: a replay ends where life ended, from any prefix and over any chain of snapshots.
//! * [`single_user`]: the table of single-user authentication. [`order`]: the order of rejections. [`refusals`]: why a token is refused.
//! * [`journeys`]: what follows from each command. [`bounds`]: every bound, at the bound. [`sweeps`]: housekeeping.
//! * [`broken`]: every invariant, seen to fail. [`platform`]: the other aggregate.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod bounds;
mod broken;
mod journeys;
mod machine;
mod order;
mod platform;
mod promises;
mod refusals;
mod replay;
mod single_user;
mod sweeps;

use proptest::prelude::ProptestConfig;

/// Journeys are long, so fewer cases do: a share of the usual 256, or of what `PROPTEST_CASES` says.
fn share_of_cases(share: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(share), ..usual }
}
