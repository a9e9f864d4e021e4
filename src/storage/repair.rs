//! Repair: what is undamaged goes into a new directory, under a new lineage, with every session ended. The old one is never touched.
//!
//! The order of all changes is one, so what is recovered is a prefix of it: the newest snapshots that are whole, or those before them,
//! and the journal up to its first damage. What stands behind the damage is counted and left, because a revocation may be missing
//! before it. For the same reason all sessions end, and a new lineage makes every link and backup of the old one void.

use super::current::{self, Chain, Current};
use super::disk::{Disk, RealDisk};
use super::journal::{Cut, Generation, Journal, Layout, Loss, Salvage, Seq, Told};
use super::lock::Lock;
use super::open::{SCRATCH, keep_to_owner};
use super::record::Reach;
use super::recovery::fold::{Assembled, Fold};
use super::recovery::{Phase, Place, Progress, Refusal, begin_making, follows, made};
use super::snapshot::{self, Head, Lineage, Listed, SledSnapshots, Snapshots, Trust};
use super::{Error, Recovered};
use doorward_domain::account::Command;
use doorward_domain::account::command::EndEverySession;
use doorward_domain::time::Timestamp;
use doorward_domain::{Aggregate, Ctx, account};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Fills a buffer with random bytes.
type Entropy<'a> = dyn FnMut(&mut [u8]) + 'a;

/// A repair to be done.
#[derive(Clone, Copy, Debug)]
pub struct Repair<'a> {
    /// The damaged data directory. It is only read.
    pub from: &'a Path,
    /// Where the new one is made: an empty directory, or none yet.
    pub into: &'a Path,
    /// How the new journal is laid out.
    pub layout: Layout,
    /// The present, with which the ends of sessions are stamped.
    pub now: Timestamp,
}

/// What a repair brought back, and what it did not.
#[derive(Debug)]
pub struct Repaired {
    /// The last record that was kept.
    pub kept_seq: u64,
    /// How many later records are known to be lost; there may be more.
    pub records_lost: u64,
    /// Whether the journal was read to an end behind which nothing can have been; if not, more may be lost than is known.
    pub is_end_known: bool,
    /// What was found damaged. Damage of which there was a second copy is no loss.
    pub damaged: Vec<Damaged>,
    /// Accounts that were kept.
    pub accounts: usize,
    /// Customers that were kept.
    pub customers: usize,
    /// Sessions that were live and are ended now.
    pub sessions_ended: usize,
}

/// One thing a repair found damaged.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    /// `CURRENT`. Its copy is taken, if that is whole.
    #[error("CURRENT is damaged: {0}")]
    Current(current::Damage),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(snapshot::Error),
    /// The journal.
    #[error("{}", Told(&.0.file, .0.offset, &.0.reason))]
    Journal(Box<Loss>),
    /// A record in good frames.
    #[error(transparent)]
    Record(Refusal),
}

impl Repair<'_> {
    /// Reads the old directory and makes the new one.
    ///
    /// # Errors
    /// When the old one is in use or nothing of it can be kept, when the new one is not empty, or when the file system refuses.
    pub fn run(&self, entropy: &mut Entropy<'_>, progress: &mut dyn Progress) -> Result<Repaired, Error> {
        let failed = |source| Error::File { operation: "read", path: self.from.to_owned(), source };
        let from_dir = fs::canonicalize(self.from).map_err(failed)?;
        let _reading = Lock::for_reading(&from_dir)?;
        is_free(self.into)?;
        is_outside(self.into, &from_dir)?;
        let disk = Arc::new(RealDisk::open(self.into)?);
        let into_dir = fs::canonicalize(self.into).map_err(failed)?;
        let _writing = Lock::exclusive(&into_dir)?;
        keep_to_owner(&into_dir);
        let scratch = into_dir.join(SCRATCH);
        let (dir, layout) = (from_dir.clone(), self.layout);
        let from = Place {
            dir,
            disk: Arc::new(RealDisk::open(&from_dir)?),
            // By items alone nothing is ever copied to scratch.
            snapshots: Arc::new(SledSnapshots::open(&from_dir, &scratch)?),
            layout,
        };
        let snapshots = Arc::new(SledSnapshots::open(&into_dir, &scratch)?);
        let into = Place { dir: into_dir, disk, snapshots, layout };
        repair_place(&from, &into, (self.now, entropy), progress)
    }
}

