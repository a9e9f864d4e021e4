//! One simulated file: what reads see, what is durable, and every age of each sector in between.

use std::collections::BTreeMap;

use super::super::SECTOR_LEN;
use super::Rng;

#[derive(Debug, Clone)]
pub(super) struct Inode {
    /// What a read sees: the page cache.
    live: Vec<u8>,
    /// What has been synced.
    durable: Vec<u8>,
    /// By sector: its content after each write since the last sync, oldest first.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
}

impl Inode {
    pub(super) fn zeros(len: usize) -> Self {
        Self { live: vec![0; len], durable: Vec::new(), dirty: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> u64 {
        self.live.len() as u64
    }

    pub(super) fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.live.get(from..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest).to_vec()
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (at, piece) in pieces(offset, bytes) {
            overlay(&mut self.live, at, piece);
            let sector = at / SECTOR_LEN;
            let start = sector * SECTOR_LEN;
            let now = self.live.get(start..).unwrap_or_default();
            let now = now.get(..SECTOR_LEN).unwrap_or(now).to_vec();
            self.dirty.entry(sector).or_default().push(now);
        }
    }

    pub(super) fn sync(&mut self) {
        self.durable.resize(self.live.len(), 0);
        for (sector, ages) in std::mem::take(&mut self.dirty) {
            if let Some(last) = ages.last() {
                overlay(&mut self.durable, sector * SECTOR_LEN, last);
            }
        }
    }

    /// A failed sync: some sectors were saved; the others are clean in the page cache and will never be written.
    pub(super) fn sync_in_vain(&mut self, rng: &mut Rng) {
        self.durable.resize(self.live.len(), 0);
        for (sector, ages) in std::mem::take(&mut self.dirty) {
            if let Some(last) = ages.last().filter(|_last| rng.coin()) {
                overlay(&mut self.durable, sector * SECTOR_LEN, last);
            }
        }
    }

    pub(super) fn power_cut(&mut self, rng: &mut Rng) {
        let shortest = self.durable.len().min(self.live.len());
        let len = match rng.up_to(2) {
            0 => self.durable.len(),
            1 => self.live.len(),
            _ => shortest + rng.up_to(self.live.len() - shortest),
        };
        for (sector, ages) in std::mem::take(&mut self.dirty) {
            // 0 is the durable content.
            let age = rng.up_to(ages.len());
            if let Some(content) = age.checked_sub(1).and_then(|age| ages.get(age)) {
                overlay(&mut self.durable, sector * SECTOR_LEN, content);
            }
        }
        self.durable.resize(len, 0);
        self.live.clone_from(&self.durable);
    }

    pub(super) fn replace(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.live);
        self.durable.clone_from(&self.live);
        self.dirty.clear();
    }
}

/// Cuts a write at the borders of sectors: offset and bytes of each piece.
pub(super) fn pieces(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = usize::try_from(offset).unwrap_or(usize::MAX);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let room = SECTOR_LEN - at % SECTOR_LEN;
        let (piece, left) = rest.split_at(room.min(rest.len()));
        let start = at;
        at += piece.len();
        rest = left;
        (!piece.is_empty()).then_some((start, piece))
    })
}

fn overlay(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let end = at + piece.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(at..end) {
        place.copy_from_slice(piece);
    }
}
