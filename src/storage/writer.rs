//! The journal thread: takes what waits, writes it as one group with one fsync, publishes, then replies.
//!
//! Owns the numbering of records and the order append, fsync, mark, publish, reply. It never retries: the first failure
//! (or panic, or a call of [`Handle::end_writing`]) ends all writing for good. What was in flight is then answered with
//! [`Outcome::Unknown`], what waited behind it with [`Outcome::NotAttempted`]; no completion is ever left without an
//! outcome. The loop itself (`group`) does no I/O; the thread here only drives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use super::Error;
use super::journal::{Appender, Cut, PAYLOAD_LEN_MAX, RecordHeader, SegmentNo, Seq};

mod group;
mod settler;
mod stepped;
mod thread_loop;

use group::Submitted;
use settler::Settler;
pub(super) use stepped::Stepper;
use thread_loop::Drive;

/// The name of the journal's thread.
const THREAD: &str = "journal";
/// Places in the queue beyond those for entries, so that a cut or a stop finds one.
pub const CONTROL_SLOTS: usize = 4;

/// One thing to be settled in the journal's order.
pub struct Entry<A> {
    /// What is written. `None` is a barrier, a rejection or an `Ok` without events that was decided on a tip ahead of
    /// the view: it waits for the flush of what was submitted before it and forces none of its own.
    pub write: Option<Write<A>>,
    /// Whom to tell.
    pub completion: Box<dyn Completion>,
}

/// A record to be written; the loop gives it its sequence number.
pub struct Write<A> {
    /// Whose it is.
    pub header: RecordHeader,
    /// What happened, encoded; at most [`PAYLOAD_LEN_MAX`] bytes.
    pub payload: Vec<u8>,
    /// What the observer is given once the record is durable.
    pub attachment: A,
}

/// Hears what became of an entry. Called on the journal thread: it must not block.
pub trait Completion: Send {
    /// The record is durable. Called for each record of a group, in the journal's order, before any is settled; never
    /// for a barrier.
    fn publish(&mut self, seq: Seq);

    /// The last word, said exactly once.
    fn settle(self: Box<Self>, outcome: Outcome);
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It, and everything before it, is durable.
    Durable,
    /// Writing ended before it was tried: it did not happen, and it is safe to try it elsewhere or later.
    NotAttempted,
    /// Writing ended while it was in flight: it may be there after the next start, whole, or not at all.
    Unknown,
}

/// Sees each group once it is durable and answered. Called on the journal thread between two groups: it must be quick.
pub trait GroupObserver<A>: Send {
    /// A group is durable, published and answered.
    fn group_durable(&mut self, group: DurableGroup<A>) -> Boundary;

    /// The journal was cut here, between two groups: what was published up to [`Cut::seq`] is the value to freeze.
    fn cut(&mut self, cut: Cut);
}

/// A group that is durable.
#[derive(Debug)]
pub struct DurableGroup<A> {
    /// Its records' numbers and attachments, in order; never empty.
    pub records: Vec<(Seq, A)>,
    /// Its length in the journal, in bytes.
    pub len: u64,
}

/// What an observer wants at the boundary of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing.
    GoOn,
    /// A cut before the next group.
    Cut,
}

/// Sees nothing: for a journal without snapshots.
impl<A> GroupObserver<A> for () {
    fn group_durable(&mut self, _group: DurableGroup<A>) -> Boundary {
        Boundary::GoOn
    }

    fn cut(&mut self, _cut: Cut) {}
}

/// Whether writing goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterStatus {
    /// It does.
    Running,
    /// It was stopped in order; everything submitted before is settled.
    Stopped,
    /// It ended for good on a failure; health is red.
    Failed,
}

/// How much was written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Groups appended.
    pub groups: u64,
    /// Records in them.
    pub records: u64,
    /// Calls of fsync that this took.
    pub fsyncs: u64,
}

/// The way into the journal. Clones share it.
pub struct Handle<A> {
    inbox: SyncSender<Message<A>>,
    shared: Arc<Shared>,
}

impl<A> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone(), shared: Arc::clone(&self.shared) }
    }
}

/// An entry that was not taken; its completion has been told nothing.
pub struct Refused<A> {
    /// The entry, as it was submitted.
    pub entry: Box<Entry<A>>,
    /// Why it was not taken.
    pub reason: RefusalReason,
}

/// Why an entry was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// The queue is full: whoever gave out the permits gave too many.
    #[error("the journal's queue is full")]
    QueueFull,
    /// Writing has ended, in order or not.
    #[error("writing has ended")]
    WritingEnded,
    /// The payload is longer than [`PAYLOAD_LEN_MAX`].
    #[error("a payload of {0} bytes is longer than {PAYLOAD_LEN_MAX} bytes")]
    PayloadTooLong(usize),
}

/// The journal thread, for whoever stops it.
pub struct Writer<A> {
    handle: Handle<A>,
    thread: JoinHandle<Option<Drained<A>>>,
}

/// What an orderly stop gives back.
pub struct Drained<A> {
    /// The journal, for a last cut.
    pub appender: Box<dyn Appender>,
    /// The observer, with all it has seen.
    pub observer: Box<dyn GroupObserver<A>>,
}

