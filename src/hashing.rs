//! Passwords: normalised, judged for strength, hashed and verified on threads of their own.
//!
//! The only room that names `argon2`. It never learns who a customer is, never decides what a site demands of a
//! password (that rule is the domain's), and never does a hash on a thread that serves requests.

pub mod password;
pub mod phc;
pub mod pool;
pub mod strength;

mod argon;

use std::time::Duration;

pub use password::{Password, PasswordError};
pub use phc::{Params, PhcError, PhcString, Scheme};
pub use pool::{Pool, PoolConfig, Verdict};
pub use strength::{Context, Estimate, estimate};

/// Why the pool gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The queue is full, or the request waited in it for too long: nothing was hashed.
    #[error("the hashing queue is full, try again in {} s", retry_after.as_secs())]
    Overloaded {
        /// When another try has a chance.
        retry_after: Duration,
    },
    /// A hashing thread has died: no hash will be made until the process starts again.
    #[error("a hashing thread is lost")]
    Lost,
    /// The pool is shutting down.
    #[error("the hashing pool has stopped")]
    Stopped,
    /// The machine has no memory for the hash.
    #[error("no memory of {memory_kib} KiB for a password hash")]
    OutOfMemory {
        /// What the hash asked for.
        memory_kib: u32,
    },
    /// The hash function refused its input.
    #[error("argon2 refused to run")]
    Argon2(#[source] argon2::Error),
    /// The parameters of the pool itself are outside what it would accept from a stored hash.
    #[error("the parameters of the hashing pool are out of range")]
    Params(#[source] PhcError),
    /// The operating system gave no thread.
    #[error("cannot start a hashing thread")]
    Thread(#[source] std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile if the type has one of the traits: then two implementations answer.
    macro_rules! assert_lacks {
        ($secret:ty: $($shown_by:path),+) => {$({
            trait Probe<Answer> {
                fn probe() {}
            }
            struct HasIt;
            impl<T> Probe<()> for T {}
            impl<T: $shown_by> Probe<HasIt> for T {}
            <$secret as Probe<_>>::probe();
        })+};
    }

    #[test]
    fn secrets_can_be_neither_shown_nor_compared() {
        assert_lacks!(Password: std::fmt::Display, PartialEq, serde::Serialize, std::ops::Deref, AsRef<str>);
        assert_lacks!(PhcString: std::fmt::Display, PartialEq, serde::Serialize, std::ops::Deref, AsRef<str>);
    }
}
