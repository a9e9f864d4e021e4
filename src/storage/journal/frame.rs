//! The frame: one group as bytes, and back. Nothing here is believed before its checksum, and no length read from disk
//! makes anything bigger than what was read.

use std::fmt;

use super::record::Record;
use super::{Cut, Error, GROUP_LEN_MAX, GROUP_RECORDS_MAX, Generation, PAYLOAD_LEN_MAX, SegmentNo, Seq};

const MAGIC: [u8; 4] = [0xff, b'D', b'W', 1];

/// Frames begin at multiples of this.
pub(super) const ALIGN: usize = 8;
/// The length of a frame without its records.
pub(super) const HEADER_LEN: usize = 48;
/// The longest frame there can be.
pub(super) const LEN_MAX: usize = HEADER_LEN + GROUP_LEN_MAX;
/// What stands before the crc.
const BEFORE_CRC: usize = 8;

const _: () = assert!(GROUP_LEN_MAX.is_multiple_of(ALIGN) && HEADER_LEN.is_multiple_of(ALIGN));

/// What is wrong with what was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Something stands where a frame should begin, and it is none.
    #[error("no frame begins here")]
    NoFrame,
    /// The frame's length cannot be.
    #[error("a frame of {0} bytes cannot be")]
    Length(u32),
    /// The checksum does not fit the bytes.
    #[error("the checksum does not match")]
    Checksum,
    /// The records in a frame of good checksum do not add up.
    #[error("the records in the frame do not add up")]
    Records,
    /// A record of a version this program does not know; a newer one wrote it.
    #[error("a record has version {0}, which this program does not know")]
    RecordVersion(u8),
    /// The frame before it is not the one this frame was written after.
    #[error("the chain is broken: the frame follows one with checksum {found:08x}, not {expected:08x}")]
    Chain {
        /// The checksum of the frame that stands before it.
        expected: u32,
        /// The checksum it names.
        found: u32,
    },
    /// The frame belongs to another generation.
    #[error("a frame of generation {found} stands in generation {expected}")]
    Generation {
        /// The generation that is read.
        expected: Generation,
        /// The one the frame or mark names.
        found: Generation,
    },
    /// The frame belongs to another segment.
    #[error("a frame of segment {found} stands in segment {expected}")]
    Segment {
        /// The segment it stands in.
        expected: SegmentNo,
        /// The one it names.
        found: SegmentNo,
    },
    /// Records are missing or there twice.
    #[error("record {found} stands where record {expected} belongs")]
    Gap {
        /// The record that belongs there.
        expected: Seq,
        /// The record found.
        found: Seq,
    },
    /// A bad frame that is not the last: something acknowledged would be lost.
    #[error("the frame is bad ({bad}), and a good one stands after it, at byte {offset} of {file}")]
    GoodFrameAfter {
        /// What is wrong with the bad one.
        bad: Box<Damage>,
        /// The file of the good one.
        file: String,
        /// Where it begins there.
        offset: u64,
    },
    /// More than one unfinished frame can explain.
    #[error("the frame is bad ({bad}), and what stands after it is more than one unfinished frame leaves")]
    MoreThanOneFrame {
        /// What is wrong with the first.
        bad: Box<Damage>,
    },
    /// The journal ends before what the mark says was acknowledged.
    #[error("the journal ends with record {found}, but record {mark} was acknowledged")]
    EndsBelowMark {
        /// The last record there is.
        found: Seq,
        /// The mark.
        mark: Seq,
    },
    /// A segment file is not there.
    #[error("the segment is missing")]
    SegmentMissing,
    /// A segment file is longer than any segment.
    #[error("a segment of {0} bytes cannot be")]
    SegmentLength(u64),
    /// A part of the file cannot be read; the device says so.
    #[error("the device cannot read it")]
    Unreadable,
    /// The mark is cut short or its checksum does not match.
    #[error("the mark cannot be read")]
    Mark,
    /// The file of the mark is not there.
    #[error("the mark is missing")]
    MarkMissing,
}

/// What is wrong with a file, and where in it, if it is there at all.
pub(in super::super) struct Told<'a>(
    pub(in super::super) &'a str,
    pub(in super::super) u64,
    pub(in super::super) &'a Damage,
);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(file, offset, reason) = self;
        match reason {
            Damage::SegmentMissing | Damage::MarkMissing => write!(f, "{file} is missing"),
            _ => write!(f, "{file} is damaged at byte {offset}: {reason}"),
        }
    }
}

