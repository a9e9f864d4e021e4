//! What stands in journal payloads and snapshot pages: the disk shape of events and entities, and nothing else.
//!
//! Owns the disk types and the codec (bincode is named only here). A disk type is never a domain type and never a wire type. A
//! released one never changes: the next version is a new type beside it, and bytes of an unknown version or kind are an error. Bytes
//! are read in one order: length, version and kind, checksum, decoding within a limit of memory, nothing left over, then the
//! domain's own constructors. Nothing read from disk can panic here or make more memory than [`MEMORY_MAX`].

use doorward_domain::email::Email;
use doorward_domain::ids::AggregateRef;
use doorward_domain::text::TextError;
use doorward_domain::{Aggregate, account, platform};

mod codec;
mod footer;
mod v1;

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

pub use codec::{HEADER_LEN, MEMORY_MAX};
pub use footer::{Counts, Footer, Reach};

use codec::Kind;

/// The longest record payload, in bytes: all events of one command.
pub const PAYLOAD_LEN_MAX: usize = 1024 * 1024;
/// The longest item of a snapshot, in bytes: one entity.
pub const ITEM_LEN_MAX: usize = 1024 * 1024;
/// The longest footer, in bytes.
pub const FOOTER_LEN_MAX: usize = 1024;
/// The length of a page without its slice, in bytes.
pub const PAGE_HEADER_LEN: usize = HEADER_LEN + 2 + 8;

/// All events of one command.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// Of the platform.
    Platform(Vec<platform::Event>),
    /// Of an account.
    Account(Vec<account::Event>),
}

/// One thing a snapshot is made of. The items that follow a `Begin` are of the aggregate it names.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An aggregate begins.
    Begin {
        /// Which.
        aggregate: AggregateRef,
        /// The number of its last record.
        aggregate_seq: u64,
    },
    /// An entity of the platform as it is.
    PlatformPut(platform::Entity),
    /// An entity of the platform that is no more.
    PlatformRemoved(platform::Key),
    /// An entity of an account as it is.
    AccountPut(account::Entity),
    /// An entity of an account that is no more.
    AccountRemoved(account::Key),
}

/// Why something has no place on disk.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It is longer than its bound.
    #[error("it takes {len} bytes on disk, more than {max}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// The codec refuses it.
    #[error("it cannot be encoded")]
    Codec(#[source] bincode::error::EncodeError),
}

/// What is wrong with bytes that were read.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Shorter than any.
    #[error("{0} bytes are too few")]
    TooShort(usize),
    /// Longer than any.
    #[error("{len} bytes are more than {max}")]
    TooLong {
        /// Their length in bytes.
        len: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// A version this program does not know; a newer one wrote it.
    #[error("it has version {0}, which this program does not know")]
    Version(u8),
    /// Something else than what belongs here.
    #[error("it is of kind {found} where kind {expected} belongs")]
    Kind {
        /// The kind that belongs here.
        expected: u8,
        /// The kind it names.
        found: u8,
    },
    /// The checksum does not fit the bytes.
    #[error("the checksum does not match")]
    Checksum,
    /// The bytes are not the shape they should be.
    #[error("it cannot be decoded")]
    Codec(#[source] bincode::error::DecodeError),
    /// Something stands behind it.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    /// A text that no such text can be.
    #[error("{field} is no such text")]
    Text {
        /// Which.
        field: &'static str,
        /// Why not.
        #[source]
        source: TextError,
    },
    /// A text with white space around it, which was never written so.
    #[error("{field} has white space around it")]
    TextEdges {
        /// Which.
        field: &'static str,
    },
    /// A user name that cannot be one.
    #[error("a user name is none")]
    Username(#[source] doorward_domain::username::UsernameError),
    /// A password hash that cannot be one.
    #[error("a password hash is none")]
    PasswordHash(#[source] doorward_domain::credential::PasswordHashError),
    /// A customer id outside its range.
    #[error("{0} is no customer id")]
    CustomerId(u64),
}

impl Batch {
    /// The batch as one record payload.
    ///
    /// # Errors
    /// When it is longer than [`PAYLOAD_LEN_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, Unfit> {
        let mut bytes = Vec::new();
        match self {
            Self::Platform(events) => {
                let events: Vec<v1::platform::Event> = events.iter().map(Into::into).collect();
                codec::seal(Kind::PlatformEvents, &events, &mut bytes)?;
            }
            Self::Account(events) => {
                let events: Vec<v1::event::Event> = events.iter().map(Into::into).collect();
                codec::seal(Kind::AccountEvents, &events, &mut bytes)?;
            }
        }
        if bytes.len() > PAYLOAD_LEN_MAX {
            return Err(Unfit::TooLong { len: bytes.len(), max: PAYLOAD_LEN_MAX });
        }
        Ok(bytes)
    }

    /// The batch of a record of the platform.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode_platform(bytes: &[u8]) -> Result<Vec<platform::Event>, Damage> {
        let body = codec::open(Kind::PlatformEvents, PAYLOAD_LEN_MAX, bytes)?;
        let events: Vec<v1::platform::Event> = codec::decode(body)?;
        events.into_iter().map(TryInto::try_into).collect()
    }

    /// The batch of a record of an account.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode_account(bytes: &[u8]) -> Result<Vec<account::Event>, Damage> {
        let body = codec::open(Kind::AccountEvents, PAYLOAD_LEN_MAX, bytes)?;
        let events: Vec<v1::event::Event> = codec::decode(body)?;
        events.into_iter().map(TryInto::try_into).collect()
    }

    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Platform(events) => events.len(),
            Self::Account(events) => events.len(),
        }
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An aggregate whose entities have a place on disk: what snapshots and recovery need to treat both aggregates alike.
pub trait Stored: Aggregate {
    /// An entity as a snapshot's item.
    fn put_item(entity: Self::Entity) -> Item;
    /// A tombstone as a snapshot's item.
    fn removed_item(key: Self::Key) -> Item;
    /// The events of a record of this kind of aggregate.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    fn decode_events(bytes: &[u8]) -> Result<Vec<Self::Event>, Damage>;
}

