//! Storage without threads: a simulation decides when the journal writes a group and when a snapshot is taken, so that a run follows
//! from its seed. The same recovery, group loop, journal and snapshotter as ever; only who calls them differs.

use super::Error;
use super::open::{Options, Prepared, prepare};
use super::recovery::{Place, Progress, Recovered, Report};
use super::snapshotter;
use super::store::Store;
use super::value::Changed;
use super::writer::{Drained, Stepper};
use doorward_domain::{account, platform};
use std::sync::Arc;

/// Storage that is open, and stands still until it is stepped. Dropped, it ends as a killed process does.
pub struct Stepped {
    /// The way to the disk.
    pub store: Store,
    /// The platform.
    pub platform: Recovered<platform::State>,
    /// Every account to which something has happened, ordered by id.
    pub accounts: Vec<Recovered<account::State>>,
    /// What recovery came upon.
    pub report: Report,
    writer: Stepper<Option<Changed>>,
    snapshots: snapshotter::Running,
}

/// What came of a snapshot that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// None was due.
    NotDue,
    /// It is listed, or nothing had changed.
    Taken,
    /// It failed.
    Failed,
}

/// Opens what stands anywhere, without threads.
///
/// # Errors
/// As [`super::open`].
pub fn open_stepped(
    place: Place,
    options: &Options,
    entropy: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn Progress,
) -> Result<Stepped, Error> {
    let Prepared { assembled, report, journal, watch, snapshotter, jobs, link, .. } =
        prepare(place, options, entropy, progress, None)?;
    let writer = Stepper::start(Box::new(journal), Box::new(watch), options.queue_len_max);
    let snapshots = snapshotter::Running {
        is_pending: snapshotter.is_pending(),
        snapshotter,
        jobs,
        journal: writer.handle(),
        link: Arc::clone(&link),
        interval: options.snapshot_interval,
        _lock: None,
    };
    let store = Store { journal: writer.handle(), snapshots: Some(link) };
    let (platform, accounts) = (assembled.platform, assembled.accounts);
    Ok(Stepped { store, platform, accounts, report, writer, snapshots })
}

impl Stepped {
    /// Lets the journal write and answer one group, or obey one request. Whether something waited.
    pub fn journal(&mut self) -> bool {
        self.writer.turn()
    }

    /// Lets the snapshot that is due be taken.
    pub fn snapshot(&mut self) -> Snapshot {
        match self.snapshots.step() {
            None => Snapshot::NotDue,
            Some(Ok(_)) => Snapshot::Taken,
            Some(Err(_)) => Snapshot::Failed,
        }
    }

    /// Lets the snapshot interval pass: the journal is asked for a cut if anything changed.
    pub fn interval_passed(&mut self) {
        self.snapshots.interval_passed();
    }

    /// Settles everything that was submitted and takes a last snapshot.
    ///
    /// # Errors
    /// As [`super::Running::stop`].
    pub fn stop(self) -> Result<(), Error> {
        let Self { writer, mut snapshots, .. } = self;
        let Drained { mut appender, mut observer } = writer.drain().ok_or(Error::WritingEnded)?;
        let cut = appender.cut()?;
        observer.cut(cut);
        drop(observer);
        let mut last = Ok(None);
        while let Some(taken) = snapshots.step() {
            last = taken;
        }
        match last? {
            Some(segment) => appender.drop_before(segment),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Stepped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stepped").field("store", &self.store).finish_non_exhaustive()
    }
}
