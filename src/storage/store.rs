//! What actors see of storage: writes go in, encoded on the caller's thread, and each is told what became of it.

use super::record::Batch;
use super::recovery::Causes;
use super::snapshotter::Link;
use super::value::{Changed, Keys, Value, header};
use super::writer::{self, Completion, Counts, Entry, Handle, Outcome, RefusalReason, WriterStatus};
use doorward_domain::ids::AggregateRef;
use doorward_domain::time::Timestamp;
use std::fmt;
use std::sync::Arc;

/// What one command did, on its way to the disk.
pub struct Write {
    /// The aggregate after it.
    pub value: Value,
    /// Its number among the records of the aggregate.
    pub aggregate_seq: u64,
    /// When it was decided.
    pub recorded_at: Timestamp,
    /// What happened.
    pub events: Batch,
    /// Whom to tell.
    pub completion: Box<dyn Completion>,
}

/// The way to the disk. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(super) journal: Handle<Option<Changed>>,
    /// `None` when there are no snapshots, and so nothing to keep for them.
    pub(super) snapshots: Option<Arc<Link>>,
}

/// How storage fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether writing goes on.
    pub writing: WriterStatus,
    /// Groups, records and fsyncs since the start.
    pub journal: Counts,
    /// Snapshots listed since the start.
    pub snapshots_listed: u64,
    /// Snapshots that failed since the start. The journal keeps what they would have held.
    pub snapshots_failed: u64,
}

impl Store {
    /// Hands a write to the journal, behind all that were handed to it before. Never blocks. The completion is always told: what
    /// cannot be taken was not attempted, and since the tip it was decided on is then ahead for ever, all writing ends with it.
    pub fn submit(&self, write: Write) {
        let Write { value, aggregate_seq, recorded_at, events, completion } = write;
        let aggregate = value.reference();
        let payload = match events.encode() {
            Ok(payload) => payload,
            Err(unfit) => return self.give_up(aggregate, &unfit, completion),
        };
        let changed = self.snapshots.as_ref().map(|_link| {
            let keys = Keys::of(&events);
            Changed { value, aggregate_seq, keys }
        });
        let header = header(aggregate, aggregate_seq, recorded_at);
        let write = writer::Write { header, payload, attachment: changed };
        self.hand_over(aggregate, Entry { write: Some(write), completion });
    }

    /// Tells the completion once everything that was handed over before is durable. Forces no flush of its own.
    pub fn barrier(&self, completion: Box<dyn Completion>) {
        if let Err(refused) = self.journal.submit(Entry { write: None, completion }) {
            refused.entry.completion.settle(Outcome::NotAttempted);
        }
    }

    /// Ends all writing for good: an actor is lost, and nobody knows its tip any more.
    pub fn fail(&self) {
        self.journal.end_writing();
    }

    /// Whether writes are taken.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.journal.status() == WriterStatus::Running
    }

    /// How storage fares.
    #[must_use]
    pub fn status(&self) -> Status {
        let (snapshots_listed, snapshots_failed) = self.snapshots.as_ref().map_or((0, 0), |link| link.counts());
        Status { writing: self.journal.status(), journal: self.journal.counts(), snapshots_listed, snapshots_failed }
    }

    fn hand_over(&self, aggregate: AggregateRef, entry: Entry<Option<Changed>>) {
        let Err(refused) = self.journal.submit(entry) else { return };
        match refused.reason {
            RefusalReason::WritingEnded => refused.entry.completion.settle(Outcome::NotAttempted),
            reason @ (RefusalReason::QueueFull | RefusalReason::PayloadTooLong(_)) => {
                self.give_up(aggregate, &reason, refused.entry.completion);
            }
        }
    }

    fn give_up(&self, aggregate: AggregateRef, reason: &dyn std::error::Error, completion: Box<dyn Completion>) {
        tracing::error!(?aggregate, reason = %Causes(reason), "a decided write cannot be taken; all writing ends until the next start");
        self.journal.end_writing();
        completion.settle(Outcome::NotAttempted);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("status", &self.status()).finish()
    }
}
