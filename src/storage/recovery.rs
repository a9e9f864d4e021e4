//! Opening a data directory: what `CURRENT` names is read, checked, put together, and made ready to be written to.
//!
//! Owns the verdict on the whole: either everything that was acknowledged is there, or the start is refused, with file, reason and the
//! command that repairs; then nothing has been changed. What was recovered may be in the page cache alone, so its journal is never
//! appended to: it is written again as the next generation, synced, named by `CURRENT`, and only then is the old one removed.

use super::Error;
use super::current::{self, Chain, Current};
use super::disk::Disk;
use super::journal::{
    self, Cut, Generation, Journal, Layout, Rewriter, Scan, SegmentNo, Seq, Torn, list_generations, list_segments,
    remove_generation,
};
use super::record;
use super::snapshot::{self, Lineage, Snapshots, Trust};
use super::value::Touched;
use doorward_domain::aggregate::Violation;
use doorward_domain::ids::AggregateRef;

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) mod fold;

#[cfg(test)]
mod tests;

use fold::{Assembled, Fold};

/// Stands while a new data directory is being made: without `CURRENT` beside it, nothing in the directory was ever acknowledged.
pub(super) const CREATING: &str = "CREATING";

/// An aggregate as it was recovered.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered<A> {
    /// Its state.
    pub state: A,
    /// The number of its last record.
    pub aggregate_seq: u64,
}

/// What recovery came upon. Nothing acknowledged was lost, whatever it says.
#[derive(Debug, Default)]
pub struct Report {
    /// The last record.
    pub seq: u64,
    /// Snapshots that were read.
    pub snapshots: usize,
    /// Records that were read after them.
    pub records: u64,
    /// Bytes of journal that hold them.
    pub tail_len: u64,
    /// An unfinished frame at the end of the journal that was dropped: nobody had been told of it.
    pub torn: Option<Torn>,
    /// The newest snapshots could not be read, and those before them were taken.
    pub fell_back: Option<snapshot::Error>,
    /// The snapshots before the newest cannot be fallen back to any more, because the journal that follows them is damaged.
    pub fallback_lost: Option<Error>,
}

/// How far recovery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading snapshots; counted in bytes of items.
    Snapshots,
    /// Reading the journal; counted in records.
    Journal,
    /// Building indexes; counted in accounts.
    Indexes,
    /// Checking every rule; counted in accounts.
    Rules,
    /// Writing the journal again; counted in records.
    Rewriting,
}

/// Is told how far recovery has come.
pub trait Progress: Send + fmt::Debug {
    /// `done` of `total` of this phase; a total of 0 is not known.
    fn report(&mut self, phase: Phase, done: u64, total: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn report(&mut self, _phase: Phase, _done: u64, _total: u64) {}
}

/// Why a data directory is not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// `CURRENT` is missing or damaged.
    #[error("CURRENT is damaged: {0}")]
    Current(current::Damage),
    /// Neither the newest snapshots nor those before them can be read.
    #[error(transparent)]
    Snapshot(snapshot::Error),
    /// A snapshot does not follow the one before it.
    #[error("{}/{name} does not follow the snapshot before it", snapshot::DIR)]
    Chain {
        /// Its name.
        name: String,
    },
    /// The journal is damaged.
    #[error("{}", journal::Told(file, *offset, reason))]
    Journal {
        /// Its file.
        file: String,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        reason: journal::Damage,
    },
    /// A record in good frames cannot be read.
    #[error("{}: record {seq} is damaged: {}", journal::DIR, Causes(reason))]
    Payload {
        /// Which.
        seq: Seq,
        /// What is wrong.
        reason: record::Damage,
    },
    /// A record of a kind that this program does not know.
    #[error("{}: record {seq} is of kind {kind}, which this program does not know", journal::DIR)]
    Kind {
        /// Which.
        seq: Seq,
        /// Its kind.
        kind: u8,
    },
    /// Records of an aggregate are missing or there twice.
    #[error("{}: record {seq} is number {found} of {aggregate:?}, where number {expected} belongs", journal::DIR)]
    AggregateGap {
        /// Which.
        seq: Seq,
        /// Whose.
        aggregate: AggregateRef,
        /// The number that belongs there.
        expected: u64,
        /// Its number.
        found: u64,
    },
    /// A rule does not hold.
    #[error("a rule of the state does not hold: {0}")]
    Invariant(Violation),
}

