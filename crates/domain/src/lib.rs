//! The pure core of Doorward: what an account, its sites, its customers and their sessions are, and the rules between them.
//!
//! Everything here is a value or a function of values. There is no clock, no randomness, no I/O, no async and no logging: time and
//! fresh ids arrive in [`Ctx`] and in the commands. So the same code decides in production, in the simulator and in a property test,
//! and a replay of the journal ends in the very same state.
//!
//! Reading order: [`aggregate`] (the one shape both aggregates have), [`account`] (sites, customers, sessions: most of the rules),
//! [`platform`] (which accounts and sites exist), then the small value types.

pub mod account;
pub mod aggregate;
pub mod credential;
pub mod ctx;
pub mod email;
pub mod ids;
pub mod limits;
pub mod metadata;
pub mod origin;
pub mod password;
pub mod phone;
pub mod platform;
pub mod text;
pub mod time;
pub mod username;

pub use aggregate::Aggregate;
pub use ctx::{ClockTrust, Ctx};