/// A target that holds anything is not written to.
fn is_free(into: &Path) -> Result<(), Error> {
    match fs::read_dir(into).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::NotEmpty { dir: into.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::File { operation: "list", path: into.to_owned(), source }),
    }
}

/// A target inside the damaged directory is not even made.
fn is_outside(into: &Path, damaged: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { operation: "find", path: into.to_owned(), source };
    let absolute = std::path::absolute(into).map_err(failed)?;
    // Of what does not exist yet, the nearest parent that does says where it would lie.
    let parent = absolute.ancestors().find_map(|parent| fs::canonicalize(parent).ok());
    if parent.is_some_and(|parent| parent.starts_with(damaged)) {
        return Err(Error::Inside { dir: into.to_owned(), damaged: damaged.to_owned() });
    }
    Ok(())
}

/// The repair itself, from anywhere to anywhere.
fn repair_place(
    from: &Place,
    into: &Place,
    (now, entropy): (Timestamp, &mut Entropy<'_>),
    progress: &mut dyn Progress,
) -> Result<Repaired, Error> {
    let Salvaged { fold, known_last, is_end_known, damaged } =
        salvage(from, progress).map_err(|error| error.in_dir(&from.dir))?;
    let kept = fold.seq;
    progress.report(Phase::Indexes, 0, 0);
    let mut assembled = fold.assemble();
    assembled.check().map_err(Error::from).map_err(|error| error.in_dir(&from.dir))?;
    let sessions_ended = assembled.accounts.iter_mut().map(|account| end_sessions(account, now)).sum();
    write(into, &assembled, kept, entropy)?;
    Ok(Repaired {
        kept_seq: kept.0,
        records_lost: known_last.0.saturating_sub(kept.0),
        is_end_known,
        damaged,
        accounts: assembled.accounts.len(),
        customers: assembled.accounts.iter().map(|account| account.state.customers_len()).sum(),
        sessions_ended,
    })
}

struct Salvaged {
    fold: Fold,
    /// The last record that is known to have been acknowledged.
    known_last: Seq,
    /// Whether nothing can have been acknowledged after it.
    is_end_known: bool,
    damaged: Vec<Damaged>,
}

fn salvage(from: &Place, progress: &mut dyn Progress) -> Result<Salvaged, Error> {
    let mut damaged = Vec::new();
    let current = match Current::load(&*from.disk, current::FILE)? {
        Ok(current) => current,
        Err(damage) => match Current::load(&*from.disk, current::COPY)? {
            Ok(copy) => {
                damaged.push(Damaged::Current(damage));
                copy
            }
            Err(_) => return Err(nothing_left(from, Damaged::Current(damage))),
        },
    };
    let newest = read_whole(&*from.snapshots, &current.chain, progress);
    damaged.extend(newest.damage.into_iter().map(Damaged::Snapshot));
    let mut best = newest.read;
    if let (None, Some(fallback)) = (best.cut, &current.fallback) {
        let older = read_whole(&*from.snapshots, fallback, progress);
        damaged.extend(older.damage.into_iter().map(Damaged::Snapshot));
        if older.read.cut.is_some() || older.read.fold.seq > best.fold.seq {
            best = older.read;
        }
    }
    let Read { mut fold, cut } = best;
    // Without whole snapshots below it the journal cannot be applied; it still tells how much there was.
    let mut target = cut.is_some().then_some(&mut fold);
    let mut salvage = Salvage::open(&*from.disk, cut.unwrap_or(current.chain.cut))?;
    let mut known_last = current.chain.cut.seq;
    while let Some(group) = salvage.next_group()? {
        for record in &group {
            known_last = known_last.max(record.seq);
            let applied = target.as_mut().map_or(Ok(()), |fold| fold.record(record));
            if let Err(refusal) = applied {
                damaged.push(Damaged::Record(refusal));
                target = None;
            }
        }
        progress.report(Phase::Journal, known_last.0, 0);
    }
    if let Some(loss) = salvage.loss() {
        known_last = known_last.max(loss.mark.max(loss.last_behind).unwrap_or_default());
        damaged.push(Damaged::Journal(Box::new(loss.clone())));
    }
    if fold.seq == Seq(0)
        && let Some(first) = damaged.pop()
    {
        return Err(nothing_left(from, first));
    }
    Ok(Salvaged { fold, known_last, is_end_known: salvage.loss().is_none(), damaged })
}

fn nothing_left(from: &Place, reason: Damaged) -> Error {
    Error::NothingLeft { dir: from.dir.clone(), reason: Box::new(reason) }
}

/// What of a chain is whole.
struct WholePart {
    read: Read,
    /// What is damaged: perhaps a file of which nothing was needed, and perhaps, last, what ended the reading.
    damage: Vec<snapshot::Error>,
}

struct Read {
    fold: Fold,
    /// Where the journal goes on; `None` when the chain is not whole.
    cut: Option<Cut>,
}

/// Reads a chain as far as it is whole.
fn read_whole(snapshots: &dyn Snapshots, chain: &Chain, progress: &mut dyn Progress) -> WholePart {
    let mut fold = Fold::new();
    let mut damage = Vec::new();
    for (at, listed) in chain.snapshots.iter().enumerate() {
        progress.report(Phase::Snapshots, at as u64, chain.snapshots.len() as u64);
        match read_one(snapshots, listed, &mut fold) {
            Ok(around) if follows(chain, at) => {
                damage.extend(around);
                fold.seq = Seq(listed.seq);
            }
            Ok(_) => return WholePart { read: Read { fold: Fold::new(), cut: None }, damage },
            Err(ended_by) => {
                damage.push(ended_by);
                return WholePart { read: Read { fold, cut: None }, damage };
            }
        }
    }
    fold.seq = chain.cut.seq;
    WholePart { read: Read { fold, cut: Some(chain.cut) }, damage }
}

/// Reads twice: nothing of a snapshot that is not whole may come into the entities. What is damaged around items that are whole is no loss;
/// it is told, because no opening would take it.
fn read_one(
    snapshots: &dyn Snapshots,
    listed: &Listed,
    fold: &mut Fold,
) -> Result<Option<snapshot::Error>, snapshot::Error> {
    snapshots.load(listed, Trust::Items, &mut |_item| Ok(()))?;
    snapshots.load(listed, Trust::Items, &mut *fold.sink())?;
    Ok(snapshots.check(listed).err())
}

/// Ends every session of an account; says how many were live.
fn end_sessions(account: &mut Recovered<account::State>, now: Timestamp) -> usize {
    let live = |state: &account::State| state.sessions().filter(|session| session.end.is_none()).count();
    let before = live(&account.state);
    loop {
        // An operator's command that asks for no more than there is: it is never rejected, and it ends when no session is left.
        let command = Command::EndEverySession(EndEverySession);
        let events = account.state.decide(&command, &Ctx::at(now)).unwrap_or_default();
        if events.is_empty() {
            return before - live(&account.state);
        }
        account.state = account.state.clone().evolve_all(&events);
    }
}

/// Makes the new directory: an empty journal behind a base that holds everything.
fn write(into: &Place, assembled: &Assembled, kept: Seq, entropy: &mut Entropy<'_>) -> Result<(), Error> {
    let mut lineage = Lineage([0; 16]);
    entropy(&mut lineage.0);
    let disk: &dyn Disk = &*into.disk;
    begin_making(disk)?;
    let generation = Generation(1);
    let cut = Journal::create(Arc::clone(&into.disk), into.layout, generation, kept)?.end();
    let head = Head {
        reach: Reach::Base,
        lineage,
        seq: kept.0,
        generation: generation.0,
        segment: cut.segment.0,
        crc: cut.crc,
    };
    let values = assembled.values();
    let mut items = values.values().flat_map(|(value, aggregate_seq)| value.items(*aggregate_seq));
    let listed = into.snapshots.write("0000000001-base", head, &mut items)?;
    let chain = Chain { cut, snapshots: vec![listed] };
    Current { lineage, generation, serial: 2, chain, fallback: None }.store(disk)?;
    made(disk)
}