/// An error and its causes in one line.
pub(super) struct Causes<'a>(pub(super) &'a dyn std::error::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors say their cause already.
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            cause = error.source();
        }
        Ok(())
    }
}

/// Where a data directory lives.
#[derive(Clone)]
pub struct Place {
    /// What messages call it.
    pub dir: PathBuf,
    /// The journal and `CURRENT`.
    pub disk: Arc<dyn Disk>,
    /// The snapshots.
    pub snapshots: Arc<dyn Snapshots>,
    /// How the journal is laid out.
    pub layout: Layout,
}

/// A data directory that was opened, or made.
pub(super) struct Ready {
    pub(super) assembled: Assembled,
    pub(super) current: Current,
    pub(super) journal: Journal,
    /// What the records after the newest snapshot touched.
    pub(super) touched: Touched,
    pub(super) report: Report,
}

/// Opens what is there, or makes it when there is nothing.
pub(super) fn open(
    place: &Place,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
) -> Result<Ready, Error> {
    let disk = &*place.disk;
    match Current::load(disk, current::FILE)? {
        Ok(current) => recover(place, &current, progress),
        Err(current::Damage::Missing) if disk.len(CREATING)?.is_some() || is_blank(place)? => create(place, entropy),
        Err(damage) => Err(Refusal::Current(damage).into()),
    }
}

/// Whether nothing of ours is there.
fn is_blank(place: &Place) -> Result<bool, Error> {
    let has_copy = place.disk.len(current::COPY)?.is_some();
    Ok(!has_copy && list_generations(&*place.disk)?.is_empty() && place.snapshots.names()?.is_empty())
}

/// Makes a data directory of which nothing was ever acknowledged; what an earlier attempt left goes first.
pub(super) fn create(place: &Place, entropy: &mut dyn FnMut(&mut [u8])) -> Result<Ready, Error> {
    let mut lineage = Lineage([0; 16]);
    entropy(&mut lineage.0);
    let disk = &*place.disk;
    begin_making(disk)?;
    for generation in list_generations(disk)? {
        remove_generation(disk, generation)?;
    }
    for name in place.snapshots.names()? {
        place.snapshots.remove(&name)?;
    }
    let generation = Generation(1);
    let journal = Journal::create(Arc::clone(&place.disk), place.layout, generation, Seq(0))?;
    let chain = Chain { cut: journal.end(), snapshots: Vec::new() };
    let current = Current { lineage, generation, serial: 1, chain, fallback: None };
    current.store(disk)?;
    made(disk)?;
    let assembled = Fold::new().assemble();
    Ok(Ready { assembled, current, journal, touched: Touched::new(), report: Report::default() })
}

/// Until [`made`], a missing `CURRENT` means that nothing was ever acknowledged.
pub(super) fn begin_making(disk: &dyn Disk) -> Result<(), Error> {
    if disk.len(CREATING)?.is_none() {
        disk.create(CREATING, 0)?.sync()?;
    }
    // One that stands may be in the page cache alone: an attempt that was killed left it.
    disk.sync_dir("")?;
    Ok(())
}

/// From here on a missing `CURRENT` is damage.
pub(super) fn made(disk: &dyn Disk) -> Result<(), Error> {
    if disk.len(CREATING)?.is_some() {
        disk.remove(CREATING)?;
        disk.sync_dir("")?;
    }
    Ok(())
}

fn recover(place: &Place, current: &Current, progress: &mut dyn Progress) -> Result<Ready, Error> {
    let mut report = Report::default();
    let (mut fold, chain, older) = read_snapshots(place, current, &mut report, progress)?;
    replay(place, chain.cut, &mut fold, &mut report, progress)?;
    let seq = fold.seq;
    let touched = std::mem::take(&mut fold.touched);
    progress.report(Phase::Indexes, 0, 0);
    let assembled = fold.assemble();
    progress.report(Phase::Rules, 0, assembled.accounts.len() as u64);
    assembled.check()?;
    report.seq = seq.0;

    // Until here nothing was changed.
    let rewritten = rewrite(place, &chain, older, &mut report, progress)?;
    if rewritten.journal.end().seq != seq {
        // What was read twice was not the same twice.
        return Err(Error::Unsteady);
    }
    let Rewritten { journal, chain, fallback } = rewritten;
    let (stood, generation) = (current.chain.cut.generation, chain.cut.generation);
    let current = Current { lineage: current.lineage, generation, serial: current.serial, chain, fallback };
    if let Err(fault) = current.store(&*place.disk) {
        // Closed first: its thread may still be making a segment.
        drop(journal);
        let is_named =
            |name| !matches!(Current::load(&*place.disk, name), Ok(Ok(stands)) if stands.generation != generation);
        if !is_named(current::FILE) && !is_named(current::COPY) {
            discard(place, generation);
        }
        return Err(no_room(place, stood, fault.into()));
    }
    made(&*place.disk)?;
    remove_litter(place, &current)?;
    Ok(Ready { assembled, current, journal, touched, report })
}

