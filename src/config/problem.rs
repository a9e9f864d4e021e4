//! What may be wrong with a configuration, and how it is said: where, and what to change.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::environment::MASTER_KEY_VARIABLE;
use crate::http::address::NetworkError;
use crate::{telemetry, tokens};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file says something that is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Debug)]
pub struct Wrong {
    /// The file.
    pub path: PathBuf,
    /// What is wrong; at least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// The key, as `server.listen`; empty when the text is no TOML there.
    pub key: String,
    /// The line, counted from 1; `None` for what is not in the file.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a value.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not TOML.
    #[error("{}", .0.message())]
    Syntax(#[source] Box<toml::de::Error>),
    /// There is no such key.
    #[error("there is no such key{}", meant(nearest.as_ref()))]
    Unknown {
        /// The known key that it was probably meant to be.
        nearest: Option<String>,
    },
    /// A secret in the file itself.
    #[error("a secret does not belong into this file: name a file of its own with `{0}_file`")]
    SecretInFile(&'static str),
    /// A key that must be there is not.
    #[error("it is missing: write {0}")]
    Missing(&'static str),
    /// A value of another type.
    #[error("it must be {expected}, not a value of type {found}")]
    Type {
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A number outside of its range.
    #[error("it must be a whole number from {min} to {max}")]
    Range {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A text that is not what it must be.
    #[error("it must be {0}")]
    Not(&'static str),
    /// Not a network.
    #[error("it must be an address or a network as \"10.0.0.0/8\": {0}")]
    Network(#[source] NetworkError),
    /// Passwords would be hashed too cheaply to stand an attack.
    #[error("with {memory_kib} KiB it must be at least {iterations_min}, or hashes are too cheap to break")]
    HashCost {
        /// The memory.
        memory_kib: u32,
        /// The passes that make up for it.
        iterations_min: u32,
    },
    /// A bound above the bound it is a part of.
    #[error("it must not be above {of} ({max})")]
    Above {
        /// The bound it is a part of.
        of: &'static str,
        /// Its value.
        max: u64,
    },
    /// Not a log filter.
    #[error("it is no log filter as \"info,doorward=debug\"")]
    Filter(#[source] telemetry::Error),
    /// The master key is not one.
    #[error("{0}")]
    MasterKey(#[source] tokens::Error),
    /// The master key comes from the file and from the environment.
    #[error("there are two master keys, this one and {MASTER_KEY_VARIABLE} of the environment: keep one of them")]
    TwoMasterKeys,
    /// The file of a secret cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file of a secret is no plain file, or far too long.
    #[error("{} is not a file with a secret in it", path.display())]
    NoSecret {
        /// Which.
        path: PathBuf,
    },
    /// Others may read what only the server should.
    #[error("{} is open to other users (mode {mode:03o}): chmod {} {}", path.display(), proper(*mode), path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Whoever copies the data would copy the key with it.
    #[error("the master key must not lie in the data directory: a copy of the one would hold the other")]
    KeyBesideData,
    /// The data directory is not a directory.
    #[error("{} is not a directory", path.display())]
    NoDirectory {
        /// What.
        path: PathBuf,
    },
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}

fn proper(mode: u32) -> &'static str {
    if mode & 0o100 == 0 { "600" } else { "700" }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.fault)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let count = self.problems.len();
        write!(f, "{path} has {count} error{}", if count == 1 { "" } else { "s" })?;
        for problem in &self.problems {
            match problem.line {
                Some(line) => write!(f, "\n  {path}:{line}: {problem}")?,
                None => write!(f, "\n  {path}: {problem}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Wrong {}
