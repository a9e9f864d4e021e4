//! How often somebody may try: counters in memory, bounded. No e-mail stands in them: attempts are keyed by a keyed hash.
//!
//! * [`attempts`]: failed logins per account, identity and address. A place is taken before the hash, so that parallel guesses count; a
//!   success gives it back and clears the count. Past the free failures each try must wait, longer each time, but only for that address:
//!   a stranger cannot lock a customer out, and no session that exists is touched.
//! * [`quota`]: how many requests of a kind an address may make, whatever comes of them.
//!
//! This room counts; what the numbers are is the site's setting or the operator's configuration.

pub mod attempts;
pub mod quota;

pub use attempts::{Attempt, Attempts, Subject};
pub use quota::{PerAddress, Quota};

use std::net::IpAddr;
use std::time::Duration;

/// The caller must wait. The same for those who exist and those who do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts, try again in {} s", self.retry_after_secs())]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds until another try makes sense, at least one.
    #[must_use]
    pub fn retry_after_secs(self) -> u32 {
        let rounded_up = self.0.as_millis().div_ceil(1_000);
        u32::try_from(rounded_up).unwrap_or(u32::MAX).max(1)
    }
}

/// What counts as one address: all of it for IPv4, the /64 for IPv6, which is what one customer of a provider gets. 128 bits.
fn prefix(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits() >> 64 | 1 << 127,
    }
}
