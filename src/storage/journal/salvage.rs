//! Reading a damaged journal for `doorward repair`: the undamaged prefix, and what was lost. It changes nothing on disk.
//!
//! What stands behind the damage is counted and never used: the changes between are missing, and with them, maybe, a
//! revocation.

use super::super::disk::Disk;
use super::frame::Damage;
use super::scan::{Damaged, Loaded, Scan, Torn};
use super::segment::{list_segments, mark_path, segment_path};
use super::{Cut, Error, Record, SegmentNo, Seq};

/// Reads as far as the journal is undamaged.
pub struct Salvage<'a> {
    disk: &'a dyn Disk,
    scan: Scan<'a>,
    bad_mark: Option<Damage>,
    missing: Option<SegmentNo>,
    loss: Option<Loss>,
}

/// What a damaged journal has lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where the damage begins: the file.
    pub file: String,
    /// Where the damage begins: the offset.
    pub offset: u64,
    /// What is wrong there.
    pub reason: Damage,
    /// The last record that is recovered.
    pub recovered: Seq,
    /// The last record known to have been acknowledged; `None` when the mark cannot be read.
    pub mark: Option<Seq>,
    /// How many good groups stand behind the damage.
    pub groups_behind: u64,
    /// The last record of those.
    pub last_behind: Option<Seq>,
}

impl Loss {
    /// How many records are known to be lost; there may be more.
    #[must_use]
    pub fn records_known(&self) -> u64 {
        let last = self.mark.max(self.last_behind).unwrap_or(self.recovered);
        last.0.saturating_sub(self.recovered.0)
    }
}

impl<'a> Salvage<'a> {
    /// Begins to read at a cut: one that `CURRENT` names, or one that a segment claims ([`super::first_cut`]).
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open(disk: &'a dyn Disk, from: Cut) -> Result<Self, Error> {
        let Damaged { scan, bad_mark, missing } = Scan::open_damaged(disk, from)?;
        Ok(Self { disk, scan, bad_mark, missing, loss: None })
    }

    /// The next group of the undamaged prefix, `None` at its end.
    ///
    /// # Errors
    /// When the disk fails; damage is no error here.
    pub fn next_group(&mut self) -> Result<Option<Vec<Record>>, Error> {
        let generation = self.scan.end().generation;
        let (file, offset, reason) = match (self.scan.next_group(), self.missing, &self.bad_mark) {
            (Ok(Some(group)), ..) => return Ok(Some(group)),
            (Ok(None), ..) if self.loss.is_some() => return Ok(None),
            (Ok(None) | Err(Error::Damaged { reason: Damage::EndsBelowMark { .. }, .. }), Some(missing), _) => {
                (segment_path(generation, missing), 0, Damage::SegmentMissing)
            }
            (Ok(None), None, Some(bad_mark)) => (mark_path(generation), 0, bad_mark.clone()),
            (Ok(None), None, None) => return Ok(None),
            (Err(Error::Damaged { file, offset, reason }), ..) => (file, offset, reason),
            (Err(error), ..) => return Err(error),
        };
        self.loss = Some(self.assess(file, offset, reason)?);
        Ok(None)
    }

    /// Where the undamaged prefix ends so far.
    #[must_use]
    pub fn end(&self) -> Cut {
        self.scan.end()
    }

    /// What was lost; `None` when the journal was read to its end and is whole.
    #[must_use]
    pub fn loss(&self) -> Option<&Loss> {
        self.loss.as_ref()
    }

    /// The unfinished frame that was dropped at the end of an otherwise whole journal.
    #[must_use]
    pub fn torn(&self) -> Option<&Torn> {
        self.scan.torn()
    }