impl Stored for platform::State {
    fn put_item(entity: platform::Entity) -> Item {
        Item::PlatformPut(entity)
    }

    fn removed_item(key: platform::Key) -> Item {
        Item::PlatformRemoved(key)
    }

    fn decode_events(bytes: &[u8]) -> Result<Vec<platform::Event>, Damage> {
        Batch::decode_platform(bytes)
    }
}

impl Stored for account::State {
    fn put_item(entity: account::Entity) -> Item {
        Item::AccountPut(entity)
    }

    fn removed_item(key: account::Key) -> Item {
        Item::AccountRemoved(key)
    }

    fn decode_events(bytes: &[u8]) -> Result<Vec<account::Event>, Damage> {
        Batch::decode_account(bytes)
    }
}

impl Item {
    /// Appends the item's bytes, bare: the page they go to has the version and the checksum.
    ///
    /// # Errors
    /// When it is longer than [`ITEM_LEN_MAX`]; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let start = out.len();
        codec::encode(&v1::item::Item::from(self), out)?;
        let len = out.len() - start;
        if len > ITEM_LEN_MAX {
            out.truncate(start);
            return Err(Unfit::TooLong { len, max: ITEM_LEN_MAX });
        }
        Ok(())
    }

    /// An item from the bytes of pages whose version and checksum were found good.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        if bytes.len() > ITEM_LEN_MAX {
            return Err(Damage::TooLong { len: bytes.len(), max: ITEM_LEN_MAX });
        }
        codec::decode::<v1::item::Item>(bytes)?.try_into()
    }
}

/// Seals a slice of a snapshot's stream as one page: version, kind, checksum, the slice's length, the page's number, the slice. With
/// its length and number in it, a page can be found again in the raw bytes of a damaged file.
///
/// # Errors
/// When the slice is longer than 65,535 bytes.
pub fn seal_page(number: u64, slice: &[u8]) -> Result<Vec<u8>, Unfit> {
    let too_long = |_| Unfit::TooLong { len: slice.len(), max: usize::from(u16::MAX) };
    let len = u16::try_from(slice.len()).map_err(too_long)?;
    let body = [&len.to_le_bytes()[..], &number.to_le_bytes(), slice].concat();
    let mut page = Vec::with_capacity(HEADER_LEN + body.len());
    codec::seal_raw(Kind::Page, &body, &mut page);
    Ok(page)
}

/// The number of a page and the slice it holds.
///
/// # Errors
/// What is wrong with the page.
pub fn open_page(page: &[u8], len_max: usize) -> Result<(u64, &[u8]), Damage> {
    let body = codec::open(Kind::Page, len_max, page)?;
    let Some((len, rest)) = body.split_first_chunk::<2>() else { return Err(Damage::TooShort(page.len())) };
    let Some((number, slice)) = rest.split_first_chunk::<8>() else { return Err(Damage::TooShort(page.len())) };
    match slice.len().checked_sub(usize::from(u16::from_le_bytes(*len))) {
        Some(0) => Ok((u64::from_le_bytes(*number), slice)),
        Some(left) => Err(Damage::LeftOver(left)),
        None => Err(Damage::TooShort(page.len())),
    }
}

/// The page that begins these raw bytes, if one does: its number and its slice.
#[must_use]
pub fn find_page(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let len = usize::from(u16::from_le_bytes(*bytes.get(HEADER_LEN..)?.first_chunk()?));
    let page = bytes.get(..PAGE_HEADER_LEN + len)?;
    open_page(page, page.len()).ok()
}

/// An address keeps the key it was stored with.
fn restore_email(email: &v1::value::Email) -> Email {
    Email::restore(&email.typed, email.key.as_deref())
}
