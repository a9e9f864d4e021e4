//! Snapshots in memory that share the fate of the disk: without power nothing is written, and now and then a write fails half-way.

use doorward::storage::disk::SimDisk;
use doorward::storage::record::Item;
use doorward::storage::snapshot::{Error, Head, Listed, MemorySnapshots, Sink, Snapshots, Trust};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone)]
pub(crate) struct Flaky {
    inner: MemorySnapshots,
    disk: SimDisk,
    failures: Arc<AtomicU32>,
}

impl Flaky {
    pub(crate) fn on(disk: &SimDisk) -> Self {
        Self { inner: MemorySnapshots::default(), disk: disk.clone(), failures: Arc::default() }
    }

    /// Lets the next so many writes fail.
    pub(crate) fn fail(&self, writes: u32) {
        self.failures.store(writes, Ordering::SeqCst);
    }

    pub(crate) fn behave(&self) {
        self.fail(0);
    }

    /// Rots the first page of a snapshot.
    pub(crate) fn damage(&self, name: &str) -> bool {
        self.inner.damage(name, 0, |page| page.truncate(page.len() / 2))
    }

    fn works(&self, name: &str) -> Result<(), Error> {
        let failing =
            self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if failing || self.disk.is_off() {
            let (path, source) = (PathBuf::from(name), io::ErrorKind::StorageFull.into());
            return Err(Error::File { operation: "write", path, source });
        }
        Ok(())
    }
}

impl Snapshots for Flaky {
    fn write(&self, name: &str, head: Head, items: &mut dyn Iterator<Item = Item>) -> Result<Listed, Error> {
        match self.works(name) {
            Ok(()) => self.inner.write(name, head, items),
            Err(error) => {
                // Half of it is left behind under its name.
                self.inner.write(name, head, &mut items.take(2)).ok();
                Err(error)
            }
        }
    }

    fn load(&self, listed: &Listed, trust: Trust, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.inner.load(listed, trust, sink)
    }

    fn check(&self, listed: &Listed) -> Result<(), Error> {
        self.inner.check(listed)
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        self.inner.names()
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        if self.disk.is_off() {
            return self.works(name);
        }
        self.inner.remove(name)
    }
}
