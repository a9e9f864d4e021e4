//! The codec: bincode in one configuration, and the envelope `version ‖ kind ‖ crc32 ‖ body` around it. Nothing else names a byte layout.

use super::{Damage, ITEM_LEN_MAX, PAYLOAD_LEN_MAX, Unfit};
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{Decode, Encode};

/// The version of everything sealed here.
const VERSION: u8 = 1;
/// The length of the envelope, in bytes.
pub const HEADER_LEN: usize = 1 + 1 + 4;

/// The most memory that decoding one payload or item may claim, in bytes. The codec counts sizes in memory, not on disk: an element
/// of few bytes on disk may be a fat structure here, and a limit taken from the disk's bounds would refuse good records. `v1` proves
/// at compile time that this is enough for the longest payload full of its fattest elements.
pub const MEMORY_MAX: usize = 32 * 1024 * 1024;

const CONFIG: Configuration<LittleEndian, Varint, Limit<MEMORY_MAX>> =
    bincode::config::standard().with_limit::<MEMORY_MAX>();

/// What the body of an envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// A batch of platform events.
    PlatformEvents = 1,
    /// A batch of account events.
    AccountEvents = 2,
    /// A slice of a snapshot's items.
    Page = 3,
    /// The footer of a snapshot.
    Footer = 4,
}

/// Whether a collection fits [`MEMORY_MAX`] whose elements take at least `disk_len` bytes on disk and `T` in memory.
pub(super) const fn fits<T>(disk_len: usize) -> bool {
    let longest = if PAYLOAD_LEN_MAX > ITEM_LEN_MAX { PAYLOAD_LEN_MAX } else { ITEM_LEN_MAX };
    longest / disk_len * size_of::<T>() <= MEMORY_MAX
}

/// Appends a value in an envelope.
pub(super) fn seal<T: Encode>(kind: Kind, value: &T, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let mut body = Vec::new();
    encode(value, &mut body)?;
    seal_raw(kind, &body, out);
    Ok(())
}

/// Appends a body in an envelope.
pub(super) fn seal_raw(kind: Kind, body: &[u8], out: &mut Vec<u8>) {
    out.reserve(HEADER_LEN + body.len());
    out.extend_from_slice(&[VERSION, kind as u8]);
    out.extend_from_slice(&checksum(VERSION, kind, body).to_le_bytes());
    out.extend_from_slice(body);
}

/// The body of an envelope: length, version, kind and checksum are good.
pub(super) fn open(kind: Kind, len_max: usize, bytes: &[u8]) -> Result<&[u8], Damage> {
    if bytes.len() > len_max {
        return Err(Damage::TooLong { len: bytes.len(), max: len_max });
    }
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(Damage::TooShort(bytes.len()));
    };
    let [version, found, crc @ ..] = *header;
    if version != VERSION {
        return Err(Damage::Version(version));
    }
    if found != kind as u8 {
        return Err(Damage::Kind { expected: kind as u8, found });
    }
    if u32::from_le_bytes(crc) != checksum(version, kind, body) {
        return Err(Damage::Checksum);
    }
    Ok(body)
}

/// Appends a value, bare.
pub(super) fn encode<T: Encode>(value: &T, out: &mut Vec<u8>) -> Result<(), Unfit> {
    bincode::encode_into_std_write(value, out, CONFIG).map(|_len| ()).map_err(Unfit::Codec)
}

/// A value from exactly these bytes.
pub(super) fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, Damage> {
    let (value, read) = bincode::decode_from_slice(bytes, CONFIG).map_err(Damage::Codec)?;
    match bytes.len() - read {
        0 => Ok(value),
        left => Err(Damage::LeftOver(left)),
    }
}

fn checksum(version: u8, kind: Kind, body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[version, kind as u8]);
    crc.update(body);
    crc.finalize()
}
