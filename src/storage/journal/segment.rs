//! The journal's files: their names, making a segment, and removing what is no longer needed.

use std::io;

use super::super::disk::{Disk, DiskFile};
use super::{Cut, Error, Generation, SegmentNo, frame};

/// The directory of the journal's files.
pub const DIR: &str = "journal";

pub(in super::super) fn segment_path(generation: Generation, segment: SegmentNo) -> String {
    format!("{DIR}/{}", segment_name(generation, segment))
}

pub(super) fn mark_path(generation: Generation) -> String {
    format!("{DIR}/{}", mark_name(generation))
}

fn segment_name(generation: Generation, segment: SegmentNo) -> String {
    format!("g{generation:010}-s{segment:010}.segment")
}

fn mark_name(generation: Generation) -> String {
    format!("g{generation:010}.mark")
}

/// A file of the journal, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Segment(Generation, SegmentNo),
    Mark(Generation),
}

impl Named {
    fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix('g')?;
        let (named, canonical) = if let Some(generation) = rest.strip_suffix(".mark") {
            let generation = Generation(generation.parse().ok()?);
            (Self::Mark(generation), mark_name(generation))
        } else {
            let (generation, segment) = rest.strip_suffix(".segment")?.split_once("-s")?;
            let (generation, segment) = (Generation(generation.parse().ok()?), SegmentNo(segment.parse().ok()?));
            (Self::Segment(generation, segment), segment_name(generation, segment))
        };
        // One file, one name: `g1.mark` is not ours.
        (canonical == name).then_some(named)
    }

    fn generation(self) -> Generation {
        match self {
            Self::Segment(generation, _) | Self::Mark(generation) => generation,
        }
    }
}