    fn assess(&self, file: String, offset: u64, reason: Damage) -> Result<Loss, Error> {
        let end = self.scan.end();
        let mark = self.scan.mark();
        let mut loss = Loss { file, offset, reason, recovered: end.seq, mark, groups_behind: 0, last_behind: None };
        let segments = list_segments(self.disk, end.generation)?;
        for segment in segments.into_iter().filter(|segment| *segment >= end.segment) {
            let Ok(mut loaded) = Loaded::read(self.disk, end.generation, segment) else { continue };
            while let Some(found) = loaded.frame_after(0) {
                if found.last_seq > end.seq {
                    loss.groups_behind += 1;
                    loss.last_behind = loss.last_behind.max(Some(found.last_seq));
                }
                loaded = loaded.past_frame(&found);
            }
        }
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::super::super::disk::{Failure, Operation, SimDisk, Trouble};
    use super::super::testing::*;
    use super::super::{Appender, first_cut};
    use super::*;

    const FIRST: &str = "journal/g0000000001-s0000000001.segment";

    fn salvaged(disk: &SimDisk) -> (Vec<Record>, Option<Loss>) {
        let mut salvage = Salvage::open(disk, start()).unwrap();
        let mut all = Vec::new();
        while let Some(group) = salvage.next_group().unwrap() {
            all.extend(group);
        }
        assert_eq!(salvage.next_group().unwrap(), None);
        (all, salvage.loss().cloned())
    }

    /// Two groups in the first segment, two in the second; returns where the second group begins.
    fn written(disk: &SimDisk) -> usize {
        let mut journal = new_journal(disk);
        let len = journal.append(&records(1, 2)).unwrap().len;
        journal.append(&records(3, 4)).unwrap();
        journal.cut().unwrap();
        journal.append(&records(5, 5)).unwrap();
        journal.append(&records(6, 7)).unwrap();
        usize::try_from(len).unwrap()
    }

    #[test]
    fn a_whole_journal_has_lost_nothing() {
        let disk = SimDisk::new(1);
        written(&disk);
        assert_eq!(salvaged(&disk), (records(1, 7), None));
    }

    #[test]
    fn the_prefix_is_recovered_and_the_loss_counted() {
        let disk = SimDisk::new(1);
        let second = written(&disk);
        disk.damage(FIRST, |bytes| bytes[second + 50] ^= 1).unwrap();
        let (read, loss) = salvaged(&disk);
        assert_eq!(read, records(1, 2));
        let loss = loss.unwrap();
        assert_eq!((loss.file.as_str(), loss.offset), (FIRST, second as u64));
        assert_eq!((loss.recovered, loss.mark, loss.last_behind), (Seq(2), Some(Seq(7)), Some(Seq(7))));
        assert_eq!((loss.groups_behind, loss.records_known()), (2, 5));
    }

    #[test]
    fn without_a_mark_all_is_read_and_the_doubt_is_told() {
        let disk = SimDisk::new(1);
        written(&disk);
        disk.damage("journal/g0000000001.mark", |bytes| bytes[8] ^= 1).unwrap();
        let (read, loss) = salvaged(&disk);
        assert_eq!(read, records(1, 7));
        let loss = loss.unwrap();
        assert_eq!((loss.reason, loss.mark, loss.groups_behind), (Damage::Mark, None, 0));
    }

    #[test]
    fn a_missing_first_segment_leaves_nothing_but_is_told() {
        let disk = SimDisk::new(1);
        written(&disk);
        disk.remove(FIRST).unwrap();
        let (read, loss) = salvaged(&disk);
        assert_eq!(read, []);
        let loss = loss.unwrap();
        assert_eq!((loss.file.as_str(), loss.reason, loss.groups_behind), (FIRST, Damage::SegmentMissing, 2));
    }

    #[test]
    fn a_segment_that_is_missing_after_a_stale_mark_is_told_although_only_zeros_follow() {
        let disk = SimDisk::new(1);
        written(&disk);
        drop(super::super::mark::Mark::create(&disk, start().generation, Seq(4)).unwrap());
        let second = segment_path(start().generation, SegmentNo(2));
        assert!(disk.len(&segment_path(start().generation, SegmentNo(3))).unwrap().is_some());
        disk.remove(&second).unwrap();
        let (read, loss) = salvaged(&disk);
        assert_eq!(read, records(1, 4));
        let loss = loss.unwrap();
        assert_eq!((loss.file.clone(), loss.reason.clone(), loss.records_known()), (second, Damage::SegmentMissing, 0));
    }

    #[test]
    fn what_stands_before_an_unreadable_place_is_recovered() {
        let disk = SimDisk::new(1);
        written(&disk);
        // The mark, the first segment (its bytes, its end) and the bytes of the second are read.
        disk.fail(Failure { operation: Operation::Read, after: 4, trouble: Trouble::Device });
        let (read, loss) = salvaged(&disk);
        assert_eq!(read, records(1, 7));
        assert_eq!(loss.unwrap().reason, Damage::Unreadable);
    }

    #[test]
    fn a_segment_tells_the_cut_it_follows() {
        let disk = SimDisk::new(1);
        written(&disk);
        let generation = start().generation;
        assert_eq!(first_cut(&disk, generation, SegmentNo(1)).unwrap(), Some(start()));
        let second = first_cut(&disk, generation, SegmentNo(2)).unwrap().unwrap();
        assert_eq!(second.seq, Seq(4));
        assert_eq!(read_all(&disk, second).unwrap().0, records(5, 7));
        assert_eq!(first_cut(&disk, generation, SegmentNo(3)).unwrap(), None);
    }
}
