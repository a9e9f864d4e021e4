//! Storage: the journal that makes a change durable before anyone is told, and what reads it back after a crash.
//!
//! This room owns every byte on disk. The order is always append, fsync, mark, publish, reply. It never shortens a
//! journal in silence, never appends to what was recovered, never retries after a failed write, and never opens a
//! connection, hashes a password or looks inside a payload.

use std::io;

pub mod disk;
pub mod journal;
pub mod record;
pub mod snapshot;
mod stub;
pub mod writer;

pub use stub::*;

use journal::{Damage, Seq};

/// What can go wrong in storage. A message names the operation or the file; the cause is kept as its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused an operation.
    #[error(transparent)]
    Disk(#[from] disk::Fault),
    /// What is on disk is not what was written. The operator decides; nothing has been changed.
    #[error(
        "{file} is damaged at byte {offset}: {reason}; nothing was changed, \
         `doorward repair` recovers what stands before the damage into a new directory"
    )]
    Damaged {
        /// The file, relative to the data directory.
        file: String,
        /// Where in the file the damage begins.
        offset: u64,
        /// What is wrong there.
        #[source]
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
}
