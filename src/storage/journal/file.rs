//! The journal on a disk: append, fsync, mark, in this order, once, or never again.

use std::sync::Arc;

use super::super::disk::Disk;
use super::mark::Mark;
use super::tail::Tail;
use super::{Appender, Cut, Error, Flushed, Generation, Layout, Record, SegmentNo, Seq, segment};

/// A journal open for appending. Any failure poisons it: it takes no write any more.
pub struct Journal {
    tail: Tail,
    mark: Mark,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Sound,
    Poisoned,
}

impl Journal {
    /// Begins an empty journal whose first record will be the one after `last`. Its files are durable when this returns.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn create(disk: Arc<dyn Disk>, layout: Layout, generation: Generation, last: Seq) -> Result<Self, Error> {
        Self::open(Tail::start(disk, layout, generation, last)?)
    }

    /// Takes over a tail that is synced.
    pub(super) fn open(tail: Tail) -> Result<Self, Error> {
        let end = tail.end();
        let mark = Mark::create(&*tail.disk, end.generation, end.seq)?;
        Ok(Self { tail, mark, state: State::Sound })
    }

    /// The last record and the segment it, or else the next one, stands in.
    #[must_use]
    pub fn end(&self) -> Cut {
        self.tail.end()
    }

    /// Poisons the journal unless `work` succeeds; a panic inside counts as failure.
    fn soundly<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.state == State::Poisoned {
            return Err(Error::Poisoned);
        }
        self.state = State::Poisoned;
        let done = work(self)?;
        self.state = State::Sound;
        Ok(done)
    }
}

impl Appender for Journal {
    fn next_seq(&self) -> Seq {
        self.tail.end().seq.next()
    }

    fn append(&mut self, records: &[Record]) -> Result<Flushed, Error> {
        self.soundly(|journal| {
            let len = journal.tail.write(records)?;
            journal.tail.sync()?;
            journal.mark.write(journal.tail.end().seq)?;
            Ok(Flushed { len, fsyncs: 1 })
        })
    }

    fn cut(&mut self) -> Result<Cut, Error> {
        self.soundly(|journal| journal.tail.cut())
    }

