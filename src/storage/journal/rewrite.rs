//! What was recovered is written again before anything is appended: it may have been in the page cache alone.
//!
//! The order of a recovery that ends in writing, each step durable before the next:
//! 1. [`Rewriter::start`] for the next generation, [`Rewriter::push`] each record of the tail, [`Rewriter::finish`]
//!    (segments, directory and the new generation's mark are then synced);
//! 2. the caller writes `CURRENT` with the new generation and the cuts in it, and syncs that;
//! 3. [`super::remove_generation`] of every other generation;
//! 4. only now [`super::Appender::append`].
//!
//! Each generation has its own mark, so a crash between 1 and 2 leaves the old generation with the old mark: a common
//! mark, already raised to a record that the old generation had in the page cache alone, would condemn it.

use std::sync::Arc;

use super::super::disk::Disk;
use super::tail::Tail;
use super::{Cut, Error, GROUP_LEN_MAX, GROUP_RECORDS_MAX, Generation, Journal, Layout, Record, Seq};

/// Writes a recovered tail as a new generation.
pub struct Rewriter {
    tail: Tail,
    group: Vec<Record>,
    group_len: usize,
    group_len_max: usize,
}

impl Rewriter {
    /// Begins `generation`, whose first record will be the one after `last`. Files of that generation are removed first:
    /// `CURRENT` cannot name it yet.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn start(disk: Arc<dyn Disk>, layout: Layout, generation: Generation, last: Seq) -> Result<Self, Error> {
        // Half a segment at most, so that small ones fill well; a single record may be longer.
        let half = usize::try_from(layout.segment_len / 2).unwrap_or(GROUP_LEN_MAX);
        let tail = Tail::start(disk, layout, generation, last)?;
        Ok(Self { tail, group: Vec::new(), group_len: 0, group_len_max: half.min(GROUP_LEN_MAX) })
    }

    /// Adds the next record.
    ///
    /// # Errors
    /// When the disk fails or the record is not the next one. The generation is then litter.
    pub fn push(&mut self, record: Record) -> Result<(), Error> {
        let len = record.encoded_len();
        if self.group.len() == GROUP_RECORDS_MAX || self.group_len + len > self.group_len_max {
            self.write()?;
        }
        self.group_len += len;
        self.group.push(record);
        Ok(())
    }

    /// Lets the next record begin a segment, where an older snapshot's cut was.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn cut(&mut self) -> Result<Cut, Error> {
        self.write()?;
        self.tail.cut()
    }

    /// Makes all of it durable. Append to the journal only after `CURRENT` durably names its generation.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<Journal, Error> {
        self.write()?;
        self.tail.sync()?;
        Journal::open(self.tail)
    }

    fn write(&mut self) -> Result<(), Error> {
        if !self.group.is_empty() {
            self.tail.write(&self.group)?;
            self.group.clear();
            self.group_len = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::disk::SimDisk;
    use super::super::testing::*;
    use super::super::{Appender, SegmentNo, list_generations, remove_generation};
    use super::*;

    fn rewritten(disk: &SimDisk, generation: Generation, last: u64) -> Journal {
        let mut rewriter = Rewriter::start(shared(disk), SMALL, generation, Seq(0)).unwrap();
        for record in records(1, last) {
            rewriter.push(record).unwrap();
        }
        rewriter.finish().unwrap()
    }

    #[test]
    fn a_rewritten_tail_is_durable_whole_and_goes_on() {
        for seed in 0..20 {
            let disk = SimDisk::new(seed);
            drop(new_journal(&disk));
            let mut journal = rewritten(&disk, Generation(2), 100);
            journal.append(&records(101, 102)).unwrap();
            disk.power_cut();
            let from = Cut { generation: Generation(2), ..start() };
            assert_eq!(read_all(&disk, from).unwrap(), (records(1, 102), None));
            assert_eq!(read_all(&disk, start()).unwrap(), (vec![], None), "the old one is as it was");
        }
    }

    #[test]
    fn what_an_earlier_attempt_left_is_removed_first() {
        let disk = SimDisk::new(1);
        drop(rewritten(&disk, Generation(2), 100));
        drop(rewritten(&disk, Generation(2), 3));
        let from = Cut { generation: Generation(2), ..start() };
        assert_eq!(read_all(&disk, from).unwrap(), (records(1, 3), None));
        remove_generation(&disk, Generation(2)).unwrap();
        assert_eq!(list_generations(&disk).unwrap(), []);
    }

    #[test]
    fn a_cut_can_be_kept_where_it_was() {
        let disk = SimDisk::new(1);
        let mut rewriter = Rewriter::start(shared(&disk), SMALL, Generation(2), Seq(10)).unwrap();
        rewriter.push(record(11, b"before")).unwrap();
        let cut = rewriter.cut().unwrap();
        rewriter.push(record(12, b"after")).unwrap();
        let journal = rewriter.finish().unwrap();
        assert_eq!((cut.segment, cut.seq), (SegmentNo(2), Seq(11)));
        assert_eq!(journal.next_seq(), Seq(13));
        assert_eq!(read_all(&disk, cut).unwrap().0, [record(12, b"after")]);
        let whole = Cut { generation: Generation(2), segment: SegmentNo::FIRST, seq: Seq(10), crc: 0 };
        assert_eq!(read_all(&disk, whole).unwrap().0.len(), 2);
    }

    #[test]
    fn a_gap_in_the_tail_is_refused() {
        let disk = SimDisk::new(1);
        let mut rewriter = Rewriter::start(shared(&disk), SMALL, Generation(2), Seq(10)).unwrap();
        rewriter.push(record(12, b"")).unwrap();
        assert!(matches!(rewriter.finish().err(), Some(Error::OutOfSequence { .. })));
    }
}
