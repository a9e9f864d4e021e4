//! What the journal thread runs: it feeds the group loop, appends, and stops at the first failure.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};

use super::super::journal::{Appender, Flushed, SegmentNo};
use super::group::{Group, Room};
use super::{Boundary, Drained, DurableGroup, Error, GroupObserver, Message, Shared, WriterStatus};

/// Fields are dropped in this order: the status turns before anyone is told, and the queue goes last.
pub(super) struct Drive<A> {
    status: StatusGuard,
    group: Group<A>,
    inbox: Receiver<Message<A>>,
    appender: Box<dyn Appender>,
    observer: Box<dyn GroupObserver<A>>,
}

/// Whatever ends the thread without an order ends writing.
struct StatusGuard(Arc<Shared>);

impl Drop for StatusGuard {
    fn drop(&mut self) {
        if self.0.status() == WriterStatus::Running {
            self.0.fail();
        }
    }
}

/// Whether a turn waits for something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    ForOne,
    No,
}

/// What came of a turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Went,
    /// Nothing waited.
    Idle,
    /// It was told to stop, or nobody is left to tell it anything.
    Stopped,
}

/// What ends a group besides its bounds.
enum Control {
    Cut,
    DropBefore(SegmentNo),
    Stop,
}

impl<A: Send> Drive<A> {
    pub(super) fn new(
        inbox: Receiver<Message<A>>,
        shared: Arc<Shared>,
        appender: Box<dyn Appender>,
        observer: Box<dyn GroupObserver<A>>,
    ) -> Self {
        let group = Group::new(appender.next_seq());
        Self { status: StatusGuard(shared), group, inbox, appender, observer }
    }

    /// Runs until it is told to stop, or nobody can tell it anything any more, or writing fails (then `None`).
    pub(super) fn run(mut self) -> Option<Drained<A>> {
        let worked = self.work();
        self.end(worked)
    }

    /// Ends in order, or on a failure (then `None`).
    pub(super) fn end(self, worked: Result<(), Error>) -> Option<Drained<A>> {
        if let Err(error) = worked {
            tracing::error!(error = &error as &dyn std::error::Error, "writing has ended");
            return None;
        }
        let Self { status, group, inbox, appender, observer } = self;
        status.0.stop();
        // Whoever came too late is told so before the journal is given back.
        drop(group);
        drop(inbox);
        let failed = status.0.status() == WriterStatus::Failed;
        (!failed).then_some(Drained { appender, observer })
    }

    fn work(&mut self) -> Result<(), Error> {
        while self.turn(Wait::ForOne)? == Turn::Went {}
        Ok(())
    }

    /// One group, written and answered, or one control message, obeyed.
    pub(super) fn turn(&mut self, wait: Wait) -> Result<Turn, Error> {
        let control = self.gather(wait);
        let is_idle = control.is_none() && self.group.is_empty();
        self.flush()?;
        match control {
            None => {}
            Some(Control::Cut) => self.cut()?,
            Some(Control::DropBefore(segment)) => self.drop_before(segment),
            // Nothing is left over: what did not fit ended the gathering before this could be read.
            Some(Control::Stop) => return Ok(Turn::Stopped),
        }
        Ok(if is_idle { Turn::Idle } else { Turn::Went })
    }

    /// Takes all that wait, up to the bounds of a group; when that is nothing, it may wait for one message.
    fn gather(&mut self, wait: Wait) -> Option<Control> {
        if self.group.begin() == Room::Full {
            return None;
        }
        if self.group.is_empty() && wait == Wait::ForOne {
            match self.inbox.recv() {
                Ok(message) => {
                    if let Some(ended) = self.accept(message) {
                        return ended;
                    }
                }
                Err(_nobody_left) => return Some(Control::Stop),
            }
        }
        loop {
            match self.inbox.try_recv() {
                Ok(message) => {
                    if let Some(ended) = self.accept(message) {
                        return ended;
                    }
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
    }

    /// `Some` when the group ends here: by a control message, or because it is full.
    fn accept(&mut self, message: Message<A>) -> Option<Option<Control>> {
        match message {
            Message::Entry(entry) => (self.group.take(entry) == Room::Full).then_some(None),
            Message::Cut => Some(Some(Control::Cut)),
            Message::DropBefore(segment) => Some(Some(Control::DropBefore(segment))),
            Message::Drain => Some(Some(Control::Stop)),
        }
    }

    /// Append, fsync, mark; publish; reply. Never another order.
    fn flush(&mut self) -> Result<(), Error> {
        if self.status.0.status() == WriterStatus::Failed {
            return Err(Error::WritingEnded);
        }
        if self.group.records().is_empty() {
            self.group.durable();
            return Ok(());
        }
        self.group.attempt();
        let flushed = self.appender.append(self.group.records())?;
        self.count(flushed);
        let records = self.group.durable();
        match self.observer.group_durable(DurableGroup { records, len: flushed.len }) {
            Boundary::GoOn => Ok(()),
            Boundary::Cut => self.cut(),
        }
    }

    fn cut(&mut self) -> Result<(), Error> {
        let cut = self.appender.cut()?;
        self.observer.cut(cut);
        Ok(())
    }

    fn drop_before(&mut self, segment: SegmentNo) {
        if let Err(error) = self.appender.drop_before(segment) {
            // Old segments only take room; the next snapshot tries again.
            tracing::warn!(error = &error as &dyn std::error::Error, "old journal segments could not be removed");
        }
    }

    fn count(&self, flushed: Flushed) {
        let shared = &self.status.0;
        shared.groups.fetch_add(1, Ordering::AcqRel);
        shared.records.fetch_add(self.group.records().len() as u64, Ordering::AcqRel);
        shared.fsyncs.fetch_add(u64::from(flushed.fsyncs), Ordering::AcqRel);
    }
}
