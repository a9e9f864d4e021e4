//! The snapshotter's thread: waits for a cut or for the hour, writes, lists, and lets the journal drop what is covered.

use super::{Frozen, Link, Snapshotter};
use crate::storage::Error;
use crate::storage::journal::SegmentNo;
use crate::storage::lock::Lock;
use crate::storage::recovery::Causes;
use crate::storage::value::Changed;
use crate::storage::writer::Handle;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The name of the thread.
const THREAD: &str = "snapshots";

/// What the thread works with.
pub(in super::super) struct Running {
    pub(in super::super) snapshotter: Snapshotter,
    pub(in super::super) jobs: Receiver<Frozen>,
    pub(in super::super) journal: Handle<Option<Changed>>,
    pub(in super::super) link: Arc<Link>,
    /// How long a change may wait for a snapshot.
    pub(in super::super) interval: Duration,
    /// Whether a snapshot would hold something: replayed records wait for one like new ones.
    pub(in super::super) is_pending: bool,
    /// The directory is locked as long as a snapshot may be written.
    pub(in super::super) _lock: Option<Arc<Lock>>,
}

/// What the thread leaves: the outcome of the last snapshot, and the segment before which nothing is needed.
pub(in super::super) type Last = Result<Option<SegmentNo>, Error>;

/// Starts the thread.
pub(in super::super) fn start(running: Running) -> Result<JoinHandle<Last>, Error> {
    let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(move || running.run());
    thread.map_err(|source| Error::Thread { name: THREAD, source })
}

/// No thread dies alone: one that panics ends all writing.
struct EndsWriting(Handle<Option<Changed>>);

impl Drop for EndsWriting {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end_writing();
        }
    }
}

impl Running {
    /// Runs until the journal's thread is gone and everything it handed over is written.
    fn run(mut self) -> Last {
        let _guard = EndsWriting(self.journal.clone());
        let mut last = Ok(None);
        loop {
            match self.jobs.recv_timeout(self.interval) {
                Ok(frozen) => last = self.take(frozen),
                Err(RecvTimeoutError::Timeout) => self.interval_passed(),
                Err(RecvTimeoutError::Disconnected) => return last,
            }
        }
    }

    /// Takes the snapshot that is due, if one is.
    pub(in super::super) fn step(&mut self) -> Option<Last> {
        let frozen = self.jobs.try_recv().ok()?;
        Some(self.take(frozen))
    }

    /// A change has waited for long enough.
    pub(in super::super) fn interval_passed(&mut self) {
        if (self.is_pending || self.link.changed.load(Ordering::Acquire)) && self.journal.request_cut().is_err() {
            // Writing has ended; the channel closes next.
            self.is_pending = false;
        }
    }

    fn take(&mut self, frozen: Frozen) -> Last {
        let seq = frozen.cut.seq;
        let taken = self.snapshotter.take(frozen);
        self.is_pending = self.snapshotter.is_pending();
        match &taken {
            Ok(needed) => {
                if let Some(segment) = *needed {
                    self.link.listed.fetch_add(1, Ordering::AcqRel);
                    tracing::info!(%seq, "a snapshot was taken");
                    // At the stop the journal is closed already; who stops it drops them.
                    self.journal.drop_before(segment).ok();
                }
            }
            Err(error) => {
                self.link.failed.fetch_add(1, Ordering::AcqRel);
                tracing::error!(%seq, reason = %Causes(error), "a snapshot failed; the journal keeps what it would have held");
            }
        }
        self.link.busy.store(false, Ordering::Release);
        taken
    }
}
