//! The journal without its thread: a simulation takes each turn itself, so that a run follows from its seed.

use super::thread_loop::{Drive, Turn, Wait};
use super::{Appender, Drained, GroupObserver, Handle, Message, connect};

/// Drives the group loop by hand. Dropped, it ends as a lost thread does.
pub(in super::super) struct Stepper<A> {
    handle: Handle<A>,
    /// `None` once writing has ended.
    drive: Option<Drive<A>>,
}

impl<A: Send> Stepper<A> {
    pub(in super::super) fn start(
        appender: Box<dyn Appender>,
        observer: Box<dyn GroupObserver<A>>,
        queue_len_max: usize,
    ) -> Self {
        let (handle, drive) = connect(appender, observer, queue_len_max);
        Self { handle, drive: Some(drive) }
    }

    pub(in super::super) fn handle(&self) -> Handle<A> {
        self.handle.clone()
    }

    /// Takes one turn. Whether there may be another one.
    pub(in super::super) fn turn(&mut self) -> bool {
        let Some(mut drive) = self.drive.take() else { return false };
        match drive.turn(Wait::No) {
            Ok(turn) => {
                self.drive = Some(drive);
                turn == Turn::Went
            }
            Err(error) => {
                drive.end(Err(error));
                false
            }
        }
    }

    /// Settles everything submitted before and gives the journal back; `None` when writing had ended on a failure.
    pub(in super::super) fn drain(mut self) -> Option<Drained<A>> {
        self.handle.inbox.try_send(Message::Drain).ok();
        while self.turn() {}
        self.drive.take()?.end(Ok(()))
    }
}
