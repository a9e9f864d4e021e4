//! Snapshots as sled directories: the one place that opens sled, on directories being written and on scratch copies, never on a listed one.
//!
//! sled 0.34.7 panics on damage it does not expect; here a panic is an answer like any other. Copies are digest-checked before it sees them.

use super::super::record::{Footer, Item};
use super::stream::{Packer, Unpacker};
use super::{DIR, Damage, Error, Head, Listed, Sink, Snapshots, Trust, directory, raw};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// sled's cache, in bytes: pages are written and read once.
const CACHE_LEN: u64 = 32 * 1024 * 1024;
/// The key of the footer: behind every page.
const FOOTER_KEY: [u8; 8] = [0xff; 8];

/// Snapshots under a data directory.
#[derive(Debug)]
pub struct SledSnapshots {
    root: PathBuf,
    scratch: PathBuf,
}

impl SledSnapshots {
    /// The snapshots of a data directory, with a scratch directory for copies. What an earlier run left in it goes.
    ///
    /// # Errors
    /// When the scratch directory cannot be emptied.
    pub fn open(data: &Path, scratch: &Path) -> Result<Self, Error> {
        directory::remove(scratch)?;
        Ok(Self { root: data.join(DIR), scratch: scratch.to_owned() })
    }

    fn read_copy(&self, listed: &Listed, sink: &mut Sink<'_>) -> Result<(), Error> {
        let (from, to) = (self.root.join(&listed.name), self.scratch.join(&listed.name));
        directory::remove(&to)?;
        directory::make(&to)?;
        directory::copy_checked(&from, listed, &to)?;
        let footer = catch_unwind(AssertUnwindSafe(|| read(&to, sink))).unwrap_or(Err(Damage::Panicked));
        let agrees = footer.map(|footer| listed.agrees(&footer));
        match agrees {
            Ok(true) => Ok(()),
            Ok(false) => Err(listed.damaged(Damage::Another)),
            Err(reason) => Err(listed.damaged(reason)),
        }
    }
}

impl Snapshots for SledSnapshots {
    fn write(&self, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Listed, Error> {
        let path = self.root.join(name);
        directory::remove(&path)?;
        directory::make(&path)?;
        let written = catch_unwind(AssertUnwindSafe(|| write(&path, name, head, items)));
        let footer = written.unwrap_or_else(|_panic| Err(Error::Panicked { name: name.to_owned() }))?;
        let files = directory::seal(&path, name)?;
        directory::sync(&self.root)?;
        let listed = Listed::of(name, &footer, files);
        self.load(&listed, Trust::Files, &mut |_item| Ok(()))?;
        Ok(listed)
    }

    fn load(&self, listed: &Listed, trust: Trust, sink: &mut Sink<'_>) -> Result<(), Error> {
        match trust {
            Trust::Files => {
                let read = self.read_copy(listed, sink);
                let removed = directory::remove(&self.scratch.join(&listed.name));
                read.and(removed)
            }
            Trust::Items => raw::load(&self.root.join(&listed.name), listed, sink),
        }
    }

    fn check(&self, listed: &Listed) -> Result<(), Error> {
        directory::check(&self.root.join(&listed.name), listed)
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        directory::subdirectories(&self.root)
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        directory::remove(&self.root.join(name))
    }
}

fn config(path: &Path) -> sled::Config {
    sled::Config::new().path(path).cache_capacity(CACHE_LEN).flush_every_ms(None)
}

fn write(path: &Path, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Footer, Error> {
    let refused = |source| Error::Sled { name: name.to_owned(), source };
    let db = config(path).create_new(true).open().map_err(refused)?;
    let mut page = |number: u64, page: Vec<u8>| db.insert(number.to_be_bytes(), page).map(|_none| ()).map_err(refused);
    let mut packer = Packer::new();
    for item in items {
        packer.push(&item, &mut page)?;
    }
    let footer = packer.finish(head, &mut page)?;
    db.insert(FOOTER_KEY, footer.encode()?).map_err(refused)?;
    db.flush().map_err(refused)?;
    drop(db);
    Ok(footer)
}

fn read(path: &Path, sink: &mut Sink<'_>) -> Result<Footer, Damage> {
    let db = config(path).open().map_err(Damage::Sled)?;
    let mut unpacker = Unpacker::new(sink);
    for pair in db.iter() {
        let (key, value) = pair.map_err(Damage::Sled)?;
        if *key == FOOTER_KEY {
            return unpacker.finish(&value);
        }
        let number = <[u8; 8]>::try_from(&*key).map_or(u64::MAX, u64::from_be_bytes);
        unpacker.page(number, &value)?;
    }
    Err(Damage::FooterMissing)
}
