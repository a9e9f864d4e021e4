//! The journeys: each file is one, and reads top to bottom like the product's description.
//!
//! A journey loads the account's view once, awaits the hashing pool where a password is involved, draws ids and tokens, and sends one
//! command to the account's actor, which decides it again on its own tip. Rules stand in the domain; HTTP, files and wire formats
//! are not known here.

pub mod change_password;
pub mod check;
pub mod delete_customer;
pub mod housekeeping;
mod identity;
mod keys;
pub mod login;
pub mod logout;
mod mint;
pub mod operate;
mod password_rule;
mod place;
pub mod prove;
pub mod provision;
pub mod refresh;
pub mod register;
pub mod rotate_key;
pub mod sessions;
pub mod site;
pub mod update_customer;

pub use check::{CheckError, Checked, Presented, SessionError, TokenPlace};
pub use identity::Identity;
pub use keys::{Issuer, Keys};
pub use mint::Issued;
pub(crate) use place::AccountActor;
pub use place::Place;
pub use prove::ProveError;

// What callers hand in and get back, so that a front door needs no other room.
pub use crate::hashing::{Password, PasswordError};
pub use crate::throttle::Wait;
pub use crate::tokens::{AuthToken, Jwk, Jwks};

use crate::actors::{CallError, Directory};
use crate::clock::Monotonic;
use crate::entropy::Entropy;
use crate::hashing;
use crate::throttle::{Attempts, PerAddress};
use doorward_domain::Ctx;
use doorward_domain::text::Device;
use doorward_domain::time::{Clock, Timestamp};
use std::net::IpAddr;
use std::sync::Arc;

/// Everything a journey needs, wired once by [`crate::app`].
pub struct Engine {
    pub(crate) directory: Directory,
    pub(crate) hashing: hashing::Pool,
    pub(crate) keys: Keys,
    pub(crate) attempts: Attempts,
    pub(crate) registrations: PerAddress,
    pub(crate) logins: PerAddress,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) monotonic: Arc<dyn Monotonic>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) housekeeping: housekeeping::Keeper,
}

/// Who sends a request: recorded with the session it opens, and counted when attempts fail.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address.
    pub address: Option<IpAddr>,
    /// What it says it is.
    pub device: Option<Device>,
}

/// What journeys have cost since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Runs of the hash function, decoys included.
    pub hashes: u64,
    /// Commands that were handed to an actor.
    pub turns: u64,
}

/// The engine cannot do it now, through no fault of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Too much is under way. Nothing was attempted.
    #[error("too much is under way, try again a little later")]
    Overloaded,
    /// Nothing was attempted; trying again is safe.
    #[error("nothing was attempted")]
    NotAttempted,
    /// The change was in flight when writing ended: it may or may not have happened.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
    /// The machine's clock is far behind what was recorded already. Nothing is issued until it is right again.
    #[error("the clock is behind")]
    ClockBehind,
    /// The machine's clock is far ahead of what was recorded, and nobody vouches for it. Nothing is changed until somebody does.
    #[error("the clock is far ahead")]
    ClockAhead,
    /// A part of the engine has failed; it needs its operator. Logged where it happened.
    #[error("a part of the engine has failed")]
    Fault,
}

impl Engine {
    /// What journeys have cost since the start.
    #[must_use]
    pub fn costs(&self) -> Costs {
        Costs { hashes: self.hashing.runs(), turns: self.directory.turns() }
    }

    /// The present time, as everything here is stamped and checked with.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The surroundings of a command that a client asks for.
    fn ctx(&self, client: &Client) -> Result<Ctx, Unavailable> {
        let Client { address, device } = client.clone();
        Ok(Ctx { address, device, ..self.own_ctx()? })
    }

    /// The surroundings of a command of the engine's own, or of an operator. While the clock is far ahead nothing is stamped: a stamp
    /// of the future would have to be waited for.
    fn own_ctx(&self) -> Result<Ctx, Unavailable> {
        let now = self.now();
        if self.housekeeping.is_far_ahead((now, self.monotonic.elapsed())) {
            return Err(Unavailable::ClockAhead);
        }
        Ok(Ctx { clock: self.housekeeping.vouched(), ..Ctx::at(now) })
    }
}

/// Splits a failed call into the actor's no and everything else.
fn rejection<R: std::error::Error>(error: CallError<R>) -> Result<R, Unavailable> {
    match error {
        CallError::Rejected(rejection) => Ok(rejection),
        CallError::Overloaded => Err(Unavailable::Overloaded),
        CallError::NotAttempted => Err(Unavailable::NotAttempted),
        CallError::OutcomeUnknown => Err(Unavailable::OutcomeUnknown),
    }
}

/// A rejection that this journey has no name for. It is a bug if it happens: logged here, once.
fn unexpected(journey: &'static str, rejection: &dyn std::error::Error) -> Unavailable {
    tracing::error!(journey, %rejection, "a rejection that this journey cannot lead to");
    Unavailable::Fault
}

impl From<hashing::Error> for Unavailable {
    fn from(error: hashing::Error) -> Self {
        match error {
            hashing::Error::Overloaded { .. } => Self::Overloaded,
            hashing::Error::Stopped => Self::NotAttempted,
            error => {
                tracing::error!(%error, "hashing failed");
                Self::Fault
            }
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("directory", &self.directory).finish_non_exhaustive()
    }
}
