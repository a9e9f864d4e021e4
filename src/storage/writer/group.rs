//! The group loop as a state machine: entries in, one group of records out, then what became of it. It does no I/O and
//! asks no clock; the thread, or a test, drives it.

use super::super::journal::{GROUP_LEN_MAX, GROUP_RECORDS_MAX, Record};
use super::{Outcome, Seq, Settler, Write};

/// The most entries settled with one group, barriers included.
pub(super) const ENTRIES_MAX: usize = GROUP_RECORDS_MAX;

/// An entry in the queue.
pub(super) struct Submitted<A> {
    pub(super) write: Option<Write<A>>,
    pub(super) settler: Settler,
}

/// Whether the group takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    More,
    Full,
}

pub(super) struct Group<A> {
    next_seq: Seq,
    records: Vec<Record>,
    records_len: usize,
    waiting: Vec<Waiting<A>>,
    /// The entry that did not fit; it begins the next group.
    left_over: Option<Submitted<A>>,
}

struct Waiting<A> {
    settler: Settler,
    record: Option<(Seq, A)>,
}

impl<A> Group<A> {
    pub(super) fn new(next_seq: Seq) -> Self {
        Self { next_seq, records: Vec::new(), records_len: 0, waiting: Vec::new(), left_over: None }
    }

    /// Begins a group with what was left over from the one before.
    pub(super) fn begin(&mut self) -> Room {
        match self.left_over.take() {
            Some(entry) => self.take(entry),
            None => Room::More,
        }
    }

    /// Takes an entry into the group, or keeps it for the next one and is full.
    pub(super) fn take(&mut self, entry: Submitted<A>) -> Room {
        let Submitted { write, settler } = entry;
        let Some(Write { header, payload, attachment }) = write else {
            self.waiting.push(Waiting { settler, record: None });
            return self.room();
        };
        let record = Record { seq: self.next_seq, header, payload };
        let len = record.encoded_len();
        if self.records_len + len > GROUP_LEN_MAX {
            let Record { header, payload, .. } = record;
            self.left_over = Some(Submitted { write: Some(Write { header, payload, attachment }), settler });
            return Room::Full;
        }
        self.waiting.push(Waiting { settler, record: Some((record.seq, attachment)) });
        self.next_seq = self.next_seq.next();
        self.records_len += len;
        self.records.push(record);
        self.room()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.left_over.is_none()
    }

    /// What is to be appended: nothing when there are only barriers.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// From here on, until [`Group::durable`], what becomes of the group is unknown.
    pub(super) fn attempt(&mut self) {
        for waiting in &mut self.waiting {
            waiting.settler.attempt();
        }
    }

    /// The group is durable: publishes all, then settles all. What is left are the attachments.
    pub(super) fn durable(&mut self) -> Vec<(Seq, A)> {
        self.records.clear();
        self.records_len = 0;
        for waiting in &mut self.waiting {
            if let Some((seq, _attachment)) = &waiting.record {
                waiting.settler.publish(*seq);
            }
        }
        let mut attachments = Vec::new();
        for Waiting { settler, record } in self.waiting.drain(..) {
            settler.settle(Outcome::Durable);
            attachments.extend(record);
        }
        attachments
    }

    fn room(&self) -> Room {
        if self.waiting.len() < ENTRIES_MAX { Room::More } else { Room::Full }
    }
}