/// Reads the newest snapshots, or else those before them; says which, and what is left to fall back to.
fn read_snapshots(
    place: &Place,
    current: &Current,
    report: &mut Report,
    progress: &mut dyn Progress,
) -> Result<(Fold, Chain, Option<Chain>), Error> {
    let damage = match read_chain(&*place.snapshots, &current.chain, progress) {
        Ok(fold) => {
            report.snapshots = current.chain.snapshots.len();
            return Ok((fold, current.chain.clone(), current.fallback.clone()));
        }
        Err(damage) => damage,
    };
    let Some(fallback) = &current.fallback else { return Err(damage.into()) };
    let Ok(fold) = read_chain(&*place.snapshots, fallback, progress) else { return Err(damage.into()) };
    tracing::warn!(reason = %Causes(&damage), "the newest snapshot cannot be read; the one before it is taken");
    report.snapshots = fallback.snapshots.len();
    report.fell_back = match damage {
        Refusal::Snapshot(error) => Some(error),
        _ => None,
    };
    Ok((fold, fallback.clone(), None))
}

/// The entities of a base and its deltas.
pub(super) fn read_chain(
    snapshots: &dyn Snapshots,
    chain: &Chain,
    progress: &mut dyn Progress,
) -> Result<Fold, Refusal> {
    let mut fold = Fold::new();
    let total = chain.snapshots.iter().map(|listed| listed.bytes).sum();
    let mut done = 0;
    for (at, listed) in chain.snapshots.iter().enumerate() {
        if !follows(chain, at) {
            return Err(Refusal::Chain { name: listed.name.clone() });
        }
        progress.report(Phase::Snapshots, done, total);
        snapshots.load(listed, Trust::Files, &mut *fold.sink()).map_err(Refusal::Snapshot)?;
        done += listed.bytes;
    }
    fold.seq = chain.cut.seq;
    Ok(fold)
}

/// Whether a snapshot of a chain belongs where it stands: a base first, each delta after the one before it, the last at the cut.
pub(super) fn follows(chain: &Chain, at: usize) -> bool {
    let Some(listed) = chain.snapshots.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|at| chain.snapshots.get(at));
    let is_next = match (listed.reach, before) {
        (record::Reach::Base, None) => true,
        (record::Reach::Delta { after }, Some(before)) => after == before.seq,
        (record::Reach::Base, Some(_)) | (record::Reach::Delta { .. }, None) => false,
    };
    let is_last = at + 1 == chain.snapshots.len();
    is_next && (!is_last || listed.seq == chain.cut.seq.0)
}

/// Applies the journal above the cut.
pub(super) fn replay(
    place: &Place,
    cut: Cut,
    fold: &mut Fold,
    report: &mut Report,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let mut scan = Scan::open(&*place.disk, cut).map_err(refused)?;
    let total = scan.mark().map_or(0, |mark| mark.0.saturating_sub(cut.seq.0));
    while let Some(group) = scan.next_group().map_err(refused)? {
        for record in &group {
            fold.record(record)?;
            report.records += 1;
        }
        progress.report(Phase::Journal, report.records, total);
    }
    if let Some(torn) = scan.torn() {
        tracing::warn!(file = %torn.file, offset = torn.offset, reason = %torn.reason, "an unfinished write was dropped");
    }
    report.torn = scan.torn().cloned();
    report.tail_len = scan.read_len();
    Ok(())
}

fn refused(error: Error) -> Error {
    match error {
        Error::Damaged { file, offset, reason } => Refusal::Journal { file, offset, reason }.into(),
        other => other,
    }
}

