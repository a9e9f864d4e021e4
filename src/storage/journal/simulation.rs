//! The journal's whole life under accidents, many times over, each from a seed: groups, cuts, kills, power cuts, full
//! and failing disks, and recoveries that are themselves cut short.
//!
//! The promise: what was acknowledged is there after recovery; what was not is there whole or not at all; and an honest
//! crash, however often, never makes a journal that is refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::disk::{Disk, Failure, Operation, SimDisk, Trouble};
use super::testing::*;
use super::*;

const CURRENT: &str = "CURRENT";
const CURRENT_NEW: &str = "CURRENT.new";

/// What a user of the journal knows.
struct World {
    seed: u64,
    disk: SimDisk,
    random: Random,
    /// Every record that may exist, by `seq - 1`; the acknowledged ones first.
    written: Vec<Record>,
    acknowledged: u64,
    seen: Seen,
}

/// What happened, so that a simulation in which nothing does is noticed.
#[derive(Debug, Default)]
struct Seen {
    torn: u32,
    /// Groups that were there although nobody had been told.
    unacknowledged: u32,
    failed_appends: u32,
    failed_recoveries: u32,
    recoveries: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            disk: SimDisk::new(seed),
            random: Random(!seed),
            written: Vec::new(),
            acknowledged: 0,
            seen: Seen::default(),
        }
    }

    /// One start, some work, and an end that may be any accident.
    fn live(&mut self) {
        let Ok((mut journal, mut cuts)) = self.recover() else {
            self.seen.failed_recoveries += 1;
            return;
        };
        self.seen.recoveries += 1;
        self.plan_accident();
        for _ in 0..self.random.below(30) {
            if self.work(&mut journal, &mut cuts).is_err() {
                break;
            }
        }
    }

    fn work(&mut self, journal: &mut Journal, cuts: &mut Vec<Cut>) -> Result<(), Error> {
        match self.random.below(8) {
            0 => {
                // A snapshot: cut, list it beside the one before, drop what only the older ones needed.
                cuts.push(journal.cut()?);
                let kept = cuts.split_off(cuts.len() - 2);
                *cuts = kept;
                write_current(&self.disk, cuts)?;
                journal.drop_before(cuts[0].segment)
            }
            _ => {
                let from = journal.next_seq().0;
                let group: Vec<_> = (0..=self.random.below(6)).map(|nth| self.new_record(from + nth as u64)).collect();
                self.written.truncate(usize::try_from(from - 1).unwrap());
                self.written.extend(group.iter().cloned());
                if let Err(error) = journal.append(&group) {
                    self.seen.failed_appends += 1;
                    let refused = journal.append(&group).unwrap_err();
                    assert!(matches!(refused, Error::Poisoned), "seed {}: nothing is tried after it", self.seed);
                    return Err(error);
                }
                self.acknowledged = self.written.len() as u64;
                Ok(())
            }
        }
    }

    fn new_record(&mut self, seq: u64) -> Record {
        let byte = self.random.byte();
        let len = self.random.below(300);
        record(seq, &vec![byte; len])
    }

    fn plan_accident(&mut self) {
        let after = self.random.below(60) as u64;
        let operations = [Operation::Write, Operation::Sync, Operation::SyncDir, Operation::Create, Operation::Remove];
        let operation = operations[self.random.below(operations.len())];
        match self.random.below(4) {
            // Killed, or simply stopped.
            0 => {}
            1 => self.disk.fail(Failure { operation, after, trouble: Trouble::Full }),
            2 => self.disk.fail(Failure { operation, after, trouble: Trouble::Device }),
            _ => self.disk.power_off_at(after),
        }
    }

    /// After every process the power may go as well; without power it surely did.
    fn between_processes(&mut self) {
        if self.disk.len(CURRENT).is_err() || self.random.below(2) == 0 {
            self.disk.power_cut();
        }
        self.disk.behave();
    }

    /// Recovers as a start does; may be cut short by an accident of its own.
    fn recover(&mut self) -> Result<(Journal, Vec<Cut>), Error> {
        if self.disk.len(CURRENT)?.is_none() {
            assert_eq!(self.acknowledged, 0, "seed {}", self.seed);
            let journal = Journal::create(shared(&self.disk), SMALL, Generation(1), Seq(0))?;
            let cuts = vec![journal.end()];
            write_current(&self.disk, &cuts)?;
            return Ok((journal, cuts));
        }
        let cuts = read_current(&self.disk)?;
        let from = cuts[0];
        let (tail, torn) = read_all(&self.disk, from)
            .unwrap_or_else(|error| unreachable!("seed {}: an honest crash was refused: {error}", self.seed));
        self.seen.torn += u32::from(torn.is_some());
        self.hold_to_the_promise(from, &tail);

        let generation = from.generation.next();
        let mut rewriter = Rewriter::start(shared(&self.disk), SMALL, generation, from.seq)?;
        let mut new_cuts = Vec::new();
        let mut records = tail.into_iter().peekable();
        for cut in &cuts {
            while let Some(record) = records.next_if(|record| record.seq <= cut.seq) {
                rewriter.push(record)?;
            }
            new_cuts.push(rewriter.cut()?);
        }
        for record in records {
            rewriter.push(record)?;
        }
        let journal = rewriter.finish()?;
        assert_eq!(
            new_cuts.iter().map(|cut| cut.seq).collect::<Vec<_>>(),
            cuts.iter().map(|c| c.seq).collect::<Vec<_>>()
        );
        write_current(&self.disk, &new_cuts)?;
        // Recovery has shown what there is: from now on it is a promise.
        self.acknowledged = journal.end().seq.0;
        self.written.truncate(usize::try_from(self.acknowledged).unwrap());
        for old in list_generations(&self.disk)?.into_iter().filter(|old| *old != generation) {
            remove_generation(&self.disk, old)?;
        }
        Ok((journal, new_cuts))
    }

    fn hold_to_the_promise(&mut self, from: Cut, tail: &[Record]) {
        let first = usize::try_from(from.seq.0).unwrap();
        let last = first + tail.len();
        let seed = self.seed;
        assert_eq!(self.written.get(first..last), Some(tail), "seed {seed}: read other than written");
        let acknowledged = usize::try_from(self.acknowledged).unwrap();
        assert!(last >= acknowledged, "seed {seed}: {last} of {acknowledged} acknowledged records are there");
        assert!(last == acknowledged || last == self.written.len(), "seed {seed}: half a group is there");
        self.seen.unacknowledged += u32::from(last > acknowledged);
    }
}

