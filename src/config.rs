//! The configuration of `serve`: one TOML file, one section a file of this room, read once at the start.
//!
//! parse → validate → typed: what comes out are the rooms' own types, ready to be handed on. Everything that is wrong is found in one
//! pass, each with its key and its line. A secret never stands in the file itself: it comes from a file of its own, which nobody else
//! may read, or from the environment, which only this room reads. This room starts nothing and changes nothing on disk.

mod environment;
mod problem;

mod data_dir;
mod hashing;
mod keys;
mod limits;
mod log;
mod server;

mod nearest;
mod section;

#[cfg(test)]
mod tests;

use std::path::Path;

use doorward_domain::account::command::ClockTrust;
use toml::de::DeTable;

pub use self::data_dir::Data;
pub use self::environment::{Environment, MASTER_KEY_VARIABLE};
pub use self::limits::Limits;
pub use self::log::Log;
pub use self::problem::{Error, Fault, Problem, Wrong};
use self::section::Document;
pub use self::server::Server;
use crate::hashing::PoolConfig;
use crate::tokens::MasterKey;

/// A configuration that has been checked as a whole.
#[derive(Debug)]
pub struct ServeConfig {
    /// `[server]`: where it listens, under which address it is known, what a connection may cost.
    pub server: Server,
    /// `[data]`: where the state lives.
    pub data: Data,
    /// `[keys]`: what private keys are sealed with.
    pub master_key: MasterKey,
    /// `[hashing]`: the pool that hashes passwords.
    pub hashing: PoolConfig,
    /// `[limits]`: how much may be under way, and how often one address may try.
    pub limits: Limits,
    /// `[log]`: the form of the log and what it holds.
    pub log: Log,
    /// `[clock]`: whether an operator vouches for the clock after a long absence.
    pub clock: ClockTrust,
}

impl ServeConfig {
    /// Reads and checks a file. Paths in it count from the directory the file is in.
    ///
    /// # Errors
    /// [`Error::Unreadable`], or [`Error::Wrong`] with everything that is wrong.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Ok(Self::parse(&text, path, environment)?)
    }

    /// Checks the text of a file that stands at `path`.
    ///
    /// # Errors
    /// [`Wrong`] with everything that is wrong.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, Wrong> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        let mut document = Document::new(text, root.get_ref(), base);
        document.refuse_syntax(errors);
        let server = server::read(document.section("server"));
        let mut data = data_dir::read(document.section("data"));
        let master_key = keys::read(document.section("keys"), data.as_ref(), environment);
        let hashing = hashing::read(document.section("hashing"));
        let limits = limits::read(document.section("limits"));
        if let Some(data) = &mut data {
            // Whatever has a permit at the door has a place in the queue, with room for what comes from within.
            let places = limits.bounds.writes_max.saturating_mul(2);
            data.storage.queue_len_max = data.storage.queue_len_max.max(places);
        }
        let log = log::read(document.section("log"));
        let confirms_clock = document.section("clock").flag("confirm");
        match (document.finish(), server, data, master_key) {
            (problems, Some(server), Some(data), Some(master_key)) if problems.is_empty() => {
                let clock = if confirms_clock { ClockTrust::Confirmed } else { ClockTrust::Unconfirmed };
                Ok(Self { server, data, master_key, hashing, limits, log, clock })
            }
            (problems, ..) => Err(Wrong { path: path.to_owned(), problems }),
        }
    }
}
