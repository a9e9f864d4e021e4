//! The account: a business with its sites, its customers and their sessions. One actor owns it; this module says what it may become.
//!
//! * [`state`]: what an account is made of, and the questions one may ask of it (above all [`State::check`], the session check).
//! * [`command`]: what may be asked, one file of [`decide`] for each. [`event`]: what may happen. [`evolve`]: what an event changes.
//! * [`rejection`]: every expected no. [`invariants`]: what must hold in any state.
//!
//! **Single-user authentication**, the rule that is easiest to get wrong: every [`event::Change::SessionOpened`], at any site, moves the
//! customer's `last_open`. A site with the rule on accepts only that session, whichever site opened it; a login through such a site
//! ends, in the same batch, every other session of the customer. The end of `last_open` revives no other session.

mod aggregate;
pub mod check;
pub mod command;
pub mod customer;
pub mod decide;
pub mod event;
pub mod evolve;
mod indexes;
pub mod invariants;
pub mod rejection;
pub mod session;
pub mod settings;
pub mod site;
pub mod state;

pub use check::{Accepted, Refusal};
pub use command::{Authority, Command};
pub use customer::Customer;
pub use event::Event;
pub use rejection::Rejection;
pub use session::Session;
pub use settings::Settings;
pub use site::Site;
pub use state::{Entities, Entity, Key, State};
