//! Takes snapshots while the actors go on: watches what becomes durable, freezes it at a cut, writes it off the journal's thread.
//!
//! Owns the choice between base and delta, and the order in which one is listed: written and verified, named by `CURRENT`, and only then
//! may go what is named no more. A snapshot that fails costs nothing but itself: what it would have held is held by the next.

use super::Error;
use super::current::{Chain, Current};
use super::journal::{Cut, SegmentNo};
use super::record::{Item, Reach};
use super::recovery::{Place, remove_unlisted};
use super::snapshot::{Head, Listed};
use super::value::{Changed, Touched, Value, touch};
use doorward_domain::ids::AggregateRef;
use std::collections::BTreeMap;

mod thread;
mod watch;

#[cfg(test)]
mod tests;

pub(super) use thread::{Last, Running, start};
pub(super) use watch::{Link, Watch};

/// The most deltas that follow a base.
pub(super) const DELTAS_MAX: usize = 32;

/// What changed since the last snapshot, frozen at a cut.
pub(super) struct Frozen {
    pub(super) cut: Cut,
    pub(super) changed: BTreeMap<AggregateRef, Changed>,
}

/// Writes and lists snapshots.
pub(super) struct Snapshotter {
    place: Place,
    current: Current,
    /// The number of the next attempt: a name is never used twice, for a listing that failed may yet have been durable.
    serial: u64,
    /// Every aggregate as it was at the last cut.
    values: BTreeMap<AggregateRef, (Value, u64)>,
    /// What was touched since the last snapshot that is listed.
    pending: Touched,
}

impl Snapshotter {
    pub(super) fn new(
        place: Place,
        current: Current,
        values: BTreeMap<AggregateRef, (Value, u64)>,
        pending: Touched,
    ) -> Self {
        let serial = current.serial;
        Self { place, current, serial, values, pending }
    }

    /// Whether a snapshot would hold something that the last one does not.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes a snapshot. Returns the segment before which the journal is needed no more.
    pub(super) fn take(&mut self, frozen: Frozen) -> Result<Option<SegmentNo>, Error> {
        for (aggregate, Changed { value, aggregate_seq, keys }) in frozen.changed {
            self.values.insert(aggregate, (value, aggregate_seq));
            touch(&mut self.pending, aggregate, keys);
        }
        if self.pending.is_empty() {
            return Ok(None);
        }
        let listed = self.write(frozen.cut)?;
        let mut snapshots = match listed.reach {
            Reach::Base => Vec::new(),
            Reach::Delta { .. } => self.current.chain.snapshots.clone(),
        };
        snapshots.push(listed);
        let next = Current {
            lineage: self.current.lineage,
            generation: frozen.cut.generation,
            serial: self.serial,
            chain: Chain { cut: frozen.cut, snapshots },
            fallback: Some(self.current.chain.clone()),
        };
        next.store(&*self.place.disk)?;
        let needed = self.current.chain.cut.segment;
        self.current = next;
        self.pending.clear();
        remove_unlisted(&*self.place.snapshots, &self.current)?;
        Ok(Some(needed))
    }

    fn write(&mut self, cut: Cut) -> Result<Listed, Error> {
        let reach = self.reach();
        let kind = match reach {
            Reach::Base => "base",
            Reach::Delta { .. } => "delta",
        };
        let name = format!("{:010}-{kind}", self.serial);
        self.serial = self.serial.saturating_add(1);
        let head = Head {
            reach,
            lineage: self.current.lineage,
            seq: cut.seq.0,
            generation: cut.generation.0,
            segment: cut.segment.0,
            crc: cut.crc,
        };
        let written = match reach {
            Reach::Base => self.place.snapshots.write(&name, head, &mut self.base()),
            Reach::Delta { .. } => self.place.snapshots.write(&name, head, &mut self.delta()),
        };
        if written.is_err() {
            // Half a snapshot was never listed; if it cannot go now, the next start removes it.
            self.place.snapshots.remove(&name).ok();
        }
        Ok(written?)
    }

    /// A delta while the deltas together are less than half of their base.
    fn reach(&self) -> Reach {
        let Some((base, deltas)) = self.current.chain.snapshots.split_first() else { return Reach::Base };
        let bytes: u64 = deltas.iter().map(|delta| delta.bytes).sum();
        let last = deltas.last().unwrap_or(base);
        if deltas.len() >= DELTAS_MAX || bytes > base.bytes / 2 {
            Reach::Base
        } else {
            Reach::Delta { after: last.seq }
        }
    }

    fn base(&self) -> impl Iterator<Item = Item> {
        self.values.values().flat_map(|(value, aggregate_seq)| value.items(*aggregate_seq))
    }

    fn delta(&self) -> impl Iterator<Item = Item> {
        self.pending
            .iter()
            .filter_map(|(aggregate, keys)| {
                let (value, aggregate_seq) = self.values.get(aggregate)?;
                Some(value.touched_items(*aggregate_seq, keys))
            })
            .flatten()
    }
}
