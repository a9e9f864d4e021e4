//! Snapshots of state: written once from a frozen value, verified, listed in `CURRENT`, and never written again.
//!
//! Owns the directories under `snapshots/`, and sled, which is named only here. A *base* holds every entity, a *delta* what changed
//! since the snapshot it follows, deletions as tombstones. Items are packed into pages of at most 4 KiB, each with version and
//! checksum, so that sled never makes a blob file; a footer says what they must read as. A listed directory is never opened, because
//! opening writes to it: it is copied to scratch while its digests are checked, and the copy is opened.

use super::record::{self, Footer, Item, Reach};
use std::io;
use std::path::PathBuf;

mod directory;
mod memory;
mod on_sled;
mod raw;
mod stream;

#[cfg(test)]
mod tests;

pub use directory::DIR;
pub use memory::MemorySnapshots;
pub use on_sled::SledSnapshots;
pub use stream::{PAGE_LEN_MAX, SLICE_LEN};

/// The random name of one history. A repaired or restored copy draws a new one, so that nothing of the old opens a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage(pub [u8; 16]);

/// Where a snapshot belongs: what its footer says before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it holds.
    pub reach: Reach,
    /// The history it belongs to.
    pub lineage: Lineage,
    /// The last record it holds.
    pub seq: u64,
    /// The generation of the journal it was cut from.
    pub generation: u64,
    /// The segment that holds the first record after it.
    pub segment: u64,
    /// The crc of the last frame before the cut.
    pub crc: u32,
}

/// A snapshot as `CURRENT` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name of its directory.
    pub name: String,
    /// The history it belongs to.
    pub lineage: Lineage,
    /// What it holds.
    pub reach: Reach,
    /// The last record it holds.
    pub seq: u64,
    /// Bytes of its items.
    pub bytes: u64,
    /// SHA-256 of its items, as its footer says it.
    pub digest: [u8; 32],
    /// Its files, by name.
    pub files: Vec<ListedFile>,
}

/// A file of a listed snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
}

/// How much of a snapshot must be as listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Every file, byte for byte. What recovery asks.
    Files,
    /// The items, by their digest; what lies around them may be damaged. What a repair asks.
    Items,
}

/// Where snapshots live.
pub trait Snapshots: Send + Sync {
    /// Writes a snapshot, makes it durable, reads a copy of it back, and says what `CURRENT` is to list. What stands under this
    /// name was never listed and goes first.
    ///
    /// # Errors
    /// When it cannot be written, or does not read back as it was written. It is then litter.
    fn write(&self, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Listed, Error>;

    /// Reads a listed snapshot, item by item. What was handed out counts for nothing unless this succeeds.
    ///
    /// # Errors
    /// When it is damaged, or cannot be read, or `sink` refuses an item.
    fn load(&self, listed: &Listed, trust: Trust, sink: &mut Sink<'_>) -> Result<(), Error>;

    /// Whether every file of a listed snapshot is as listed, byte for byte. Nothing is opened but to be read.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first file that is not; or the file system refuses.
    fn check(&self, listed: &Listed) -> Result<(), Error>;

    /// The names of all snapshots there are, listed or not.
    ///
    /// # Errors
    /// When the file system refuses.
    fn names(&self) -> Result<Vec<String>, Error>;

    /// Removes a snapshot that is not listed any more. Half of it may be left after a crash; that is litter.
    ///
    /// # Errors
    /// When the file system refuses.
    fn remove(&self, name: &str) -> Result<(), Error>;
}

/// Takes the items of a snapshot.
pub type Sink<'a> = dyn FnMut(Item) -> Result<(), Damage> + 'a;

/// What can go wrong with a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what was written.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file or directory, relative to the data directory.
        file: String,
        /// What is wrong.
        #[source]
        reason: Damage,
    },
    /// The file system refused.
    #[error("could not {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// An entity has no place on disk.
    #[error("an entity cannot be stored")]
    Unfit(#[from] record::Unfit),
    /// sled refused to write.
    #[error("sled could not write snapshot {name}")]
    Sled {
        /// Which.
        name: String,
        /// Why not.
        #[source]
        source: sled::Error,
    },
    /// sled panicked while it wrote.
    #[error("sled panicked while it wrote snapshot {name}")]
    Panicked {
        /// Which.
        name: String,
    },
    /// sled moved something to a blob file, which it never syncs.
    #[error("sled made a blob file in snapshot {name}")]
    Blob {
        /// Which.
        name: String,
    },
}

/// What is wrong with a snapshot that was read.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It is shorter or longer than listed.
    #[error("it has {found} bytes, {expected} are listed")]
    Length {
        /// The length that is listed.
        expected: u64,
        /// The length it has.
        found: u64,
    },
    /// Its bytes are not those that were listed.
    #[error("its digest is not the listed one")]
    Digest,
    /// sled cannot read it.
    #[error("sled cannot read it")]
    Sled(#[source] sled::Error),
    /// sled panicked on it.
    #[error("sled panicked on it")]
    Panicked,
    /// A page is missing or out of place.
    #[error("page {0} is missing")]
    PageMissing(u64),
    /// A page is damaged.
    #[error("page {page} is damaged")]
    Page {
        /// Which.
        page: u64,
        /// How.
        #[source]
        source: record::Damage,
    },
    /// An item is damaged.
    #[error("item {item} is damaged")]
    Item {
        /// Which.
        item: u64,
        /// How.
        #[source]
        source: record::Damage,
    },
    /// It ends inside an item.
    #[error("it ends inside item {0}")]
    CutShort(u64),
    /// The footer is missing.
    #[error("it has no footer")]
    FooterMissing,
    /// The footer is damaged.
    #[error("its footer is damaged")]
    Footer(#[source] record::Damage),
    /// It holds something else than its footer says.
    #[error("it does not hold what its footer says")]
    Content,
    /// It is another snapshot than the one that is listed.
    #[error("it is not the snapshot that is listed")]
    Another,
    /// An entity stands before its aggregate, or among those of the other kind.
    #[error("an item stands where none of its kind belongs")]
    Misplaced,
}

impl Listed {
    fn of(name: &str, footer: &Footer, files: Vec<ListedFile>) -> Self {
        let Footer { reach, seq, lineage, counts, digest, .. } = *footer;
        Self { name: name.to_owned(), lineage: Lineage(lineage), reach, seq, bytes: counts.bytes, digest, files }
    }

    /// Whether a footer is this snapshot's.
    fn agrees(&self, footer: &Footer) -> bool {
        *self == Self::of(&self.name, footer, self.files.clone())
    }

    fn damaged(&self, reason: Damage) -> Error {
        Error::Damaged { file: format!("{DIR}/{}", self.name), reason }
    }
}
