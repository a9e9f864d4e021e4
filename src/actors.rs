//! Actors: one for each account and one for the platform. An actor decides commands one after another; nothing else changes state.
//!
//! * [`shell`]: what an actor does with a request, as a plain state machine without a runtime. Both aggregates share it.
//! * `actor`: the thin ractor wrapper around a shell.
//! * `supervisor`: what watches all of them, and ends all writing when one is lost.
//! * [`handle`]: what the rest of the house sees: typed calls, permits at the door, and the published view.
//! * [`directory`]: which account has which handle.
//!
//! An actor never awaits I/O, hashing or another actor, and nobody outside sees its messages. A reply leaves only after the flush that
//! makes it true. No actor is restarted in place: a lost actor ends all writing, and the journal is replayed at the next start.

mod actor;
pub mod directory;
pub mod handle;
pub mod shell;
mod supervisor;
#[cfg(test)]
mod testing;

pub use directory::Directory;
pub use handle::{CallError, Door, Handle};
pub use shell::{Done, Effect, View};
