//! Snapshots in memory: for simulation, and for tests that need many. The same pages, without files around them.

use super::super::record::Item;
use super::stream::{Packer, Unpacker};
use super::{Damage, Error, Head, Listed, Sink, Snapshots, Trust};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Snapshots that last as long as somebody holds them. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshots {
    all: Arc<Mutex<BTreeMap<String, Stored>>>,
}

#[derive(Clone, Debug, Default)]
struct Stored {
    pages: Vec<Vec<u8>>,
    footer: Vec<u8>,
}

impl MemorySnapshots {
    /// A copy that shares nothing.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { all: Arc::new(Mutex::new(self.all().clone())) }
    }

    /// Damages a page: its bytes are handed to `change`. `false` when there is none.
    pub fn damage(&self, name: &str, page: usize, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut all = self.all();
        let found = all.get_mut(name).and_then(|stored| stored.pages.get_mut(page));
        found.map(change).is_some()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshots for MemorySnapshots {
    fn write(&self, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Listed, Error> {
        let mut stored = Stored::default();
        let mut page = |_number: u64, page: Vec<u8>| {
            stored.pages.push(page);
            Ok(())
        };
        let mut packer = Packer::new();
        for item in items {
            packer.push(&item, &mut page)?;
        }
        let footer = packer.finish(head, &mut page)?;
        stored.footer = footer.encode()?;
        self.all().insert(name.to_owned(), stored);
        Ok(Listed::of(name, &footer, Vec::new()))
    }

    fn load(&self, listed: &Listed, _trust: Trust, sink: &mut Sink<'_>) -> Result<(), Error> {
        let damaged = |reason| listed.damaged(reason);
        let stored = self.all().get(&listed.name).cloned().ok_or_else(|| damaged(Damage::Missing))?;
        let mut unpacker = Unpacker::new(sink);
        for (number, page) in (0..).zip(&stored.pages) {
            unpacker.page(number, page).map_err(damaged)?;
        }
        let footer = unpacker.finish(&stored.footer).map_err(damaged)?;
        if listed.agrees(&footer) { Ok(()) } else { Err(damaged(Damage::Another)) }
    }

    fn check(&self, _listed: &Listed) -> Result<(), Error> {
        // There are no files.
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.all().keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        self.all().remove(name);
        Ok(())
    }
}