    fn drop_before(&mut self, segment: SegmentNo) -> Result<(), Error> {
        segment::drop_before(&*self.tail.disk, self.tail.end().generation, segment)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::disk::{Failure, Operation, RealDisk, SimDisk, Trouble};
    use super::super::segment::list_segments;
    use super::super::testing::*;
    use super::super::{GROUP_LEN_MAX, PAYLOAD_LEN_MAX, Scan, mark};
    use super::*;

    #[test]
    fn what_was_appended_is_read_back_after_a_power_cut() {
        for seed in 0..30 {
            let disk = SimDisk::new(seed);
            let mut journal = new_journal(&disk);
            for (from, to) in [(1, 3), (4, 4), (5, 30), (31, 60)] {
                journal.append(&records(from, to)).unwrap();
            }
            assert_eq!(journal.next_seq(), Seq(61));
            disk.power_cut();
            let (read, torn) = read_all(&disk, start()).unwrap();
            assert_eq!((read, torn), (records(1, 60), None));
        }
    }

    #[test]
    fn a_group_costs_one_write_one_fsync_and_the_mark() {
        let disk = SimDisk::new(1);
        let mut journal = new_journal(&disk);
        let (syncs, changes) = (disk.syncs(), disk.changes());
        let flushed = journal.append(&records(1, 5)).unwrap();
        assert_eq!(flushed.fsyncs, 1);
        assert_eq!((disk.syncs() - syncs, disk.changes() - changes), (1, 3));
        assert_eq!(mark::read(&disk, start().generation).unwrap(), Seq(5));
    }

    #[test]
    fn segments_follow_one_another_and_the_next_one_waits() {
        let disk = SimDisk::new(1);
        let mut journal = new_journal(&disk);
        for seq in 1..=40 {
            journal.append(&records(seq, seq)).unwrap();
        }
        let at = journal.end().segment;
        assert!(at.0 > 2, "{at}");
        assert_eq!(list_segments(&disk, start().generation).unwrap().last(), Some(&at.next()));
        assert_eq!(read_all(&disk, start()).unwrap().0, records(1, 40));
    }

    #[test]
    fn after_a_failure_nothing_is_written_any_more() {
        for operation in [Operation::Write, Operation::Sync] {
            for trouble in [Trouble::Full, Trouble::Device] {
                let disk = SimDisk::new(5);
                let mut journal = new_journal(&disk);
                journal.append(&records(1, 2)).unwrap();
                disk.fail(Failure { operation, after: 0, trouble });
                assert!(matches!(journal.append(&records(3, 3)), Err(Error::Disk(_))));
                let changes = disk.changes();
                assert!(matches!(journal.append(&records(3, 3)), Err(Error::Poisoned)));
                assert!(matches!(journal.cut(), Err(Error::Poisoned)));
                assert_eq!(disk.changes(), changes);
            }
        }
    }

    #[test]
    fn a_mark_that_cannot_be_written_ends_writing_too() {
        let disk = SimDisk::new(5);
        let mut journal = new_journal(&disk);
        disk.fail(Failure { operation: Operation::Write, after: 1, trouble: Trouble::Device });
        assert!(matches!(journal.append(&records(1, 1)), Err(Error::Disk(_))));
        assert!(matches!(journal.append(&records(2, 2)), Err(Error::Poisoned)));
    }

    #[test]
    fn no_segment_no_more_writing() {
        let disk = SimDisk::new(5);
        let mut journal = new_journal(&disk);
        journal.append(&records(1, 1)).unwrap();
        journal.cut().unwrap();
        for _ in 0..2 {
            disk.fail(Failure { operation: Operation::Create, after: 0, trouble: Trouble::Full });
        }
        journal.append(&records(2, 2)).unwrap();
        journal.cut().unwrap();
        journal.append(&records(3, 3)).unwrap();
        assert!(matches!(journal.cut(), Err(Error::Disk(_))), "the one ahead failed and so did the second try");
        assert!(matches!(journal.append(&records(4, 4)), Err(Error::Poisoned)));
        assert_eq!(read_all(&disk, start()).unwrap().0, records(1, 3));
    }

    #[test]
    fn a_group_longer_than_a_segment_is_refused_whole() {
        let disk = SimDisk::new(5);
        let mut journal = new_journal(&disk);
        assert!(matches!(journal.append(&[record(1, &[1; 2048])]), Err(Error::GroupBounds { .. })));
        assert_eq!(read_all(&disk, start()).unwrap().0, []);
    }

    #[test]
    fn a_cut_begins_a_segment_and_is_where_reading_can_begin() {
        let disk = SimDisk::new(5);
        let mut journal = new_journal(&disk);
        assert_eq!(journal.cut().unwrap(), start(), "an unused segment is as good as a new one");
        journal.append(&records(1, 4)).unwrap();
        let cut = journal.cut().unwrap();
        assert_eq!((cut.segment, cut.seq), (SegmentNo(2), Seq(4)));
        assert_eq!(journal.cut().unwrap(), cut);
        assert_eq!(read_all(&disk, cut).unwrap().0, []);
        journal.append(&records(5, 6)).unwrap();
        assert_eq!(read_all(&disk, cut).unwrap().0, records(5, 6));
        assert_eq!(read_all(&disk, start()).unwrap().0, records(1, 6));

        journal.drop_before(cut.segment).unwrap();
        assert_eq!(read_all(&disk, cut).unwrap().0, records(5, 6));
        assert!(read_all(&disk, start()).is_err());
    }

    #[test]
    fn a_journal_on_the_real_disk_holds_the_largest_groups_across_segments() {
        let temp = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(temp.path()).unwrap());
        let layout = Layout { segment_len: 9 * 1024 * 1024, ..Layout::default() };
        let mut journal = Journal::create(Arc::clone(&disk), layout, Generation(1), Seq(0)).unwrap();
        let payload = vec![0xff; PAYLOAD_LEN_MAX];
        let mut seq = 0;
        for _ in 0..5 {
            let mut group: Vec<_> = (1..=3).map(|nth| record(seq + nth, &payload)).collect();
            let room = GROUP_LEN_MAX - group.iter().map(Record::encoded_len).sum::<usize>();
            group.push(record(seq + 4, &vec![1; room - record(0, b"").encoded_len()]));
            seq += 4;
            journal.append(&group).unwrap();
        }
        assert_eq!(journal.end().segment, SegmentNo(3));
        drop(journal);
        let mut scan = Scan::open(&*disk, start()).unwrap();
        let mut read = 0;
        while let Some(group) = scan.next_group().unwrap() {
            read += group.len();
        }
        assert_eq!((read, scan.end().seq), (20, Seq(20)));
    }
}
