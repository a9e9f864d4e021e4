//! The growing end of a journal: encodes groups, writes them one after another, goes on in the next segment when one is
//! full. It syncs only when told to, or before it leaves a segment; when that is and what it means is its caller's.

use std::sync::Arc;

use super::super::disk::{Disk, DiskFile};
use super::supply::Supply;
use super::{Cut, Error, Generation, Layout, Record, SegmentNo, Seq, frame, segment};

/// One buffer serves all groups; what a rare large one took beyond this is given back.
const BUFFER_KEPT: usize = 256 * 1024;

pub(super) struct Tail {
    pub(super) disk: Arc<dyn Disk>,
    segment_len: u64,
    supply: Supply,
    file: Box<dyn DiskFile>,
    /// Where the next frame goes in the file.
    offset: u64,
    /// The generation, the segment that is written, the last record and its frame's crc.
    end: Cut,
    state: State,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Synced,
    Unsynced,
}

impl Tail {
    /// Begins a generation whose first record will be the one after `last`.
    pub(super) fn start(disk: Arc<dyn Disk>, layout: Layout, generation: Generation, last: Seq) -> Result<Self, Error> {
        disk.create_dir(segment::DIR)?;
        // What there is of this generation was left by a recovery that was cut short: `CURRENT` never named it.
        segment::remove_generation(&*disk, generation)?;
        let mut supply = Supply::start(Arc::clone(&disk), generation, layout)?;
        let first = SegmentNo::FIRST;
        let file = supply.take(first)?;
        supply.ask(first.next());
        let end = Cut { generation, segment: first, seq: last, crc: 0 };
        let segment_len = layout.segment_len;
        Ok(Self { disk, segment_len, supply, file, offset: 0, end, state: State::Synced, buffer: Vec::new() })
    }

    pub(super) fn end(&self) -> Cut {
        self.end
    }

    /// Writes one group and returns its length in bytes. It is not synced.
    pub(super) fn write(&mut self, records: &[Record]) -> Result<u64, Error> {
        let mut crc = self.encode(records)?;
        let len = self.buffer.len() as u64;
        if len > self.segment_len {
            return Err(Error::GroupBounds { records: records.len(), len: self.buffer.len() });
        }
        if self.offset + len > self.segment_len {
            self.rotate()?;
            // The frame names its segment, which is another one now.
            crc = self.encode(records)?;
        }
        self.state = State::Unsynced;
        self.file.write_at(self.offset, &self.buffer)?;
        self.offset += len;
        self.end.crc = crc;
        self.end.seq = records.last().map_or(self.end.seq, |record| record.seq);
        Ok(len)
    }

    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.file.sync()?;
        self.state = State::Synced;
        Ok(())
    }

    /// Lets the next group begin a segment, and says where.
    pub(super) fn cut(&mut self) -> Result<Cut, Error> {
        if self.offset > 0 {
            self.rotate()?;
        }
        Ok(self.end)
    }

    fn rotate(&mut self) -> Result<(), Error> {
        if self.state == State::Unsynced {
            self.sync()?;
        }
        let next = self.end.segment.next();
        self.file = self.supply.take(next)?;
        self.supply.ask(next.next());
        self.end.segment = next;
        self.offset = 0;
        Ok(())
    }

    fn encode(&mut self, records: &[Record]) -> Result<u32, Error> {
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_KEPT);
        frame::encode(self.end, records, &mut self.buffer)
    }
}
