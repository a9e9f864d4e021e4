//! The mark: one sector that says up to which record everything was acknowledged. It may be stale, never ahead.

use super::super::disk::{Disk, DiskFile, SECTOR_LEN};
use super::frame::{Damage, Reader};
use super::{Error, Generation, Seq, segment};

const MAGIC: [u8; 8] = [0xff, b'D', b'W', b'M', b'A', b'R', b'K', 1];
const CRC_AT: usize = SECTOR_LEN - 4;

pub(super) struct Mark {
    generation: Generation,
    file: Box<dyn DiskFile>,
}

impl Mark {
    /// Makes the mark of a generation, durable with its name.
    pub(super) fn create(disk: &dyn Disk, generation: Generation, durable: Seq) -> Result<Self, Error> {
        let path = segment::mark_path(generation);
        if disk.len(&path)?.is_some() {
            disk.remove(&path)?;
        }
        let file = disk.create(&path, SECTOR_LEN as u64)?;
        let mut mark = Self { generation, file };
        mark.write(durable)?;
        mark.file.sync()?;
        disk.sync_dir(segment::DIR)?;
        Ok(mark)
    }

    /// Overwrites the sector; not synced, a stale mark is safe.
    pub(super) fn write(&mut self, durable: Seq) -> Result<(), Error> {
        Ok(self.file.write_at(0, &encode(self.generation, durable))?)
    }
}

/// The record up to which everything was acknowledged, as far as the disk knows.
pub(super) fn read(disk: &dyn Disk, generation: Generation) -> Result<Seq, Error> {
    let file = segment::mark_path(generation);
    if disk.len(&file)?.is_none() {
        return Err(Error::Damaged { file, offset: 0, reason: Damage::MarkMissing });
    }
    let bytes = disk.read(&file, 0, SECTOR_LEN + 1)?;
    decode(&bytes, generation).map_err(|reason| Error::Damaged { file, offset: 0, reason })
}

fn encode(generation: Generation, durable: Seq) -> Vec<u8> {
    let mut sector = Vec::with_capacity(SECTOR_LEN);
    sector.extend_from_slice(&MAGIC);
    sector.extend_from_slice(&generation.0.to_le_bytes());
    sector.extend_from_slice(&durable.0.to_le_bytes());
    sector.resize(CRC_AT, 0);
    let crc = crc32fast::hash(&sector);
    sector.extend_from_slice(&crc.to_le_bytes());
    sector
}

fn decode(bytes: &[u8], expected: Generation) -> Result<Seq, Damage> {
    let (sector, crc) = bytes.split_last_chunk::<4>().ok_or(Damage::Mark)?;
    if sector.len() != CRC_AT || u32::from_le_bytes(*crc) != crc32fast::hash(sector) {
        return Err(Damage::Mark);
    }
    let mut reader = Reader(sector);
    if reader.take() != Some(MAGIC) {
        return Err(Damage::Mark);
    }
    let found = reader.u64().map(Generation).ok_or(Damage::Mark)?;
    if found != expected {
        return Err(Damage::Generation { expected, found });
    }
    reader.u64().map(Seq).ok_or(Damage::Mark)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::disk::SimDisk;
    use super::*;

    const ONE: Generation = Generation(1);

    #[test]
    fn a_mark_is_durable_when_made_and_reads_as_last_written() {
        let disk = SimDisk::new(3);
        let mut mark = Mark::create(&disk, ONE, Seq(41)).unwrap();
        disk.power_cut();
        assert_eq!(read(&disk, ONE).unwrap(), Seq(41));
        assert!(mark.write(Seq(42)).is_err(), "its file was closed by the power cut");
        let mut mark = Mark::create(&disk, ONE, Seq(41)).unwrap();
        mark.write(Seq(42)).unwrap();
        assert_eq!(read(&disk, ONE).unwrap(), Seq(42));
    }

    #[test]
    fn after_a_power_cut_a_mark_is_one_that_was_written() {
        for seed in 0..50 {
            let disk = SimDisk::new(seed);
            let mut mark = Mark::create(&disk, ONE, Seq(1)).unwrap();
            mark.write(Seq(2)).unwrap();
            mark.write(Seq(3)).unwrap();
            disk.power_cut();
            assert!((1..=3).contains(&read(&disk, ONE).unwrap().0));
        }
    }

    #[test]
    fn a_bad_short_long_or_missing_mark_is_refused_by_name() {
        let check = |change: fn(&mut Vec<u8>)| {
            let disk = SimDisk::new(3);
            drop(Mark::create(&disk, ONE, Seq(1)).unwrap());
            disk.damage("journal/g0000000001.mark", change).unwrap();
            let message = read(&disk, ONE).unwrap_err().to_string();
            assert!(message.starts_with("journal/g0000000001.mark is damaged at byte 0: "), "{message}");
            assert!(message.contains("`doorward repair`"), "{message}");
        };
        check(|bytes| bytes.iter_mut().take(17).for_each(|byte| *byte ^= 4));
        check(|bytes| bytes.iter_mut().for_each(|byte| *byte = 0));
        check(|bytes| bytes.truncate(511));
        check(|bytes| bytes.push(0));
        check(Vec::clear);
        let missing = read(&SimDisk::new(3), ONE).unwrap_err();
        assert!(matches!(missing, Error::Damaged { reason: Damage::MarkMissing, .. }));
    }

    #[test]
    fn another_generations_mark_is_not_taken_for_ours() {
        let disk = SimDisk::new(3);
        drop(Mark::create(&disk, Generation(2), Seq(1)).unwrap());
        disk.rename("journal/g0000000002.mark", "journal/g0000000001.mark").unwrap();
        let refused = read(&disk, ONE).unwrap_err();
        assert!(matches!(refused, Error::Damaged { reason: Damage::Generation { .. }, .. }));
    }
}
