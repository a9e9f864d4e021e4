//! Reading a journal back, from a cut to its end.
//!
//! Owns the verdict on what does not read as it was written: one bad frame at the very end and above the mark was never
//! acknowledged and is dropped whole; anything else is refused, by file, offset and reason. It changes nothing on disk.

use std::collections::VecDeque;

use super::super::disk::Disk;
use super::frame::{self, Damage};
use super::segment::{list_segments, segment_path};
use super::{Cut, Error, Record, SegmentNo, Seq, mark};

mod loaded;

pub(super) use loaded::{Found, Loaded};

/// Reads the groups of a journal in order. Holds one segment in memory.
pub struct Scan<'a> {
    disk: &'a dyn Disk,
    /// The segments that follow the one at hand.
    later: VecDeque<SegmentNo>,
    at_hand: Option<Loaded>,
    /// The place behind the last good frame.
    end: Cut,
    end_offset: u64,
    mark: Option<Seq>,
    state: State,
    torn: Option<Torn>,
    read_len: u64,
}

/// What there is to read of a journal of which something may be missing.
pub(super) struct Damaged<'a> {
    /// Reads as far as no segment is missing.
    pub(super) scan: Scan<'a>,
    /// What is wrong with the mark.
    pub(super) bad_mark: Option<Damage>,
    /// The first segment that is missing.
    pub(super) missing: Option<SegmentNo>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
}

/// An unfinished frame that was dropped: nobody was told of what was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The file it stands in.
    pub file: String,
    /// Where it begins there.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: Damage,
}

impl<'a> Scan<'a> {
    /// Begins to read at a cut that `CURRENT` names.
    ///
    /// # Errors
    /// When the mark cannot be read, a segment is missing, or the disk fails.
    pub fn open(disk: &'a dyn Disk, from: Cut) -> Result<Self, Error> {
        let mark = mark::read(disk, from.generation)?;
        let scan = Self::begin(disk, from, Some(mark))?;
        scan.no_segment_missing()?;
        Ok(scan)
    }

