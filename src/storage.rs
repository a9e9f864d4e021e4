//! Storage: the journal that makes a change durable before anyone is told, and what reads it back after a crash.
//!
//! This room owns every byte on disk. The order is always append, fsync, mark, publish, reply. It never shortens a
//! journal in silence, never appends to what was recovered, never retries after a failed write, and never opens a
//! connection, hashes a password or looks inside a payload.

use std::io;
use std::path::{Path, PathBuf};

pub mod current;
pub mod disk;
pub mod journal;
mod lock;
mod open;
pub mod record;
pub mod recovery;
pub mod repair;
pub mod snapshot;
mod snapshotter;
#[doc(hidden)]
pub mod stepped;
mod store;
#[cfg(test)]
mod testing;
mod value;
pub mod verify;
pub mod writer;

pub use journal::{Layout, Preparation, Seq};
#[doc(hidden)]
pub use open::open_place;
pub use open::{Opened, Options, Running, in_memory, open};
pub use record::Batch;
pub use recovery::{NoProgress, Phase, Progress, Recovered, Refusal, Report};
pub use repair::{Repair, Repaired};
pub use snapshot::Lineage;
pub use store::{Status, Store, Write};
pub use value::Value;
pub use verify::{Finding, Verified, verify};
pub use writer::{Completion, Outcome, WriterStatus};

use journal::Damage;
use recovery::Causes;

/// What can go wrong in storage. A message names the operation or the file; the cause is kept as its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused an operation.
    #[error(transparent)]
    Disk(#[from] disk::Fault),
    /// What is on disk is not what was written. The operator decides; nothing has been changed.
    #[error(
        "{}; nothing was changed, `doorward repair` recovers what stands before the damage into a new directory",
        journal::Told(file, *offset, reason)
    )]
    Damaged {
        /// The file, relative to the data directory.
        file: String,
        /// Where in the file the damage begins.
        offset: u64,
        /// What is wrong there. The message says it, so it is not the source too.
        reason: Damage,
    },
    /// An earlier failure ended all writing to this journal.
    #[error("the journal takes no more writes after an earlier failure")]
    Poisoned,
    /// One record's payload is longer than [`journal::PAYLOAD_LEN_MAX`].
    #[error("a payload of {len} bytes is longer than {} bytes", journal::PAYLOAD_LEN_MAX)]
    PayloadTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A group is empty, past [`journal::GROUP_RECORDS_MAX`] or [`journal::GROUP_LEN_MAX`], or longer than a segment.
    #[error("a group of {records} records and {len} bytes is outside the bounds of one frame")]
    GroupBounds {
        /// How many records it has.
        records: usize,
        /// Their encoded length in bytes.
        len: usize,
    },
    /// A record does not carry the next sequence number.
    #[error("record {found} was handed to the journal where record {expected} is next")]
    OutOfSequence {
        /// The number that is next.
        expected: Seq,
        /// The number it carries.
        found: Seq,
    },
    /// A thread of this room could not be started.
    #[error("could not start the {name} thread")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The thread that makes segments ahead of need has died.
    #[error("the thread that prepares journal segments has died")]
    PreparerLost,
    /// The journal thread has ended; no write is taken any more.
    #[error("writing has ended")]
    WritingEnded,
    /// The data directory is not opened. Nothing was changed.
    #[error(
        "the data in {} cannot be opened: {}; nothing was changed; `doorward repair --data {} --into NEWDIR` recovers what is \
         undamaged into a new directory",
        dir.display(), Causes(&**reason), dir.display()
    )]
    Refused {
        /// The data directory.
        dir: PathBuf,
        /// Why.
        reason: Box<Refusal>,
    },
    /// Another process uses the data directory.
    #[error("the data directory {} is in use by another process", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
    },
    /// A directory that holds other things is not made into a data directory.
    #[error("the directory {} is not empty and holds no data of doorward", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// A directory that is to be filled already holds something.
    #[error("the directory {} is not empty", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// A repair would write into the directory that it only reads.
    #[error("{} must not lie inside the damaged directory {}", dir.display(), damaged.display())]
    Inside {
        /// Where the new directory was to be made.
        dir: PathBuf,
        /// The damaged one.
        damaged: PathBuf,
    },
    /// Nothing of a damaged data directory can be kept.
    #[error("nothing in {} can be kept: {}", dir.display(), Causes(&**reason))]
    NothingLeft {
        /// The data directory.
        dir: PathBuf,
        /// What is damaged at its very beginning.
        reason: Box<repair::Damaged>,
    },
    /// The file system refused an operation on the data directory itself.
    #[error("could not {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The disk is too full to write the journal again. What was written of it is removed, so that the disk is as it was before.
    #[error("the disk is too full to open the data: about {mib} MiB are needed; nothing that was acknowledged is lost")]
    NoRoom {
        /// The journal that is to be written again and one segment more, in MiB.
        mib: u64,
        /// What the file system refused.
        #[source]
        source: disk::Fault,
    },
    /// A snapshot could not be written.
    #[error("a snapshot could not be written")]
    Snapshot(#[from] snapshot::Error),
    /// The journal did not read twice in the same way. It is not written to.
    #[error("the journal did not read twice in the same way; is the device sound?")]
    Unsteady,
}

impl Error {
    /// Names the data directory in a refusal.
    fn in_dir(self, dir: &Path) -> Self {
        match self {
            Self::Refused { reason, .. } => Self::Refused { dir: dir.to_owned(), reason },
            other => other,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { dir: PathBuf::new(), reason: Box::new(refusal) }
    }
}