/// The generations of which there is a file, oldest first.
///
/// # Errors
/// When the directory cannot be read.
pub fn list_generations(disk: &dyn Disk) -> Result<Vec<Generation>, Error> {
    let mut found: Vec<_> = named(disk)?.map(Named::generation).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The segments of a generation, oldest first.
///
/// # Errors
/// When the directory cannot be read.
pub fn list_segments(disk: &dyn Disk, generation: Generation) -> Result<Vec<SegmentNo>, Error> {
    let ours = |file| match file {
        Named::Segment(of, segment) if of == generation => Some(segment),
        Named::Segment(..) | Named::Mark(_) => None,
    };
    let mut found: Vec<_> = named(disk)?.filter_map(ours).collect();
    found.sort_unstable();
    Ok(found)
}

/// Removes every file of a generation, durably. To be called once `CURRENT` durably names another.
///
/// # Errors
/// When a file cannot be removed.
pub fn remove_generation(disk: &dyn Disk, generation: Generation) -> Result<(), Error> {
    for segment in list_segments(disk, generation)? {
        disk.remove(&segment_path(generation, segment))?;
    }
    let mark = mark_path(generation);
    if disk.len(&mark)?.is_some() {
        disk.remove(&mark)?;
    }
    disk.sync_dir(DIR)?;
    Ok(())
}

/// Removes the segments of a generation before `segment`, oldest first. To be called once `CURRENT` durably lists only
/// cuts at `segment` or later; therefore it needs no sync: a file that comes back is before every cut and never read.
///
/// # Errors
/// When a file cannot be removed.
pub fn drop_before(disk: &dyn Disk, generation: Generation, segment: SegmentNo) -> Result<(), Error> {
    for old in list_segments(disk, generation)?.into_iter().take_while(|old| *old < segment) {
        disk.remove(&segment_path(generation, old))?;
    }
    Ok(())
}

/// The cut that the first frame of a segment claims to follow, for a repair that has no `CURRENT`; `None` when the
/// segment begins with no good frame.
///
/// # Errors
/// When the file cannot be read.
pub fn first_cut(disk: &dyn Disk, generation: Generation, segment: SegmentNo) -> Result<Option<Cut>, Error> {
    let bytes = disk.read(&segment_path(generation, segment), 0, frame::LEN_MAX)?;
    let Ok(first) = frame::check(&bytes) else { return Ok(None) };
    let seq = first.first_seq.previous();
    let cut = Cut { generation, segment, seq, crc: first.prev_crc };
    Ok((first.generation == generation && first.segment == segment).then_some(cut))
}

/// Makes a segment of zeros, durable with its name. What may stand there already is left from an attempt that failed.
pub(super) fn prepare(
    disk: &dyn Disk,
    generation: Generation,
    segment: SegmentNo,
    len: u64,
) -> Result<Box<dyn DiskFile>, Error> {
    let path = segment_path(generation, segment);
    if disk.len(&path)?.is_some() {
        disk.remove(&path)?;
    }
    let made = disk.create(&path, len).and_then(|mut file| file.sync().map(|()| file));
    match made {
        Ok(file) => {
            disk.sync_dir(DIR)?;
            Ok(file)
        }
        Err(fault) => {
            // On a full disk half a segment would only be in the way. If this fails too, the first fault says it all.
            disk.remove(&path).ok();
            Err(fault.into())
        }
    }
}

fn named(disk: &dyn Disk) -> Result<impl Iterator<Item = Named>, Error> {
    let names = match disk.list(DIR) {
        // Without the directory there is none of its files.
        Err(fault) if fault.source.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed?,
    };
    Ok(names.into_iter().filter_map(|name| Named::parse(&name)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::disk::{Failure, Operation, SimDisk, Trouble};
    use super::*;

    const G: Generation = Generation(1);

    #[test]
    fn names_say_what_they_are_and_others_are_ignored() {
        assert_eq!(Named::parse("g0000000001-s0000000002.segment"), Some(Named::Segment(G, SegmentNo(2))));
        assert_eq!(Named::parse("g0000000001.mark"), Some(Named::Mark(G)));
        let largest = segment_name(Generation(u64::MAX), SegmentNo(u64::MAX));
        assert_eq!(Named::parse(&largest), Some(Named::Segment(Generation(u64::MAX), SegmentNo(u64::MAX))));
        for other in ["", "g1.mark", "g0000000001.mark~", "g+000000001.mark", "g0000000001-s1.segment", "CURRENT"] {
            assert_eq!(Named::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_prepared_segment_survives_a_power_cut_whole() {
        for seed in 0..20 {
            let disk = SimDisk::new(seed);
            drop(prepare(&disk, G, SegmentNo(1), 2048).unwrap());
            disk.power_cut();
            assert_eq!(disk.len("journal/g0000000001-s0000000001.segment").unwrap(), Some(2048));
        }
    }

    #[test]
    fn a_segment_that_could_not_be_made_leaves_nothing_and_can_be_tried_again() {
        let disk = SimDisk::new(1);
        disk.fail(Failure { operation: Operation::Sync, after: 0, trouble: Trouble::Full });
        assert!(prepare(&disk, G, SegmentNo(1), 2048).is_err());
        assert_eq!(list_segments(&disk, G).unwrap(), []);
        prepare(&disk, G, SegmentNo(1), 2048).unwrap();
        prepare(&disk, G, SegmentNo(1), 2048).unwrap();
        assert_eq!(list_segments(&disk, G).unwrap(), [SegmentNo(1)]);
    }

    #[test]
    fn old_segments_and_old_generations_go_and_nothing_else() {
        let disk = SimDisk::new(1);
        for (generation, segment) in [(1, 1), (1, 2), (1, 3), (2, 1)] {
            prepare(&disk, Generation(generation), SegmentNo(segment), 8).unwrap();
        }
        drop_before(&disk, G, SegmentNo(3)).unwrap();
        assert_eq!(list_segments(&disk, G).unwrap(), [SegmentNo(3)]);
        assert_eq!(list_generations(&disk).unwrap(), [G, Generation(2)]);
        remove_generation(&disk, G).unwrap();
        disk.power_cut();
        assert_eq!(list_generations(&disk).unwrap(), [Generation(2)]);
    }
}
