//! The lock on a data directory: two processes never write to one.

use super::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file that is locked. It stays; only the lock goes.
pub(super) const FILE: &str = "LOCK";

/// Held as long as it lives, and gone with the process that held it (`flock`).
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks a directory for writing.
    pub(super) fn exclusive(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let failed = |source| Error::File { operation: "open", path: path.clone(), source };
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
        Self::take(file, dir)
    }

    /// Locks a directory that is only read, without making anything in it; `None` when it never had a lock.
    pub(super) fn for_reading(dir: &Path) -> Result<Option<Self>, Error> {
        match File::open(dir.join(FILE)) {
            Ok(file) => Self::take(file, dir).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { operation: "open", path: dir.join(FILE), source }),
        }
    }

    fn take(file: File, dir: &Path) -> Result<Self, Error> {
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::File { operation: "lock", path: dir.join(FILE), source }),
        }
    }
}