/// Appends to `out` the frame of `records` that follows `after`, and returns its crc.
pub(super) fn encode(after: Cut, records: &[Record], out: &mut Vec<u8>) -> Result<u32, Error> {
    let mut len: usize = 0;
    let mut expected = after.seq.next();
    for record in records {
        if record.payload.len() > PAYLOAD_LEN_MAX {
            return Err(Error::PayloadTooLong { len: record.payload.len() });
        }
        if record.seq != expected {
            return Err(Error::OutOfSequence { expected, found: record.seq });
        }
        expected = expected.next();
        len = len.saturating_add(record.encoded_len());
    }
    let bounds = || Error::GroupBounds { records: records.len(), len };
    if records.is_empty() || records.len() > GROUP_RECORDS_MAX || len > GROUP_LEN_MAX {
        return Err(bounds());
    }
    let frame_len = (HEADER_LEN + len).next_multiple_of(ALIGN);
    let narrow = |number: usize| u32::try_from(number).map_err(|_past_bounds| bounds());

    let start = out.len();
    out.reserve(frame_len);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&narrow(frame_len)?.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&after.crc.to_le_bytes());
    for field in [after.generation.0, after.segment.0, after.seq.next().0] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&narrow(records.len())?.to_le_bytes());
    out.extend_from_slice(&narrow(len)?.to_le_bytes());
    for record in records {
        record.encode(narrow(record.payload.len())?, out);
    }
    out.resize(start + frame_len, 0);
    let frame = out.get_mut(start..).unwrap_or_default();
    let crc = crc_of(frame);
    if let Some(place) = frame.get_mut(BEFORE_CRC..BEFORE_CRC + 4) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
    Ok(crc)
}

/// A frame whose checksum is good.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) len: usize,
    pub(super) crc: u32,
    pub(super) prev_crc: u32,
    pub(super) generation: Generation,
    pub(super) segment: SegmentNo,
    pub(super) first_seq: Seq,
    count: u32,
    records_len: u32,
    body: &'a [u8],
}

/// The frame at the beginning of `bytes`.
pub(super) fn check(bytes: &[u8]) -> Result<Frame<'_>, Damage> {
    let len = claimed_len(bytes)?;
    let frame = bytes.get(..len).ok_or(Damage::Checksum)?;
    let (header, body) = frame.split_at_checked(HEADER_LEN).ok_or(Damage::NoFrame)?;
    let mut reader = Reader(header.get(BEFORE_CRC..).unwrap_or_default());
    let read = read_header(&mut reader, len, body).ok_or(Damage::NoFrame)?;
    if read.crc == crc_of(frame) { Ok(read) } else { Err(Damage::Checksum) }
}

/// The length that the frame at the beginning of `bytes` says it has, if that can be.
pub(super) fn claimed_len(bytes: &[u8]) -> Result<usize, Damage> {
    let mut reader = Reader(bytes);
    if reader.take() != Some(MAGIC) {
        return Err(Damage::NoFrame);
    }
    let claimed = reader.u32().ok_or(Damage::NoFrame)?;
    let len = usize::try_from(claimed).map_err(|_too_long| Damage::Length(claimed))?;
    if (HEADER_LEN..=LEN_MAX).contains(&len) && len.is_multiple_of(ALIGN) {
        Ok(len)
    } else {
        Err(Damage::Length(claimed))
    }
}

impl Frame<'_> {
    /// Whether it is the frame that follows `after`.
    pub(super) fn follows(&self, after: &Cut) -> Result<(), Damage> {
        if self.generation != after.generation {
            return Err(Damage::Generation { expected: after.generation, found: self.generation });
        }
        if self.segment != after.segment {
            return Err(Damage::Segment { expected: after.segment, found: self.segment });
        }
        if self.prev_crc != after.crc {
            return Err(Damage::Chain { expected: after.crc, found: self.prev_crc });
        }
        if self.first_seq != after.seq.next() {
            return Err(Damage::Gap { expected: after.seq.next(), found: self.first_seq });
        }
        Ok(())
    }

    pub(super) fn records(&self) -> Result<Vec<Record>, Damage> {
        let records_len = usize::try_from(self.records_len).map_err(|_too_long| Damage::Records)?;
        let (records, padding) = self.body.split_at_checked(records_len).ok_or(Damage::Records)?;
        let count = usize::try_from(self.count).ok().filter(|count| (1..=GROUP_RECORDS_MAX).contains(count));
        if padding.len() >= ALIGN || padding.iter().any(|byte| *byte != 0) {
            return Err(Damage::Records);
        }
        let mut reader = Reader(records);
        let mut decoded = Vec::new();
        let mut expected = self.first_seq;
        for _ in 0..count.ok_or(Damage::Records)? {
            let record = Record::decode(&mut reader)?;
            if record.seq != expected {
                return Err(Damage::Gap { expected, found: record.seq });
            }
            expected = expected.next();
            decoded.push(record);
        }
        if reader.0.is_empty() { Ok(decoded) } else { Err(Damage::Records) }
    }

    /// The last sequence number it holds, by its header.
    pub(super) fn last_seq(&self) -> Seq {
        Seq(self.first_seq.0.saturating_add(u64::from(self.count)).saturating_sub(1))
    }
}

fn read_header<'a>(reader: &mut Reader<'_>, len: usize, body: &'a [u8]) -> Option<Frame<'a>> {
    Some(Frame {
        len,
        crc: reader.u32()?,
        prev_crc: reader.u32()?,
        generation: Generation(reader.u64()?),
        segment: SegmentNo(reader.u64()?),
        first_seq: Seq(reader.u64()?),
        count: reader.u32()?,
        records_len: reader.u32()?,
        body,
    })
}

