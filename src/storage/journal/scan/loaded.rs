//! One segment in memory and the place reading has come to in it.

use rustix::io::Errno;

use super::super::super::disk::Disk;
use super::super::frame::{self, Damage};
use super::super::segment::segment_path;
use super::super::{Error, Generation, SEGMENT_LEN_MAX, SegmentNo, Seq};

/// How much is read at a time.
const CHUNK_LEN: usize = 256 * 1024;
/// What memory is compared with.
static ZEROS: [u8; 4096] = [0; 4096];

pub(in super::super) struct Loaded {
    pub(in super::super) segment: SegmentNo,
    pub(in super::super) file: String,
    bytes: Vec<u8>,
    offset: usize,
    /// Where the device could not read on.
    unreadable: Option<u64>,
}

/// A frame with a good checksum, found by searching.
pub(in super::super) struct Found {
    pub(in super::super) file: String,
    pub(in super::super) offset: u64,
    pub(in super::super) len: usize,
    pub(in super::super) last_seq: Seq,
}

impl Loaded {
    /// Reads a segment up to where the device cannot.
    pub(in super::super) fn read(disk: &dyn Disk, generation: Generation, segment: SegmentNo) -> Result<Self, Error> {
        let file = segment_path(generation, segment);
        let len = disk.len(&file)?.unwrap_or(0);
        if len > SEGMENT_LEN_MAX {
            return Err(Error::Damaged { file, offset: 0, reason: Damage::SegmentLength(len) });
        }
        let mut bytes = Vec::new();
        let mut unreadable = None;
        loop {
            let offset = bytes.len() as u64;
            match disk.read(&file, offset, CHUNK_LEN) {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(fault) if fault.source.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
                    unreadable = Some(offset);
                    break;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(Self { segment, file, bytes, offset: 0, unreadable })
    }

    pub(in super::super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(in super::super) fn offset(&self) -> u64 {
        self.offset as u64
    }

    /// What has not been read.
    pub(in super::super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    pub(in super::super) fn past(self, len: usize) -> Self {
        Self { offset: self.offset + len, ..self }
    }

    /// The first good frame that begins at least `skip` bytes further on, whatever stands between.
    pub(in super::super) fn frame_after(&self, skip: usize) -> Option<Found> {
        let from = (self.offset + skip).next_multiple_of(frame::ALIGN);
        (from..self.bytes.len()).step_by(frame::ALIGN).find_map(|at| {
            let frame = frame::check(self.bytes.get(at..)?).ok()?;
            Some(Found { file: self.file.clone(), offset: at as u64, len: frame.len, last_seq: frame.last_seq() })
        })
    }

    /// Goes on behind a frame that was found.
    pub(in super::super) fn past_frame(self, found: &Found) -> Self {
        let offset = usize::try_from(found.offset).unwrap_or(self.bytes.len()).saturating_add(found.len);
        Self { offset, ..self }
    }

    /// Refuses when the device could not read the segment to its end.
    pub(in super::super) fn whole(&self) -> Result<(), Error> {
        match self.unreadable {
            Some(offset) => Err(Error::Damaged { file: self.file.clone(), offset, reason: Damage::Unreadable }),
            None => Ok(()),
        }
    }

    /// The refusal to go on at this place.
    pub(in super::super) fn damaged(&self, reason: Damage) -> Error {
        Error::Damaged { file: self.file.clone(), offset: self.offset(), reason }
    }
}

pub(in super::super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(ZEROS.len()).all(|chunk| ZEROS.get(..chunk.len()) == Some(chunk))
}
