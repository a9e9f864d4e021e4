//! The file system behind one small trait, so that a simulated disk can lose, tear and reorder what the real one might.
//!
//! Owns: paths relative to one root, file modes (files 0600, directories 0700), and the naming of what failed. It never
//! retries, never hides an error, and knows nothing of frames or records.

use std::{fmt, io};

mod real;
mod sim;

pub use real::RealDisk;
#[doc(hidden)]
pub use sim::{Failure, SimDisk, Trouble};

/// The unit a disk writes whole or not at all, in bytes. A write inside one aligned sector is never torn.
pub const SECTOR_LEN: usize = 512;

/// A directory tree. Every path is relative to its root and uses `/`.
pub trait Disk: Send + Sync {
    /// Makes a directory (and its parents) if there is none, and makes that durable.
    ///
    /// # Errors
    /// When the file system refuses.
    fn create_dir(&self, path: &str) -> Result<(), Fault>;

    /// Makes a file of `len` zero bytes, really written, open for writing. Nothing is synced. An existing file is an error.
    ///
    /// # Errors
    /// When the file exists or the file system refuses.
    fn create(&self, path: &str, len: u64) -> Result<Box<dyn DiskFile>, Fault>;

    /// Reads at most `len` bytes from `offset` on; fewer only at the end of the file.
    ///
    /// # Errors
    /// When there is no such file or it cannot be read.
    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Vec<u8>, Fault>;

    /// The length of a file in bytes, `None` when there is none.
    ///
    /// # Errors
    /// When the file system refuses.
    fn len(&self, path: &str) -> Result<Option<u64>, Fault>;

    /// Names `from` as `to`, in place of what `to` was. Durable only after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// When there is no such file or the file system refuses.
    fn rename(&self, from: &str, to: &str) -> Result<(), Fault>;

    /// The names (not paths) of the files in a directory, sorted.
    ///
    /// # Errors
    /// When there is no such directory or it cannot be read.
    fn list(&self, dir: &str) -> Result<Vec<String>, Fault>;

    /// Removes a file. Durable only after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// When there is no such file or the file system refuses.
    fn remove(&self, path: &str) -> Result<(), Fault>;

    /// Makes the names in a directory durable: what was created, renamed and removed in it.
    ///
    /// # Errors
    /// When the file system refuses.
    fn sync_dir(&self, dir: &str) -> Result<(), Fault>;
}

/// A file open for writing.
pub trait DiskFile: Send {
    /// Writes all of `bytes` at `offset`. Until [`DiskFile::sync`] any sector of it may be lost.
    ///
    /// # Errors
    /// When not everything was written; how much was is unknown.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Fault>;

    /// Makes everything written so far durable (`fdatasync`).
    ///
    /// # Errors
    /// When the file system refuses. What was written since the last sync may then be lost for good, although it can
    /// still be read and a second sync succeeds.
    fn sync(&mut self) -> Result<(), Fault>;
}

/// An operation of the file system that failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation} {file}")]
pub struct Fault {
    /// What was tried.
    pub operation: Operation,
    /// The file or directory, relative to the root (the root itself is `.`).
    pub file: String,
    /// What the system answered.
    #[source]
    pub source: io::Error,
}

impl Fault {
    fn new(operation: Operation, file: &str, source: io::Error) -> Self {
        let file = if file.is_empty() { "." } else { file };
        Self { operation, file: file.to_owned(), source }
    }
}

/// What can be asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// [`Disk::create_dir`].
    CreateDir,
    /// [`Disk::create`].
    Create,
    /// [`Disk::read`].
    Read,
    /// [`Disk::len`].
    Measure,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::list`].
    List,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::sync_dir`].
    SyncDir,
    /// [`DiskFile::write_at`].
    Write,
    /// [`DiskFile::sync`].
    Sync,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateDir => "create directory",
            Self::Create => "create",
            Self::Read => "read",
            Self::Measure => "measure",
            Self::Rename => "rename",
            Self::List => "list",
            Self::Remove => "remove",
            Self::SyncDir => "sync directory",
            Self::Write => "write to",
            Self::Sync => "sync",
        })
    }
}