struct Rewritten {
    journal: Journal,
    chain: Chain,
    fallback: Option<Chain>,
}

/// Writes the tail as the next generation: from the older cut on, so that one can still fall back, or else from the newer.
fn rewrite(
    place: &Place,
    chain: &Chain,
    older: Option<Chain>,
    report: &mut Report,
    progress: &mut dyn Progress,
) -> Result<Rewritten, Error> {
    if let Some(older) = older {
        match rewrite_from(place, &older, Some(chain), progress) {
            Err(error @ Error::Damaged { .. }) => {
                tracing::warn!(reason = %Causes(&error), "the snapshots before the newest are of no use any more");
                report.fallback_lost = Some(error);
            }
            done => return done,
        }
    }
    rewrite_from(place, chain, None, progress)
}

/// Writes the tail above `first` again, with a cut where `second` has one. Of an attempt that failed nothing is left.
fn rewrite_from(
    place: &Place,
    first: &Chain,
    second: Option<&Chain>,
    progress: &mut dyn Progress,
) -> Result<Rewritten, Error> {
    write_again(place, first, second, progress).map_err(|error| {
        discard(place, first.cut.generation.next());
        no_room(place, first.cut.generation, error)
    })
}

/// Removes a generation that `CURRENT` does not name. If this fails too, the first failure says it all.
fn discard(place: &Place, generation: Generation) {
    remove_generation(&*place.disk, generation).ok();
}

/// Says of a full disk how much room it takes to write a generation again.
fn no_room(place: &Place, generation: Generation, error: Error) -> Error {
    let source = match error {
        Error::Disk(fault) if fault.source.kind() == ErrorKind::StorageFull => fault,
        other => return other,
    };
    let segments = list_segments(&*place.disk, generation).unwrap_or_default();
    let len_of = |segment| place.disk.len(&journal::segment_path(generation, segment)).ok().flatten();
    let tail_len: u64 = segments.into_iter().filter_map(len_of).sum();
    Error::NoRoom { mib: (tail_len + place.layout.segment_len).div_ceil(1024 * 1024), source }
}

fn write_again(
    place: &Place,
    first: &Chain,
    second: Option<&Chain>,
    progress: &mut dyn Progress,
) -> Result<Rewritten, Error> {
    let generation = first.cut.generation.next();
    let mut scan = Scan::open(&*place.disk, first.cut)?;
    let mut rewriter = Rewriter::start(Arc::clone(&place.disk), place.layout, generation, first.cut.seq)?;
    let first_cut = Cut { generation, segment: SegmentNo::FIRST, seq: first.cut.seq, crc: 0 };
    let mut second_cut = None;
    let mut done = 0;
    loop {
        if second.is_some_and(|chain| chain.cut.seq == scan.end().seq) && second_cut.is_none() {
            second_cut = Some(rewriter.cut()?);
        }
        let Some(group) = scan.next_group()? else { break };
        done += group.len() as u64;
        for record in group {
            rewriter.push(record)?;
        }
        progress.report(Phase::Rewriting, done, 0);
    }
    let journal = rewriter.finish()?;
    let at = |chain: &Chain, cut| Chain { cut, snapshots: chain.snapshots.clone() };
    match (second, second_cut) {
        (None, _) => Ok(Rewritten { journal, chain: at(first, first_cut), fallback: None }),
        (Some(second), Some(cut)) => {
            Ok(Rewritten { journal, chain: at(second, cut), fallback: Some(at(first, first_cut)) })
        }
        // The journal was replayed from this cut, so it is one; that no frame ends there on the way from the older one is damage.
        (Some(_), None) => Err(Error::Unsteady),
    }
}

/// Removes what `CURRENT` does not name.
fn remove_litter(place: &Place, current: &Current) -> Result<(), Error> {
    for generation in list_generations(&*place.disk)? {
        if generation != current.generation {
            remove_generation(&*place.disk, generation)?;
        }
    }
    remove_unlisted(&*place.snapshots, current)?;
    Ok(())
}

/// Removes the snapshots that `CURRENT` does not list.
pub(super) fn remove_unlisted(snapshots: &dyn Snapshots, current: &Current) -> Result<(), snapshot::Error> {
    for name in snapshots.names()? {
        if !current.listed().any(|listed| listed.name == name) {
            snapshots.remove(&name)?;
        }
    }
    Ok(())
}
