//! The footer of a snapshot on disk.

use super::super::footer::{self, Counts, Reach};
use bincode::{Decode, Encode};

#[derive(Encode, Decode)]
pub(in super::super) struct Footer {
    after: Option<u64>,
    seq: u64,
    lineage: [u8; 16],
    generation: u64,
    segment: u64,
    crc: u32,
    pages: u64,
    aggregates: u64,
    entities: u64,
    tombstones: u64,
    bytes: u64,
    digest: [u8; 32],
}

impl From<&footer::Footer> for Footer {
    fn from(footer: &footer::Footer) -> Self {
        let Counts { pages, aggregates, entities, tombstones, bytes } = footer.counts;
        let after = match footer.reach {
            Reach::Base => None,
            Reach::Delta { after } => Some(after),
        };
        let (seq, lineage, generation) = (footer.seq, footer.lineage, footer.generation);
        let (segment, crc, digest) = (footer.segment, footer.crc, footer.digest);
        Self { after, seq, lineage, generation, segment, crc, pages, aggregates, entities, tombstones, bytes, digest }
    }
}

impl From<Footer> for footer::Footer {
    fn from(stored: Footer) -> Self {
        let Footer { pages, aggregates, entities, tombstones, bytes, .. } = stored;
        Self {
            reach: stored.after.map_or(Reach::Base, |after| Reach::Delta { after }),
            seq: stored.seq,
            lineage: stored.lineage,
            generation: stored.generation,
            segment: stored.segment,
            crc: stored.crc,
            counts: Counts { pages, aggregates, entities, tombstones, bytes },
            digest: stored.digest,
        }
    }
}
