//! What a command learns from outside: the time, and where it comes from.

use crate::text::Device;
use crate::time::Timestamp;
use std::net::IpAddr;

/// The surroundings of one command. A flow stamps it; `decide` asks nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ctx {
    /// The wall clock when the command was sent.
    pub now: Timestamp,
    /// The address the request came from, if it came over a network.
    pub address: Option<IpAddr>,
    /// What the client says it is.
    pub device: Option<Device>,
    /// Whether an operator vouches for the clock. Then a clock behind the last stamp issues all the same: it is the stamp that was wrong.
    pub clock: ClockTrust,
}

/// Whether the clock is trusted beyond what can be seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// It ran steadily, or an operator vouches for it.
    Confirmed,
    /// It has jumped, or nobody vouches for it.
    Unconfirmed,
}

impl Ctx {
    /// A context without a client: the engine's own commands, operators, tests.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now, address: None, device: None, clock: ClockTrust::Unconfirmed }
    }
}
