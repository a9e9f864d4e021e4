//! What the tests of the journal share: small records, a small layout, and reading everything back.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use super::super::disk::{Disk, SimDisk};
use super::*;

pub(super) const SMALL: Layout = Layout { segment_len: 2048, preparation: Preparation::Inline };

pub(super) fn record(seq: u64, payload: &[u8]) -> Record {
    let header = RecordHeader { kind: 7, aggregate: 8, epoch: 9, aggregate_seq: 10, recorded_at: -5 };
    Record { seq: Seq(seq), header, payload: payload.to_vec() }
}

/// Records `from..=to`, each with a payload that says which it is.
pub(super) fn records(from: u64, to: u64) -> Vec<Record> {
    (from..=to).map(|seq| record(seq, format!("payload of {seq}").as_bytes())).collect()
}

pub(super) fn start() -> Cut {
    Cut { generation: Generation(1), segment: SegmentNo::FIRST, seq: Seq(0), crc: 0 }
}

pub(super) fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

pub(super) fn new_journal(disk: &SimDisk) -> Journal {
    Journal::create(shared(disk), SMALL, start().generation, Seq(0)).unwrap()
}

/// Reads all from `from` on: the records and where they end.
pub(super) fn read_all(disk: &SimDisk, from: Cut) -> Result<(Vec<Record>, Option<Torn>), Error> {
    let mut scan = Scan::open(disk, from)?;
    let mut all = Vec::new();
    while let Some(group) = scan.next_group()? {
        all.extend(group);
    }
    Ok((all, scan.torn().cloned()))
}

/// A small generator of choices, the same on every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
