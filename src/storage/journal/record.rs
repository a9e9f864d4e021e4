//! One record: one command's whole batch of events, as opaque bytes, with what recovery needs to put it in its place.

use super::frame::{Damage, Reader};
use super::{PAYLOAD_LEN_MAX, Seq};

/// The version of the record's header.
const VERSION: u8 = 1;

/// The encoded length of a record without its payload.
pub(super) const HEADER_LEN: usize = 1 + 1 + 5 * 8 + 4;

/// A record of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the journal.
    pub seq: Seq,
    /// Whose it is.
    pub header: RecordHeader,
    /// What happened, encoded by `storage::record`; at most [`PAYLOAD_LEN_MAX`] bytes.
    pub payload: Vec<u8>,
}

/// Whose record it is and when it was made. The journal keeps these and reads none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// The kind of the aggregate.
    pub kind: u8,
    /// The aggregate's id within its kind.
    pub aggregate: u64,
    /// The ownership under which it was decided.
    pub epoch: u64,
    /// The record's place among those of its aggregate.
    pub aggregate_seq: u64,
    /// When it was decided, in milliseconds since 1970.
    pub recorded_at: i64,
}

impl Record {
    /// Its length in the journal, in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        HEADER_LEN + self.payload.len()
    }

    pub(super) fn encode(&self, payload_len: u32, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.push(self.header.kind);
        for field in [self.seq.0, self.header.aggregate, self.header.epoch, self.header.aggregate_seq] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&self.header.recorded_at.to_le_bytes());
        out.extend_from_slice(&payload_len.to_le_bytes());
        out.extend_from_slice(&self.payload);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let [version] = reader.take().ok_or(Damage::Records)?;
        if version != VERSION {
            return Err(Damage::RecordVersion(version));
        }
        let [kind] = reader.take().ok_or(Damage::Records)?;
        let mut number = || reader.u64().ok_or(Damage::Records);
        let (seq, aggregate, epoch, aggregate_seq) = (Seq(number()?), number()?, number()?, number()?);
        let recorded_at = i64::from_le_bytes(reader.take().ok_or(Damage::Records)?);
        let payload_len = reader.u32().and_then(|len| usize::try_from(len).ok()).ok_or(Damage::Records)?;
        if payload_len > PAYLOAD_LEN_MAX {
            return Err(Damage::Records);
        }
        let payload = reader.bytes(payload_len).ok_or(Damage::Records)?.to_vec();
        Ok(Self { seq, header: RecordHeader { kind, aggregate, epoch, aggregate_seq, recorded_at }, payload })
    }
}
