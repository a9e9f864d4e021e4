//! A journal that keeps nothing, for embedding without a disk. It counts as the real one does and never fails.

use super::{Appender, Cut, Error, Flushed, Generation, Record, SegmentNo, Seq};

/// Takes every group and forgets it.
#[derive(Debug, Default)]
pub struct Discard {
    last: Seq,
}

impl Discard {
    /// A journal whose next record is the one after `last`.
    #[must_use]
    pub fn after(last: Seq) -> Self {
        Self { last }
    }
}

impl Appender for Discard {
    fn next_seq(&self) -> Seq {
        self.last.next()
    }

    fn append(&mut self, records: &[Record]) -> Result<Flushed, Error> {
        if let Some(record) = records.last() {
            self.last = record.seq;
        }
        Ok(Flushed { len: 0, fsyncs: 0 })
    }

    fn cut(&mut self) -> Result<Cut, Error> {
        Ok(Cut { generation: Generation(0), segment: SegmentNo::FIRST, seq: self.last, crc: 0 })
    }

    fn drop_before(&mut self, _segment: SegmentNo) -> Result<(), Error> {
        Ok(())
    }
}
