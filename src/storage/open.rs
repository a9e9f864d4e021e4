//! Opens storage and closes it again: lock, recovery, journal thread, snapshot thread, and the order in which they end.

use super::current::{self, COPY};
use super::disk::RealDisk;
use super::journal::{self, Appender, Discard, Journal, Layout, Seq};
use super::lock::{self, Lock};
use super::recovery::fold::Assembled;
use super::recovery::{self, CREATING, Place, Progress, Ready, Recovered, Report};
use super::snapshot::{Lineage, SledSnapshots};
use super::snapshotter::{self, Frozen, Last, Link, Snapshotter, Watch};
use super::store::Store;
use super::value::Changed;
use super::writer::{Drained, GroupObserver, Writer};
use super::{Error, snapshot};
use doorward_domain::aggregate::Aggregate;
use doorward_domain::ids::AggregateRef;
use doorward_domain::{account, platform};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Cuts that may wait for the snapshot thread: the one at hand, and the last one of a stop.
const JOBS_MAX: usize = 2;
/// The directory of copies that are read and thrown away.
pub(super) const SCRATCH: &str = "scratch";

/// How storage is laid out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The journal's segments. One must hold the longest group (4 MiB and a header); a group that is longer than a segment ends all writing.
    pub layout: Layout,
    /// Bytes of journal after which a snapshot is due.
    pub snapshot_after_len: u64,
    /// How long a change may wait for a snapshot.
    pub snapshot_interval: Duration,
    /// Writes and barriers that may wait for the journal: at least as many as there are permits at the door.
    pub queue_len_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            snapshot_after_len: 256 * 1024 * 1024,
            snapshot_interval: Duration::from_secs(3_600),
            queue_len_max: 8_192,
        }
    }
}

/// Storage that is open.
#[derive(Debug)]
pub struct Opened {
    /// The way to the disk.
    pub store: Store,
    /// The platform.
    pub platform: Recovered<platform::State>,
    /// Every account to which something has happened, ordered by id.
    pub accounts: Vec<Recovered<account::State>>,
    /// The random name of its history. All zeros in memory, where nothing outlives its keys.
    pub lineage: Lineage,
    /// What recovery came upon.
    pub report: Report,
    /// What is to be stopped.
    pub running: Running,
}

/// The threads of storage. Dropped without a stop, it ends as a crash would: nothing acknowledged is lost, no last snapshot is taken.
pub struct Running {
    writer: Option<Writer<Option<Changed>>>,
    snapshots: Option<JoinHandle<Last>>,
}

/// Opens a data directory, or makes it.
///
/// # Errors
/// When it is in use, is none of ours, or is damaged; a refusal names file, reason and the command that repairs, and has changed nothing.
pub fn open(
    dir: &Path,
    options: &Options,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
) -> Result<Opened, Error> {
    is_ours(dir)?;
    let disk = Arc::new(RealDisk::open(dir)?);
    let lock = Arc::new(Lock::exclusive(dir)?);
    keep_to_owner(dir);
    let snapshots = Arc::new(SledSnapshots::open(dir, &dir.join(SCRATCH))?);
    let place = Place { dir: dir.to_owned(), disk, snapshots, layout: options.layout };
    open_at(place, options, entropy, progress, Some(lock))
}

/// Opens what stands anywhere: for simulation.
///
/// # Errors
/// As [`open`].
#[doc(hidden)]
pub fn open_place(
    place: Place,
    options: &Options,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
) -> Result<Opened, Error> {
    open_at(place, options, entropy, progress, None)
}

/// Opens storage that keeps nothing: for tests, and for embedding without a disk.
///
/// # Errors
/// When the journal's thread cannot be started.
pub fn in_memory(options: &Options) -> Result<Opened, Error> {
    let writer = Writer::start(Box::new(Discard::after(Seq(0))), Box::new(()), options.queue_len_max)?;
    let store = Store { journal: writer.handle(), snapshots: None };
    let platform = platform::State::assemble(platform::State::blank(AggregateRef::Platform));
    Ok(Opened {
        store,
        platform: Recovered { state: platform, aggregate_seq: 0 },
        accounts: Vec::new(),
        lineage: Lineage([0; 16]),
        report: Report::default(),
        running: Running { writer: Some(writer), snapshots: None },
    })
}

/// A directory that holds something, but nothing of ours, is not made into a data directory.
fn is_ours(dir: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::File { operation: "list", path: dir.to_owned(), source }),
    };
    let ours = [current::FILE, COPY, CREATING, journal::DIR, snapshot::DIR];
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(|source| Error::File { operation: "list", path: dir.to_owned(), source })?;
        let name = entry.file_name();
        if ours.iter().any(|own| name == *own) {
            return Ok(());
        }
        is_empty &= name == lock::FILE;
    }
    if is_empty { Ok(()) } else { Err(Error::Foreign { dir: dir.to_owned() }) }
}

