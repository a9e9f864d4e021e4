//! Damage of every kind at every place of a small journal: it reads as all that was acknowledged, or it is refused by
//! file name. Never a panic, never a shorter journal taken for whole.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::disk::{Disk, SECTOR_LEN, SimDisk};
use super::testing::*;
use super::*;

const LAST: u64 = 24;

/// A journal of several segments, closed in order.
fn written() -> SimDisk {
    let disk = SimDisk::new(1);
    let mut journal = new_journal(&disk);
    let mut seq = 1;
    while seq <= LAST {
        let to = (seq + seq % 4).min(LAST);
        journal.append(&records(seq, to)).unwrap();
        if to == 10 {
            journal.cut().unwrap();
        }
        seq = to + 1;
    }
    assert!(journal.end().segment >= SegmentNo(2));
    disk
}

fn files(disk: &SimDisk) -> Vec<String> {
    disk.list(DIR).unwrap().into_iter().map(|name| format!("{DIR}/{name}")).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Whole,
    Refused,
}

/// Reads a damaged journal and holds the verdict against the promise.
fn check(disk: &SimDisk, what: &str) -> Verdict {
    let whole = records(1, LAST);
    let mut salvage = Salvage::open(disk, start()).unwrap();
    let mut saved = Vec::new();
    while let Some(group) = salvage.next_group().unwrap() {
        saved.extend(group);
    }
    assert_eq!(Some(saved.as_slice()), whole.get(..saved.len()), "{what}: only a prefix is salvaged");
    match read_all(disk, start()) {
        Ok((read, _torn)) => {
            assert_eq!(read, whole, "{what}: something was lost in silence");
            assert_eq!(salvage.loss(), None, "{what}");
            Verdict::Whole
        }
        Err(error @ Error::Damaged { .. }) => {
            let message = error.to_string();
            assert!(message.starts_with("journal/g0000000001") && message.contains("`doorward repair`"), "{message}");
            assert!(salvage.loss().is_some(), "{what}: a loss must be told");
            Verdict::Refused
        }
        Err(other) => unreachable!("{what}: {other}"),
    }
}

/// The bytes of a file up to its last one that is not zero.
fn used(disk: &SimDisk, file: &str) -> usize {
    let bytes = disk.read(file, 0, usize::MAX).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn any_flipped_byte_is_refused_or_harmless() {
    let disk = written();
    for file in files(&disk) {
        let used = used(&disk, &file);
        let len = usize::try_from(disk.len(&file).unwrap().unwrap()).unwrap();
        for at in 0..len {
            let flip = 1 << (at % 8);
            disk.damage(&file, |bytes| bytes[at] ^= flip).unwrap();
            let verdict = check(&disk, &format!("byte {at} of {file}"));
            if at < used {
                assert_eq!(verdict, Verdict::Refused, "byte {at} of {file} is in use");
            }
            disk.damage(&file, |bytes| bytes[at] ^= flip).unwrap();
        }
    }
    assert_eq!(check(&disk, "undamaged"), Verdict::Whole);
}

#[test]
fn any_truncation_is_refused_or_harmless() {
    let disk = written();
    for file in files(&disk) {
        let whole = disk.read(&file, 0, usize::MAX).unwrap();
        let used = used(&disk, &file);
        for len in 0..whole.len() {
            disk.damage(&file, |bytes| bytes.truncate(len)).unwrap();
            let verdict = check(&disk, &format!("{file} cut at {len}"));
            // A frame's padding is zero, so the last used byte may be a little before the frame's end.
            if len < used {
                assert_eq!(verdict, Verdict::Refused, "{file} cut at {len}");
            }
            disk.damage(&file, |bytes| bytes.clone_from(&whole)).unwrap();
        }
    }
}

#[test]
fn any_lost_or_repeated_sector_and_any_lost_file_is_refused_or_harmless() {
    let disk = written();
    for file in files(&disk) {
        let whole = disk.read(&file, 0, usize::MAX).unwrap();
        for at in (0..whole.len()).step_by(SECTOR_LEN) {
            let sector = at..at + SECTOR_LEN;
            disk.damage(&file, |bytes| bytes[sector.clone()].fill(0)).unwrap();
            check(&disk, &format!("a sector of zeros at {at} of {file}"));
            let from = (at + SECTOR_LEN) % whole.len();
            disk.damage(&file, |bytes| bytes[sector].copy_from_slice(&whole[from..from + SECTOR_LEN])).unwrap();
            check(&disk, &format!("a wrong sector at {at} of {file}"));
            disk.damage(&file, |bytes| bytes.clone_from(&whole)).unwrap();
        }
        let without = disk.fork();
        without.remove(&file).unwrap();
        let verdict = check(&without, &format!("{file} is gone"));
        assert_eq!(verdict == Verdict::Refused, used(&disk, &file) > 0, "{file} is gone");
    }
}

#[test]
fn random_damage_in_several_places_is_refused_or_harmless() {
    let disk = written();
    let files = files(&disk);
    let mut random = Random(7);
    for round in 0..2000 {
        let damaged = disk.fork();
        for _ in 0..=random.below(4) {
            let file = &files[random.below(files.len())];
            damaged
                .damage(file, |bytes| {
                    let (from, len) = (random.below(bytes.len()), random.below(40));
                    bytes.iter_mut().skip(from).take(len).for_each(|byte| *byte = random.byte());
                })
                .unwrap();
        }
        check(&damaged, &format!("round {round}"));
    }
}
