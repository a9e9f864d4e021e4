//! The journal: groups of records, one frame a group, one fsync a frame, in segment files of fixed, zero-filled size.
//!
//! Owns the files `journal/g<generation>-s<segment>.segment` and `journal/g<generation>.mark`, and nothing else. It must
//! never answer before the fsync, never append to what was recovered, and never take a shorter journal for a whole one.
//!
//! # A frame
//!
//! Little endian, aligned to 8 bytes, zero-padded to a multiple of 8:
//!
//! ```text
//!  0  magic        4  FF 'D' 'W' 01 (FF never stands in UTF-8, so no customer's text can pose as a frame)
//!  4  length       4  of the whole frame in bytes, header and padding included
//!  8  crc          4  crc32 of every other byte of the frame
//! 12  prev_crc     4  the crc of the frame before, in whichever segment it stands; 0 for a generation's first frame
//! 16  generation   8
//! 24  segment      8  the number of the segment it stands in: every frame says so, thus also each segment's first
//! 32  first_seq    8  the sequence number of its first record; the others follow without a gap
//! 40  records      4  how many
//! 44  records_len  4  their length in bytes, without padding
//! 48  records:
//!         version 1 ‖ kind 1 ‖ seq 8 ‖ aggregate 8 ‖ epoch 8 ‖ aggregate_seq 8 ‖ recorded_at 8 ‖ payload_len 4 ‖ payload
//! ```
//!
//! Behind a segment's last frame there are only zeros; a segment of zeros is unused. Only the newest frame can be
//! unsynced at any time, because any failure ends all writing: so the only damage an honest crash can leave is one bad
//! frame behind the last good one, and that is what a scan forgives.
//!
//! # The mark
//!
//! One sector: `FF 'D' 'W' 'M' 'A' 'R' 'K' 01 ‖ generation 8 ‖ durable_seq 8 ‖ zeros ‖ crc32 of all before`. Each
//! generation has its own, made and synced before anything is answered, overwritten after each group and not synced.

use std::fmt;

mod discard;
mod file;
mod frame;
mod mark;
mod record;
mod rewrite;
mod salvage;
mod scan;
mod segment;
mod supply;
mod tail;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod testing;

pub use discard::Discard;
pub use file::Journal;
pub use frame::Damage;
pub(super) use frame::Told;
pub use record::{Record, RecordHeader};
pub use rewrite::Rewriter;
pub use salvage::{Loss, Salvage};
pub use scan::{Scan, Torn};
pub(super) use segment::segment_path;
pub use segment::{DIR, drop_before, first_cut, list_generations, list_segments, remove_generation};

use super::Error;

/// The longest payload of one record, in bytes.
pub const PAYLOAD_LEN_MAX: usize = 1024 * 1024;
/// The most records in one group.
pub const GROUP_RECORDS_MAX: usize = 256;
/// The longest group, in bytes of its encoded records.
pub const GROUP_LEN_MAX: usize = 4 * 1024 * 1024;
/// The size of a segment file, in bytes, unless [`Layout`] says otherwise.
pub const SEGMENT_LEN: u64 = 64 * 1024 * 1024;
/// The largest segment file that is read back, in bytes: a scan holds one in memory.
pub const SEGMENT_LEN_MAX: u64 = 1024 * 1024 * 1024;

/// Where groups of records are made durable.
pub trait Appender: Send {
    /// The sequence number the next record must carry.
    fn next_seq(&self) -> Seq;

    /// Makes one group durable: one write, one fsync, then the mark.
    ///
    /// # Errors
    /// On any failure. Whether the group survives is then unknown, and no later call succeeds.
    fn append(&mut self, records: &[Record]) -> Result<Flushed, Error>;

    /// Lets the next record begin a new segment and says where that is.
    ///
    /// # Errors
    /// When no segment can be had. No later call succeeds.
    fn cut(&mut self) -> Result<Cut, Error>;

    /// Drops the segments before `segment`: a snapshot that is listed holds what they say.
    ///
    /// # Errors
    /// When a file cannot be removed. Writing goes on; the next call tries again.
    fn drop_before(&mut self, segment: SegmentNo) -> Result<(), Error>;
}

/// What one append cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flushed {
    /// Bytes written to the journal.
    pub len: u64,
    /// Calls of fsync.
    pub fsyncs: u32,
}

/// A place between two records where a segment begins. `CURRENT` keeps the one that belongs to its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The generation of the journal.
    pub generation: Generation,
    /// The segment that holds the first record after the cut, once there is one.
    pub segment: SegmentNo,
    /// The last record before the cut.
    pub seq: Seq,
    /// The crc of the last frame before the cut; 0 when the generation has none.
    pub crc: u32,
}

/// How segment files are made.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The size of each, in bytes.
    pub segment_len: u64,
    /// Who makes them.
    pub preparation: Preparation,
}

impl Default for Layout {
    fn default() -> Self {
        Self { segment_len: SEGMENT_LEN, preparation: Preparation::Thread }
    }
}

/// Who makes the next segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// A thread of its own, ahead of need.
    Thread,
    /// The caller, whenever a segment is taken: the same every time, for simulation.
    Inline,
}

/// A record's place in the one order of all accounts; the first record is 1 and there are no gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number before this one; 0 has none and stays.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// Counts recoveries: what is appended after one belongs to the next generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation that the next recovery writes.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A segment's place in its generation; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNo(pub u64);

impl SegmentNo {
    /// The first segment of a generation.
    pub const FIRST: Self = Self(1);

    /// The segment after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SegmentNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
