//! Webhooks: what is told to other services, how it is signed, and how it is sent without being led astray.
//!
//! * [`address`]: which addresses may be called at all. Nobody can point a webhook into the operator's own network.
//! * [`target`]: the URL of a webhook, checked when it is saved and again when it is read back.
//! * [`sign`]: the secrets of a webhook, and the headers that prove to a receiver who sent a body.
//! * [`send`]: one delivery: resolve once, check every address, connect to a checked one, follow nowhere, read little, give up in time.
//!
//! This room sends what it is given and says what came of it. When to try again, when to give up and what to tell are the business of
//! others; nothing is kept here, and no body, URL or secret is ever logged.

pub mod address;
pub mod send;
pub mod sign;
pub mod target;

pub use address::{Network, Policy};
pub use send::{Limits, Outcome, Report, Sender, SystemResolver};
pub use sign::{Secret, Secrets, Signed};
pub use target::Target;
