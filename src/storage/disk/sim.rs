//! A disk in memory for tests and simulation. It does everything a disk may do and a program must survive.
//!
//! At a power cut each sector that was not synced is, by the seed, as it was before any write since the last sync or as
//! after any of them, each on its own: so writes are lost, torn and reordered. The same holds for each name in a
//! directory that was not synced. A failed sync drops what it did not write, for good, although reads still see it.
//! It is never used to keep anything.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::{Disk, DiskFile, Fault, Operation};

mod inode;
mod names;
mod rng;

use inode::Inode;
use names::Names;
use rng::Rng;

/// A simulated disk. Clones share it; [`SimDisk::fork`] copies it.
#[derive(Debug, Clone)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

/// One failure to come.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// The operation that will fail.
    pub operation: Operation,
    /// How many of that operation succeed before.
    pub after: u64,
    /// How it fails.
    pub trouble: Trouble,
}

/// What a failing operation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The disk is full (`ENOSPC`).
    Full,
    /// The device failed (`EIO`).
    Device,
}

#[derive(Debug, Clone)]
struct World {
    rng: Rng,
    inodes: BTreeMap<u64, Inode>,
    inode_next: u64,
    names: Names,
    failures: Vec<Failure>,
    /// Changing operations until the power fails; `None`: it does not.
    power_left: Option<u64>,
    power: Power,
    /// Counts power cuts: a file opened before one is no longer open.
    boots: u64,
    changes: u64,
    syncs: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Off,
}

/// What becomes of an operation.
enum Fate {
    Done,
    /// It has its effect (or a part of it), yet the caller is told that it failed.
    DoneButFails(io::Error),
}