/// Writes the list of cuts as the snapshots' room does: a new file, synced, renamed, its directory synced.
fn write_current(disk: &SimDisk, cuts: &[Cut]) -> Result<(), Error> {
    let mut bytes = Vec::new();
    for cut in cuts {
        for field in [cut.generation.0, cut.segment.0, cut.seq.0, u64::from(cut.crc)] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
    }
    if disk.len(CURRENT_NEW)?.is_some() {
        disk.remove(CURRENT_NEW)?;
    }
    let mut file = disk.create(CURRENT_NEW, bytes.len() as u64)?;
    file.write_at(0, &bytes)?;
    file.sync()?;
    disk.rename(CURRENT_NEW, CURRENT)?;
    disk.sync_dir("")?;
    Ok(())
}

fn read_current(disk: &SimDisk) -> Result<Vec<Cut>, Error> {
    let bytes = disk.read(CURRENT, 0, 4096)?;
    let fields: Vec<_> = bytes.chunks(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap())).collect();
    let cut = |fields: &[u64]| Cut {
        generation: Generation(fields[0]),
        segment: SegmentNo(fields[1]),
        seq: Seq(fields[2]),
        crc: u32::try_from(fields[3]).unwrap(),
    };
    Ok(fields.chunks(4).map(cut).collect())
}

fn simulate(seed: u64) -> Seen {
    let mut world = World::new(seed);
    for _ in 0..12 {
        // Half of the starts meet an accident while they recover.
        if world.random.below(2) == 0 {
            let after = world.random.below(40) as u64;
            world.disk.power_off_at(after);
        }
        world.live();
        world.between_processes();
    }
    world.recover().unwrap_or_else(|error| unreachable!("seed {seed}: a sound disk was not recovered: {error}"));
    world.seen
}

#[test]
fn what_was_acknowledged_survives_every_accident() {
    let mut all = Seen::default();
    for seed in 0..400 {
        let seen = simulate(seed);
        all.torn += seen.torn;
        all.unacknowledged += seen.unacknowledged;
        all.failed_appends += seen.failed_appends;
        all.failed_recoveries += seen.failed_recoveries;
        all.recoveries += seen.recoveries;
    }
    assert!(all.torn > 50 && all.unacknowledged > 50 && all.failed_appends > 500, "{all:?}");
    assert!(all.failed_recoveries > 500 && all.recoveries > 500, "{all:?}");
}

/// Cuts the power at every single step of a recovery, then at a step of the recovery after it.
#[test]
fn a_recovery_cut_short_at_any_step_twice_over_loses_nothing() {
    for seed in 0..6 {
        for first in 0..70 {
            let mut world = World::new(seed);
            world.live();
            world.between_processes();
            for step in [first, first / 2] {
                world.disk.power_off_at(step);
                world.recover().ok();
                world.disk.power_cut();
                world.disk.behave();
            }
            world.recover().unwrap();
        }
    }
}