/// Takes a directory that was there before from everybody but its owner. Its files are the owner's alone anyway, and one that belongs
/// to somebody else, as a mounted volume may, is still used.
pub(super) fn keep_to_owner(dir: &Path) {
    let tightened = fs::metadata(dir).and_then(|found| {
        let mut permissions = found.permissions();
        let mode = permissions.mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        permissions.set_mode(mode & 0o7700);
        fs::set_permissions(dir, permissions)
    });
    if let Err(error) = tightened {
        tracing::warn!(dir = %dir.display(), %error, "others may look into the data directory: its mode could not be set to 700");
    }
}

/// What is opened, before anything runs.
pub(super) struct Prepared {
    pub(super) assembled: Assembled,
    pub(super) lineage: Lineage,
    pub(super) report: Report,
    pub(super) journal: Journal,
    pub(super) watch: Watch,
    pub(super) snapshotter: Snapshotter,
    pub(super) jobs: Receiver<Frozen>,
    pub(super) link: Arc<Link>,
}

/// Recovers what stands at a place and joins the two threads that will work on it.
pub(super) fn prepare(
    place: Place,
    options: &Options,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
    lock: Option<Arc<Lock>>,
) -> Result<Prepared, Error> {
    let ready = recovery::open(&place, entropy, progress).map_err(|error| error.in_dir(&place.dir))?;
    let Ready { assembled, current, journal, touched, report } = ready;
    let link = Arc::new(Link::default());
    let (jobs, inbox) = sync_channel(JOBS_MAX);
    let watch = Watch {
        jobs,
        link: Arc::clone(&link),
        due_len: options.snapshot_after_len,
        len: report.tail_len,
        changed: BTreeMap::new(),
        _lock: lock,
    };
    let lineage = current.lineage;
    let snapshotter = Snapshotter::new(place, current, assembled.values(), touched);
    Ok(Prepared { assembled, lineage, report, journal, watch, snapshotter, jobs: inbox, link })
}

fn open_at(
    place: Place,
    options: &Options,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
    lock: Option<Arc<Lock>>,
) -> Result<Opened, Error> {
    let prepared = prepare(place, options, entropy, progress, lock.clone())?;
    let Prepared { assembled, lineage, report, journal, watch, snapshotter, jobs, link } = prepared;
    let writer = Writer::start(Box::new(journal), Box::new(watch), options.queue_len_max)?;
    let thread = snapshotter::start(snapshotter::Running {
        is_pending: snapshotter.is_pending(),
        snapshotter,
        jobs,
        journal: writer.handle(),
        link: Arc::clone(&link),
        interval: options.snapshot_interval,
        _lock: lock,
    });
    let store = Store { journal: writer.handle(), snapshots: Some(link) };
    let mut running = Running { writer: Some(writer), snapshots: None };
    // Should the thread not start, `running` ends the journal's.
    running.snapshots = Some(thread?);
    let Assembled { platform, accounts } = assembled;
    Ok(Opened { store, platform, accounts, lineage, report, running })
}

impl Running {
    /// Settles everything that was submitted, takes a last snapshot, and lets go of the directory. Blocks until then.
    ///
    /// # Errors
    /// When writing had ended on a failure, or the last snapshot failed; nothing that was acknowledged is lost.
    pub fn stop(mut self) -> Result<(), Error> {
        let Some(writer) = self.writer.take() else { return Err(Error::WritingEnded) };
        let Drained { mut appender, observer } = writer.drain()?;
        self.last_snapshot(&mut *appender, observer)
    }

    fn last_snapshot(
        &mut self,
        appender: &mut dyn Appender,
        mut observer: Box<dyn GroupObserver<Option<Changed>>>,
    ) -> Result<(), Error> {
        let Some(snapshots) = self.snapshots.take() else { return Ok(()) };
        let cut = appender.cut();
        if let Ok(cut) = &cut {
            observer.cut(*cut);
        }
        // With the observer goes the channel, and at its end the thread.
        drop(observer);
        let last = snapshots.join().unwrap_or(Err(Error::WritingEnded));
        cut?;
        match last? {
            Some(segment) => appender.drop_before(segment),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.handle().end_writing();
            // That writing has ended is what was asked for.
            writer.drain().ok();
        }
        if let Some(snapshots) = self.snapshots.take() {
            snapshots.join().ok();
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("snapshots", &self.snapshots.is_some()).finish_non_exhaustive()
    }
}