impl SimDisk {
    /// An empty disk whose accidents follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let world = World {
            rng: Rng(seed),
            inodes: BTreeMap::new(),
            inode_next: 0,
            names: Names::default(),
            failures: Vec::new(),
            power_left: None,
            power: Power::On,
            boots: 0,
            changes: 0,
            syncs: 0,
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// A copy that goes its own way from here on.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { world: Arc::new(Mutex::new(self.world().clone())) }
    }

    /// Adds a failure to come.
    pub fn fail(&self, failure: Failure) {
        self.world().failures.push(failure);
    }

    /// Forgets the failures to come and a power failure that was ordered.
    pub fn behave(&self) {
        let mut world = self.world();
        world.failures.clear();
        world.power_left = None;
    }

    /// Lets the power fail at the `nth` changing operation from now on (0: the next one).
    pub fn power_off_at(&self, nth: u64) {
        self.world().power_left = Some(nth);
    }

    /// Cuts the power and turns it on again: only what was synced is sure to be left.
    pub fn power_cut(&self) {
        let mut world = self.world();
        let World { rng, inodes, names, .. } = &mut *world;
        for inode in inodes.values_mut() {
            inode.power_cut(rng);
        }
        names.power_cut(rng);
        world.boots += 1;
        world.power = Power::On;
        world.power_left = None;
        world.failures.clear();
    }

    /// Kills the process, if the power failed with it or not: the page cache lives on, open files are closed, and a power cut that
    /// comes later may still take what was not synced.
    pub fn kill(&self) {
        let mut world = self.world();
        world.boots += 1;
        world.power = Power::On;
        world.power_left = None;
        world.failures.clear();
    }

    /// Whether the power that was ordered to fail has failed.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.world().power == Power::Off
    }

    /// How many file syncs succeeded so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.world().syncs
    }

    /// How many changing operations (creations, writes, syncs, renames, removals) there were so far.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.world().changes
    }

    /// Replaces the whole contents of a file behind the program's back, durably; `None` when there is no such file.
    pub fn damage(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
        let mut world = self.world();
        let inode = world.names.get(path)?;
        world.inodes.get_mut(&inode)?.replace(change);
        Some(())
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Counts a changing operation and says what becomes of it; `Err` when it fails without effect.
    fn change(&mut self, operation: Operation) -> io::Result<Fate> {
        self.powered()?;
        self.changes += 1;
        match self.power_left {
            Some(0) => {
                self.power = Power::Off;
                return if self.rng.coin() { Ok(Fate::DoneButFails(power_failure())) } else { Err(power_failure()) };
            }
            Some(left) => self.power_left = Some(left - 1),
            None => {}
        }
        self.trouble(operation)
    }

    fn trouble(&mut self, operation: Operation) -> io::Result<Fate> {
        let Some(at) = self.failures.iter().position(|failure| failure.operation == operation) else {
            return Ok(Fate::Done);
        };
        if let Some(failure) = self.failures.get_mut(at).filter(|failure| failure.after > 0) {
            failure.after -= 1;
            return Ok(Fate::Done);
        }
        let error = io::Error::from(match self.failures.remove(at).trouble {
            Trouble::Full => Errno::NOSPC,
            Trouble::Device => Errno::IO,
        });
        // A write may have got half-way and a sync may have saved a part; the rest fails without effect.
        match operation {
            Operation::Write | Operation::Sync => Ok(Fate::DoneButFails(error)),
            _ => Err(error),
        }
    }

    fn powered(&self) -> io::Result<()> {
        match self.power {
            Power::On => Ok(()),
            Power::Off => Err(power_failure()),
        }
    }

    fn inode(&self, path: &str) -> io::Result<u64> {
        self.powered()?;
        self.names.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn open(&mut self, inode: u64) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, path: &str, len: u64) -> io::Result<u64> {
        let fate = self.change(Operation::Create)?;
        if self.names.get(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let len = usize::try_from(len).map_err(|_too_long| io::ErrorKind::FileTooLarge)?;
        let inode = self.inode_next;
        self.inode_next += 1;
        self.inodes.insert(inode, Inode::zeros(len));
        self.names.set(path, Some(inode));
        fate.end().map(|()| inode)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let inode = self.inode(from)?;
        let fate = self.change(Operation::Rename)?;
        self.names.set(to, Some(inode));
        self.names.set(from, None);
        fate.end()
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.inode(path)?;
        let fate = self.change(Operation::Remove)?;
        self.names.set(path, None);
        fate.end()
    }

    fn read(&self, path: &str, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let inode = self.inode(path)?;
        let inode = self.inodes.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        Ok(inode.read(offset, len))
    }

    fn len(&self, path: &str) -> io::Result<Option<u64>> {
        self.powered()?;
        Ok(self.names.get(path).and_then(|inode| self.inodes.get(&inode)).map(Inode::len))
    }

    fn write(&mut self, file: &SimFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.is_open(file)?;
        match self.change(Operation::Write)? {
            Fate::Done => self.open(file.inode)?.write(offset, bytes),
            Fate::DoneButFails(error) => {
                let part = self.rng.part_of(offset, bytes);
                self.open(file.inode)?.write(offset, part);
                return Err(error);
            }
        }
        Ok(())
    }

    fn sync(&mut self, file: &SimFile) -> io::Result<()> {
        self.is_open(file)?;
        let fate = self.change(Operation::Sync)?;
        let Self { rng, inodes, .. } = self;
        let inode = inodes.get_mut(&file.inode).ok_or(io::ErrorKind::NotFound)?;
        match fate {
            Fate::Done => inode.sync(),
            Fate::DoneButFails(error) => {
                inode.sync_in_vain(rng);
                return Err(error);
            }
        }
        self.syncs += 1;
        Ok(())
    }

    fn is_open(&self, file: &SimFile) -> io::Result<()> {
        if file.boot == self.boots { Ok(()) } else { Err(power_failure()) }
    }
}

impl Fate {
    fn end(self) -> io::Result<()> {
        match self {
            Self::Done => Ok(()),
            Self::DoneButFails(error) => Err(error),
        }
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, path: &str) -> Result<(), Fault> {
        // Directories are made durable by this call, so the simulated disk has them all from the start.
        self.world().powered().map_err(|source| Fault::new(Operation::CreateDir, path, source))
    }

    fn create(&self, path: &str, len: u64) -> Result<Box<dyn DiskFile>, Fault> {
        let mut world = self.world();
        let inode = world.create(path, len).map_err(|source| Fault::new(Operation::Create, path, source))?;
        let boot = world.boots;
        Ok(Box::new(SimFile { disk: self.clone(), inode, boot, path: path.to_owned() }))
    }

    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Vec<u8>, Fault> {
        let mut world = self.world();
        let read = match world.trouble(Operation::Read) {
            Ok(_fate) => world.read(path, offset, len),
            Err(error) => Err(error),
        };
        read.map_err(|source| Fault::new(Operation::Read, path, source))
    }

    fn len(&self, path: &str) -> Result<Option<u64>, Fault> {
        self.world().len(path).map_err(|source| Fault::new(Operation::Measure, path, source))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Fault> {
        self.world().rename(from, to).map_err(|source| Fault::new(Operation::Rename, from, source))
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, Fault> {
        let world = self.world();
        world.powered().map_err(|source| Fault::new(Operation::List, dir, source))?;
        Ok(world.names.list(dir))
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        self.world().remove(path).map_err(|source| Fault::new(Operation::Remove, path, source))
    }

    fn sync_dir(&self, dir: &str) -> Result<(), Fault> {
        let mut world = self.world();
        // A failed sync of a directory leaves every name in doubt, as it was before.
        match world.change(Operation::SyncDir) {
            Ok(Fate::Done) => world.names.sync(dir),
            Ok(Fate::DoneButFails(source)) | Err(source) => return Err(Fault::new(Operation::SyncDir, dir, source)),
        }
        Ok(())
    }
}

struct SimFile {
    disk: SimDisk,
    inode: u64,
    boot: u64,
    path: String,
}

impl DiskFile for SimFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Fault> {
        let written = self.disk.world().write(self, offset, bytes);
        written.map_err(|source| Fault::new(Operation::Write, &self.path, source))
    }

    fn sync(&mut self) -> Result<(), Fault> {
        let synced = self.disk.world().sync(self);
        synced.map_err(|source| Fault::new(Operation::Sync, &self.path, source))
    }
}

fn power_failure() -> io::Error {
    io::Error::from(Errno::NODEV)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::SECTOR_LEN;
    use super::*;

    fn made(seed: u64) -> (SimDisk, Box<dyn DiskFile>) {
        let disk = SimDisk::new(seed);
        let mut file = disk.create("d/a", 4 * SECTOR_LEN as u64).unwrap();
        file.sync().unwrap();
        disk.sync_dir("d").unwrap();
        (disk, file)
    }

    #[test]
    fn what_was_synced_survives_every_power_cut() {
        for seed in 0..50 {
            let (disk, mut file) = made(seed);
            file.write_at(500, &[7; 600]).unwrap();
            file.sync().unwrap();
            disk.power_cut();
            assert_eq!(disk.read("d/a", 500, 600).unwrap(), [7; 600]);
        }
    }

    #[test]
    fn what_was_not_synced_is_lost_kept_torn_or_reordered_by_sectors() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let (disk, mut file) = made(seed);
            file.write_at(0, &[1; 2 * SECTOR_LEN]).unwrap();
            file.write_at(0, &[2; 2 * SECTOR_LEN]).unwrap();
            disk.power_cut();
            let bytes = disk.read("d/a", 0, 2 * SECTOR_LEN).unwrap();
            for sector in bytes.chunks(SECTOR_LEN) {
                assert!(sector.iter().all(|byte| Some(byte) == sector.first()), "a sector is never torn");
            }
            seen.insert((bytes.first().copied().unwrap(), bytes.last().copied().unwrap()));
        }
        assert_eq!(seen.len(), 9, "every pair of ages of the two sectors: {seen:?}");
    }

    #[test]
    fn a_killed_process_leaves_its_writes_to_the_page_cache_and_a_later_power_cut_may_take_them() {
        let mut lost = 0;
        for seed in 0..20 {
            let (disk, mut file) = made(seed);
            file.write_at(0, &[1]).unwrap();
            disk.power_off_at(0);
            assert!(file.write_at(SECTOR_LEN as u64, &[2]).is_err() && disk.is_off());
            disk.kill();
            assert!(!disk.is_off() && file.write_at(0, &[3]).is_err());
            assert_eq!(disk.read("d/a", 0, 1).unwrap(), [1]);
            disk.power_cut();
            lost += usize::from(disk.read("d/a", 0, 1).unwrap() == [0]);
        }
        assert!((1..20).contains(&lost), "{lost}");
    }

    #[test]
    fn a_name_that_was_not_synced_may_be_lost_and_a_removed_one_may_be_back() {
        let (mut lost, mut back) = (0, 0);
        for seed in 0..50 {
            let (disk, _file) = made(seed);
            disk.create("d/b", 0).unwrap();
            disk.remove("d/a").unwrap();
            disk.power_cut();
            lost += usize::from(disk.len("d/b").unwrap().is_none());
            back += usize::from(disk.len("d/a").unwrap().is_some());
        }
        assert!((1..50).contains(&lost) && (1..50).contains(&back), "lost {lost}, back {back}");
    }

    #[test]
    fn a_failed_sync_loses_what_a_later_sync_does_not_bring_back() {
        let mut lost = 0;
        for seed in 0..20 {
            let (disk, mut file) = made(seed);
            file.write_at(0, &[1; SECTOR_LEN]).unwrap();
            disk.fail(Failure { operation: Operation::Sync, after: 0, trouble: Trouble::Device });
            assert_eq!(file.sync().unwrap_err().source.raw_os_error(), Some(5));
            file.sync().unwrap();
            assert_eq!(disk.read("d/a", 0, 1).unwrap(), [1], "the page cache still shows it");
            disk.power_cut();
            lost += usize::from(disk.read("d/a", 0, 1).unwrap() == [0]);
        }
        assert!((1..20).contains(&lost), "{lost}");
    }

    #[test]
    fn a_script_fails_the_operation_it_names_and_no_other() {
        let (disk, mut file) = made(1);
        disk.fail(Failure { operation: Operation::Write, after: 1, trouble: Trouble::Full });
        file.write_at(0, &[1]).unwrap();
        file.sync().unwrap();
        assert_eq!(file.write_at(0, &[2]).unwrap_err().source.kind(), io::ErrorKind::StorageFull);
        file.write_at(0, &[3]).unwrap();
    }

    #[test]
    fn without_power_nothing_works_and_old_handles_stay_dead() {
        let (disk, mut file) = made(1);
        disk.power_off_at(1);
        file.write_at(0, &[1]).unwrap();
        assert!(file.write_at(0, &[2]).is_err());
        assert!(disk.read("d/a", 0, 1).is_err());
        assert!(disk.sync_dir("d").is_err());
        disk.power_cut();
        assert!(disk.read("d/a", 0, 1).is_ok());
        assert!(file.write_at(0, &[3]).is_err());
    }
}
