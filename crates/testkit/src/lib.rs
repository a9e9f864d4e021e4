//! What tests of Doorward, and tests of programs that embed it, are made of. Everything here is deterministic: no clock, no randomness
//! but what a seed or a proptest strategy gives.
//!
//! * [`clock`]: a clock that stands still until it is moved. [`ids`]: short names for ids, and a seeded source of fresh ones.
//! * [`build`]: an account, a site, a customer, a session, with defaults; a test names only what matters to it.
//! * [`ask`]: commands in one line. [`world`]: a state that is asked things, one after the other.
//! * [`model`]: the reference model of the session rules, written naively and without the domain's code.
//! * [`strategy`]: random commands over a small universe, valid and invalid ones.
//! * [`history`]: what concurrent callers saw, and whether one order of events explains it.
//! * [`replay`]: replays, snapshot chains and differences, at the level of entities, in the most naive way.
//!
//! ```
//! use doorward_testkit::{World, a_customer, a_site, an_account, ask, ids};
//!
//! let account = an_account().site(a_site().single_user()).customer(a_customer());
//! let mut world = World::of(account.build());
//! world.must(&ask::log_in(1, 1, 1));
//! world.must(&ask::log_in(1, 1, 2));
//! let is_accepted = |token| world.state().check(ids::token(token), ids::site(1), world.now()).is_ok();
//! assert!(!is_accepted(1) && is_accepted(2));
//! ```
//!
//! Never outside of `[dev-dependencies]`.

pub mod ask;
pub mod build;
pub mod clock;
pub mod history;
pub mod ids;
pub mod model;
pub mod replay;
pub mod strategy;
pub mod world;

pub use build::{a_customer, a_session, a_site, an_account};
pub use clock::{ManualClock, START};
pub use model::Model;
pub use world::World;