fn crc_of(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(frame.get(..BEFORE_CRC).unwrap_or_default());
    hasher.update(frame.get(BEFORE_CRC + 4..).unwrap_or_default());
    hasher.finalize()
}

/// Takes numbers from the front of bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::super::testing::{record, start};
    use super::*;

    fn encoded(records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(start(), records, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let records = [record(1, b"one"), record(2, b""), record(3, &[9; 5000])];
        let bytes = encoded(&records);
        let frame = check(&bytes).unwrap();
        assert_eq!(frame.len, bytes.len());
        assert_eq!(frame.last_seq(), Seq(3));
        frame.follows(&start()).unwrap();
        assert_eq!(frame.records().unwrap(), records);
    }

    #[test]
    fn the_bytes_of_a_frame_are_a_promise() {
        let mut bytes = Vec::new();
        let after = Cut { generation: Generation(2), segment: SegmentNo(3), seq: Seq(4), crc: 0x0102_0304 };
        encode(after, &[record(5, b"abc")], &mut bytes).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = concat!(
            "ff445701",
            "68000000",
            "1aa23078",
            "04030201",
            "0200000000000000",
            "0300000000000000",
            "0500000000000000",
            "01000000",
            "31000000",
            "01",
            "07",
            "0500000000000000",
            "0800000000000000",
            "0900000000000000",
            "0a00000000000000",
            "fbffffffffffffff",
            "03000000",
            "616263",
            "00000000000000",
        );
        assert_eq!(hex, golden);
    }

    #[test]
    fn any_flipped_bit_and_any_missing_end_is_noticed() {
        let bytes = encoded(&[record(1, b"payload"), record(2, b"another")]);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert!(check(&bad).is_err(), "bit {bit} of byte {at}");
            }
            assert!(check(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_group_at_its_bounds_is_one_frame_and_past_them_none() {
        let full: Vec<_> = (1..=256).map(|seq| record(seq, b"x")).collect();
        let bytes = encoded(&full);
        assert_eq!(check(&bytes).unwrap().records().unwrap().len(), GROUP_RECORDS_MAX);
        let past: Vec<_> = (1..=257).map(|seq| record(seq, b"x")).collect();
        assert!(matches!(encode(start(), &past, &mut Vec::new()), Err(Error::GroupBounds { records: 257, .. })));
        assert!(matches!(encode(start(), &[], &mut Vec::new()), Err(Error::GroupBounds { records: 0, .. })));

        let largest = vec![0; PAYLOAD_LEN_MAX];
        let mut records: Vec<_> = (1..=3).map(|seq| record(seq, &largest)).collect();
        let room = GROUP_LEN_MAX - records.iter().map(Record::encoded_len).sum::<usize>();
        records.push(record(4, &largest[..room - record(4, b"").encoded_len()]));
        let bytes = encoded(&records);
        assert_eq!(bytes.len(), LEN_MAX);
        assert_eq!(check(&bytes).unwrap().records().unwrap(), records);
        records[3].payload.push(0);
        assert!(matches!(encode(start(), &records, &mut Vec::new()), Err(Error::GroupBounds { records: 4, .. })));

        let long = [record(1, &vec![0; PAYLOAD_LEN_MAX + 1])];
        assert!(matches!(encode(start(), &long, &mut Vec::new()), Err(Error::PayloadTooLong { .. })));
    }

    #[test]
    fn a_record_out_of_sequence_is_not_written() {
        let refused = encode(start(), &[record(1, b""), record(3, b"")], &mut Vec::new());
        assert!(matches!(refused, Err(Error::OutOfSequence { expected: Seq(2), found: Seq(3) })));
    }

    #[test]
    fn a_good_frame_in_the_wrong_place_is_told_apart() {
        let bytes = encoded(&[record(1, b"")]);
        let frame = check(&bytes).unwrap();
        let at = start();
        let wrong = |cut: Cut| frame.follows(&cut).unwrap_err();
        assert!(matches!(wrong(Cut { generation: Generation(9), ..at }), Damage::Generation { .. }));
        assert!(matches!(wrong(Cut { segment: SegmentNo(9), ..at }), Damage::Segment { .. }));
        assert!(matches!(wrong(Cut { crc: 9, ..at }), Damage::Chain { .. }));
        assert!(matches!(wrong(Cut { seq: Seq(9), ..at }), Damage::Gap { .. }));
    }

    #[test]
    fn records_of_another_version_are_an_error_not_a_torn_frame() {
        let mut bytes = encoded(&[record(1, b"")]);
        bytes[HEADER_LEN] = 2;
        let crc = crc_of(&bytes);
        bytes[BEFORE_CRC..BEFORE_CRC + 4].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(check(&bytes).unwrap().records().unwrap_err(), Damage::RecordVersion(2));
    }
}