    /// Begins to read what there is, whatever may be missing.
    pub(super) fn open_damaged(disk: &'a dyn Disk, from: Cut) -> Result<Damaged<'a>, Error> {
        let (mark, bad_mark) = match mark::read(disk, from.generation) {
            Ok(mark) => (Some(mark), None),
            Err(Error::Damaged { reason, .. }) => (None, Some(reason)),
            Err(error) => return Err(error),
        };
        let mut scan = Self::begin(disk, from, mark)?;
        let missing = scan.missing();
        scan.later.retain(|segment| missing.is_none_or(|missing| *segment < missing));
        Ok(Damaged { scan, bad_mark, missing })
    }

    fn begin(disk: &'a dyn Disk, from: Cut, mark: Option<Seq>) -> Result<Self, Error> {
        let segments = list_segments(disk, from.generation)?;
        Ok(Self {
            disk,
            later: segments.into_iter().filter(|segment| *segment >= from.segment).collect(),
            at_hand: None,
            end: from,
            end_offset: 0,
            mark,
            state: State::Reading,
            torn: None,
            read_len: 0,
        })
    }

    /// The next group, `None` at the end of the journal.
    ///
    /// # Errors
    /// When the journal is damaged or the disk fails. Nothing more can be read then.
    pub fn next_group(&mut self) -> Result<Option<Vec<Record>>, Error> {
        if self.state == State::Ended {
            return Ok(None);
        }
        let group = self.find_group();
        if !matches!(group, Ok(Some(_))) {
            self.state = State::Ended;
        }
        group
    }

    /// Where reading has come to: the last record that was good, its segment, and its frame's crc.
    #[must_use]
    pub fn end(&self) -> Cut {
        self.end
    }

    /// The unfinished frame that was dropped at the end, if there was one.
    #[must_use]
    pub fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// The last record that is known to have been acknowledged.
    #[must_use]
    pub fn mark(&self) -> Option<Seq> {
        self.mark
    }

    /// Bytes read so far, for a display of progress.
    #[must_use]
    pub fn read_len(&self) -> u64 {
        self.read_len
    }

    fn find_group(&mut self) -> Result<Option<Vec<Record>>, Error> {
        while let Some(loaded) = self.take()? {
            let rest = loaded.rest();
            match frame::check(rest) {
                Ok(frame) => {
                    let place = Cut { segment: loaded.segment, ..self.end };
                    let records = frame.follows(&place).and_then(|()| frame.records());
                    let records = records.map_err(|reason| loaded.damaged(reason))?;
                    self.end = Cut { seq: frame.last_seq(), crc: frame.crc, ..place };
                    let len = frame.len;
                    let loaded = loaded.past(len);
                    self.end_offset = loaded.offset();
                    self.at_hand = Some(loaded);
                    return Ok(Some(records));
                }
                Err(_nothing) if loaded::is_zero(rest) => loaded.whole()?,
                Err(reason) => {
                    loaded.whole()?;
                    self.torn = Some(self.judge(&loaded, reason)?);
                    break;
                }
            }
        }
        self.meet_mark().map(|()| None)
    }

    /// The segment at hand, or else the next one.
    fn take(&mut self) -> Result<Option<Loaded>, Error> {
        if let Some(loaded) = self.at_hand.take() {
            return Ok(Some(loaded));
        }
        self.later.pop_front().map(|segment| self.load(segment)).transpose()
    }

    fn load(&mut self, segment: SegmentNo) -> Result<Loaded, Error> {
        let loaded = Loaded::read(self.disk, self.end.generation, segment)?;
        self.read_len += loaded.len();
        Ok(loaded)
    }

    /// A bad frame: is it the unfinished last one?
    fn judge(&mut self, loaded: &Loaded, reason: Damage) -> Result<Torn, Error> {
        let mut after = loaded.frame_after(frame::ALIGN);
        while let (None, Some(segment)) = (&after, self.later.pop_front()) {
            let later = self.load(segment)?;
            after = later.frame_after(0);
            later.whole()?;
        }
        if let Some(Found { file, offset, .. }) = after {
            return Err(loaded.damaged(Damage::GoodFrameAfter { bad: Box::new(reason), file, offset }));
        }
        // Where its length was not written, it may be as long as any.
        let len = frame::claimed_len(loaded.rest()).unwrap_or(frame::LEN_MAX);
        if loaded.rest().get(len..).is_some_and(|beyond| !loaded::is_zero(beyond)) {
            return Err(loaded.damaged(Damage::MoreThanOneFrame { bad: Box::new(reason) }));
        }
        Ok(Torn { file: loaded.file.clone(), offset: loaded.offset(), reason })
    }

    fn meet_mark(&self) -> Result<(), Error> {
        match self.mark {
            Some(mark) if mark > self.end.seq => Err(Error::Damaged {
                file: segment_path(self.end.generation, self.end.segment),
                offset: self.end_offset,
                reason: Damage::EndsBelowMark { found: self.end.seq, mark },
            }),
            _ => Ok(()),
        }
    }

    /// Segments are made and removed in order: a later one proves that each before it was there, and the cut's is made
    /// durable before the cut is told to anyone.
    fn no_segment_missing(&self) -> Result<(), Error> {
        let Some(missing) = self.missing() else { return Ok(()) };
        let file = segment_path(self.end.generation, missing);
        Err(Error::Damaged { file, offset: 0, reason: Damage::SegmentMissing })
    }

    /// The first segment that is missing.
    fn missing(&self) -> Option<SegmentNo> {
        let mut expected = self.end.segment;
        for found in &self.later {
            if *found != expected {
                break;
            }
            expected = expected.next();
        }
        let counted = expected.0 - self.end.segment.0;
        let is_whole = counted > 0 && counted == self.later.len() as u64;
        (!is_whole).then_some(expected)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::super::super::disk::{Failure, Operation, SimDisk, Trouble};
    use super::super::testing::*;
    use super::super::{Appender, Generation};
    use super::*;

    const FIRST: &str = "journal/g0000000001-s0000000001.segment";
    const SECOND: &str = "journal/g0000000001-s0000000002.segment";

    /// Three groups in one segment. Returns where each begins, and where the last ends.
    fn written(disk: &SimDisk) -> Vec<usize> {
        let mut journal = new_journal(disk);
        let mut ends = vec![0];
        for (from, to) in [(1, 2), (3, 3), (4, 6)] {
            let len = usize::try_from(journal.append(&records(from, to)).unwrap().len).unwrap();
            ends.push(ends.last().unwrap() + len);
        }
        ends
    }

    fn set_mark(disk: &SimDisk, seq: u64) {
        drop(mark::Mark::create(disk, Generation(1), Seq(seq)).unwrap());
    }

    fn reason(read: Result<(Vec<Record>, Option<Torn>), Error>) -> (String, u64, Damage) {
        match read {
            Err(Error::Damaged { file, offset, reason }) => (file, offset, reason),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_bad_last_frame_above_the_mark_is_dropped_whole() {
        let disk = SimDisk::new(1);
        let ends = written(&disk);
        set_mark(&disk, 3);
        disk.damage(FIRST, |bytes| bytes[ends[2] + 60] ^= 1).unwrap();
        let (read, torn) = read_all(&disk, start()).unwrap();
        assert_eq!(read, records(1, 3));
        let torn = torn.unwrap();
        assert_eq!((torn.file.as_str(), torn.offset, torn.reason), (FIRST, ends[2] as u64, Damage::Checksum));
    }

    #[test]
    fn a_bad_last_frame_below_the_mark_is_refused() {
        let disk = SimDisk::new(1);
        let ends = written(&disk);
        disk.damage(FIRST, |bytes| bytes[ends[2] + 60] ^= 1).unwrap();
        let (file, offset, reason) = reason(read_all(&disk, start()));
        assert_eq!((file.as_str(), offset), (FIRST, ends[2] as u64));
        assert_eq!(reason, Damage::EndsBelowMark { found: Seq(3), mark: Seq(6) });
    }

    #[test]
    fn a_bad_frame_with_a_good_one_after_it_is_refused_even_above_the_mark() {
        let disk = SimDisk::new(1);
        let ends = written(&disk);
        set_mark(&disk, 2);
        disk.damage(FIRST, |bytes| bytes[ends[1] + 60] ^= 1).unwrap();
        let (file, offset, reason) = reason(read_all(&disk, start()));
        assert_eq!((file.as_str(), offset), (FIRST, ends[1] as u64));
        assert!(matches!(reason, Damage::GoodFrameAfter { offset, .. } if offset == ends[2] as u64));
    }

    #[test]
    fn a_good_frame_in_a_later_segment_is_found_too() {
        let disk = SimDisk::new(1);
        let mut journal = new_journal(&disk);
        journal.append(&records(1, 1)).unwrap();
        journal.cut().unwrap();
        journal.append(&records(2, 2)).unwrap();
        set_mark(&disk, 0);
        disk.damage(FIRST, |bytes| bytes[0] ^= 1).unwrap();
        let (file, _offset, reason) = reason(read_all(&disk, start()));
        assert_eq!(file, FIRST);
        assert!(matches!(reason, Damage::GoodFrameAfter { file, offset: 0, .. } if file == SECOND));
    }

    #[test]
    fn two_bad_frames_are_refused_even_above_the_mark() {
        let disk = SimDisk::new(1);
        let ends = written(&disk);
        set_mark(&disk, 2);
        let spoil = |bytes: &mut Vec<u8>| {
            bytes[ends[1] + 60] ^= 1;
            bytes[ends[2] + 60] ^= 1;
        };
        disk.damage(FIRST, spoil).unwrap();
        let (_file, offset, reason) = reason(read_all(&disk, start()));
        assert_eq!(offset, ends[1] as u64);
        assert!(matches!(reason, Damage::MoreThanOneFrame { .. }));
    }

    #[test]
    fn a_frame_of_zeros_breaks_the_chain_of_those_after_it() {
        let disk = SimDisk::new(1);
        let mut journal = new_journal(&disk);
        journal.append(&records(1, 1)).unwrap();
        journal.cut().unwrap();
        journal.append(&records(2, 2)).unwrap();
        set_mark(&disk, 0);
        disk.damage(FIRST, |bytes| bytes.fill(0)).unwrap();
        let (file, _offset, reason) = reason(read_all(&disk, start()));
        assert_eq!(file, SECOND);
        assert!(matches!(reason, Damage::Chain { .. }));
    }

    #[test]
    fn a_missing_segment_is_named_wherever_it_is_missing() {
        for missing in [1, 2, 3] {
            let disk = SimDisk::new(1);
            let mut journal = new_journal(&disk);
            for seq in 1..=3 {
                journal.append(&records(seq, seq)).unwrap();
                journal.cut().unwrap();
            }
            let path = segment_path(Generation(1), SegmentNo(missing));
            disk.remove(&path).unwrap();
            assert_eq!(reason(read_all(&disk, start())), (path, 0, Damage::SegmentMissing));
        }
        let disk = SimDisk::new(1);
        set_mark(&disk, 0);
        assert_eq!(reason(read_all(&disk, start())), (FIRST.to_owned(), 0, Damage::SegmentMissing));
    }

    #[test]
    fn a_place_the_device_cannot_read_is_refused_by_name() {
        let disk = SimDisk::new(1);
        written(&disk);
        disk.fail(Failure { operation: Operation::Read, after: 1, trouble: Trouble::Device });
        assert_eq!(reason(read_all(&disk, start())), (FIRST.to_owned(), 0, Damage::Unreadable));
    }

    #[test]
    fn a_stale_mark_is_safe_and_nothing_is_read_after_an_error() {
        let disk = SimDisk::new(1);
        written(&disk);
        set_mark(&disk, 0);
        assert_eq!(read_all(&disk, start()).unwrap().0, records(1, 6));
        set_mark(&disk, 7);
        let mut scan = Scan::open(&disk, start()).unwrap();
        while let Ok(Some(_)) = scan.next_group() {}
        assert_eq!(scan.next_group().unwrap(), None);
        assert_eq!(scan.end().seq, Seq(6));
    }
}