impl<A: Send + 'static> Writer<A> {
    /// Starts the thread. At most `queue_len_max` entries wait for it.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        appender: Box<dyn Appender>,
        observer: Box<dyn GroupObserver<A>>,
        queue_len_max: usize,
    ) -> Result<Self, Error> {
        let (handle, drive) = connect(appender, observer, queue_len_max);
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(move || drive.run());
        let thread = thread.map_err(|source| Error::Thread { name: THREAD, source })?;
        Ok(Self { handle, thread })
    }

    /// A way in.
    #[must_use]
    pub fn handle(&self) -> Handle<A> {
        self.handle.clone()
    }

    /// Settles everything submitted before, takes nothing more, and gives the journal back. Blocks until then.
    ///
    /// # Errors
    /// When writing had ended on a failure.
    pub fn drain(self) -> Result<Drained<A>, Error> {
        // If the thread is gone, joining it says so.
        self.handle.inbox.send(Message::Drain).ok();
        self.thread.join().ok().flatten().ok_or(Error::WritingEnded)
    }
}

/// The group loop and the way into it.
fn connect<A: Send>(
    appender: Box<dyn Appender>,
    observer: Box<dyn GroupObserver<A>>,
    queue_len_max: usize,
) -> (Handle<A>, Drive<A>) {
    let (inbox, outbox) = sync_channel(queue_len_max.saturating_add(CONTROL_SLOTS));
    let shared = Arc::new(Shared::default());
    let drive = Drive::new(outbox, Arc::clone(&shared), appender, observer);
    (Handle { inbox, shared }, drive)
}

impl<A: Send> Handle<A> {
    /// Hands an entry to the journal, behind all that were handed to it before. Never blocks.
    ///
    /// # Errors
    /// The entry comes back when it cannot be taken.
    pub fn submit(&self, entry: Entry<A>) -> Result<(), Refused<A>> {
        let refused = |entry, reason| Err(Refused { entry: Box::new(entry), reason });
        if self.status() != WriterStatus::Running {
            return refused(entry, RefusalReason::WritingEnded);
        }
        let payload_len = entry.write.as_ref().map_or(0, |write| write.payload.len());
        if payload_len > PAYLOAD_LEN_MAX {
            return refused(entry, RefusalReason::PayloadTooLong(payload_len));
        }
        let submitted = Submitted { write: entry.write, settler: Settler::new(entry.completion) };
        let (message, reason) = match self.inbox.try_send(Message::Entry(submitted)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(message)) => (message, RefusalReason::QueueFull),
            Err(TrySendError::Disconnected(message)) => (message, RefusalReason::WritingEnded),
        };
        match message {
            Message::Entry(Submitted { write, settler }) => {
                refused(Entry { write, completion: settler.into_completion() }, reason)
            }
            // What comes back is what was sent.
            Message::Cut | Message::DropBefore(_) | Message::Drain => Ok(()),
        }
    }

    /// Asks for a cut behind all that was submitted before; the observer is told where. Blocks while the queue is full.
    ///
    /// # Errors
    /// When writing has ended.
    pub fn request_cut(&self) -> Result<(), Error> {
        self.inbox.send(Message::Cut).map_err(|_ended| Error::WritingEnded)
    }

    /// Lets the journal drop its segments before `segment`. Blocks while the queue is full.
    ///
    /// # Errors
    /// When writing has ended.
    pub fn drop_before(&self, segment: SegmentNo) -> Result<(), Error> {
        self.inbox.send(Message::DropBefore(segment)).map_err(|_ended| Error::WritingEnded)
    }

    /// Ends all writing for good, as a failure does: for a lost actor, whose tip nobody knows any more. What has not
    /// begun to be written will not be.
    pub fn end_writing(&self) {
        self.shared.fail();
        // Wakes the thread; when the queue is full it is awake.
        self.inbox.try_send(Message::Drain).ok();
    }

    /// Whether writing goes on.
    #[must_use]
    pub fn status(&self) -> WriterStatus {
        self.shared.status()
    }

    /// How much was written so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        Counts {
            groups: read(&self.shared.groups),
            records: read(&self.shared.records),
            fsyncs: read(&self.shared.fsyncs),
        }
    }
}

/// What the thread is sent.
enum Message<A> {
    Entry(Submitted<A>),
    Cut,
    DropBefore(SegmentNo),
    Drain,
}

#[derive(Debug, Default)]
struct Shared {
    status: AtomicU8,
    groups: AtomicU64,
    records: AtomicU64,
    fsyncs: AtomicU64,
}

impl Shared {
    const RUNNING: u8 = 0;
    const STOPPED: u8 = 1;
    const FAILED: u8 = 2;

    fn status(&self) -> WriterStatus {
        match self.status.load(Ordering::Acquire) {
            Self::RUNNING => WriterStatus::Running,
            Self::STOPPED => WriterStatus::Stopped,
            _ => WriterStatus::Failed,
        }
    }

    /// Failed is the last word: what failed does not become stopped.
    fn stop(&self) {
        let (from, to) = (Self::RUNNING, Self::STOPPED);
        self.status.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).ok();
    }

    fn fail(&self) {
        self.status.store(Self::FAILED, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
