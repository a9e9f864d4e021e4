//! What sits on the journal's thread: it remembers what became durable since the last cut, and hands it over at the next one.
//!
//! It must be quick and must never block: the next group waits for it.

use super::Frozen;
use crate::storage::journal::Cut;
use crate::storage::lock::Lock;
use crate::storage::value::Changed;
use crate::storage::writer::{Boundary, DurableGroup, GroupObserver};
use doorward_domain::ids::AggregateRef;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

/// What the journal's thread and the snapshotter's thread tell each other.
#[derive(Debug, Default)]
pub(in super::super) struct Link {
    /// Something became durable that no snapshot was told of.
    pub(super) changed: AtomicBool,
    /// A snapshot is being taken.
    pub(super) busy: AtomicBool,
    /// Snapshots listed.
    pub(super) listed: AtomicU64,
    /// Snapshots that failed.
    pub(super) failed: AtomicU64,
}

impl Link {
    /// Snapshots listed and snapshots failed since the start.
    pub(in super::super) fn counts(&self) -> (u64, u64) {
        (self.listed.load(Ordering::Acquire), self.failed.load(Ordering::Acquire))
    }
}

/// Watches the journal.
pub(in super::super) struct Watch {
    pub(in super::super) jobs: SyncSender<Frozen>,
    pub(in super::super) link: Arc<Link>,
    /// Bytes of journal after which a snapshot is due.
    pub(in super::super) due_len: u64,
    /// Bytes of journal since the last cut that was handed over.
    pub(in super::super) len: u64,
    pub(in super::super) changed: BTreeMap<AggregateRef, Changed>,
    /// The directory is locked as long as its journal may be written.
    pub(in super::super) _lock: Option<Arc<Lock>>,
}

impl GroupObserver<Option<Changed>> for Watch {
    fn group_durable(&mut self, group: DurableGroup<Option<Changed>>) -> Boundary {
        self.len += group.len;
        for (_seq, changed) in group.records {
            let Some(Changed { value, aggregate_seq, keys }) = changed else { continue };
            match self.changed.get_mut(&value.reference()) {
                Some(known) => {
                    known.value = value;
                    known.aggregate_seq = aggregate_seq;
                    known.keys.merge(keys);
                }
                None => {
                    self.changed.insert(value.reference(), Changed { value, aggregate_seq, keys });
                }
            }
        }
        self.link.changed.store(true, Ordering::Release);
        let is_due = self.len >= self.due_len && !self.link.busy.load(Ordering::Acquire);
        if is_due { Boundary::Cut } else { Boundary::GoOn }
    }

    fn cut(&mut self, cut: Cut) {
        self.link.busy.store(true, Ordering::Release);
        let frozen = Frozen { cut, changed: std::mem::take(&mut self.changed) };
        match self.jobs.try_send(frozen) {
            Ok(()) => {
                self.len = 0;
                self.link.changed.store(false, Ordering::Release);
            }
            // The snapshotter is behind, or gone: what it did not take is taken at the next cut.
            Err(TrySendError::Full(frozen) | TrySendError::Disconnected(frozen)) => self.changed = frozen.changed,
        }
    }
}
