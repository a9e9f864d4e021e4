//! The simulated directories: which name stands for which file now, durably, and in between.

use std::collections::BTreeMap;

use super::Rng;

#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    live: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    /// By path: what it stood for after each change since its directory was synced, oldest first.
    dirty: BTreeMap<String, Vec<Option<u64>>>,
}

impl Names {
    pub(super) fn get(&self, path: &str) -> Option<u64> {
        self.live.get(path).copied()
    }

    pub(super) fn set(&mut self, path: &str, inode: Option<u64>) {
        put(&mut self.live, path, inode);
        self.dirty.entry(path.to_owned()).or_default().push(inode);
    }

    pub(super) fn list(&self, dir: &str) -> Vec<String> {
        let paths = self.live.keys().map(|path| split(path));
        paths.filter(|(parent, _name)| *parent == dir).map(|(_parent, name)| name.to_owned()).collect()
    }

    pub(super) fn sync(&mut self, dir: &str) {
        for (path, ages) in self.dirty.extract_if(.., |path, _ages| split(path).0 == dir) {
            put(&mut self.durable, &path, ages.last().copied().flatten());
        }
    }

    pub(super) fn power_cut(&mut self, rng: &mut Rng) {
        for (path, ages) in std::mem::take(&mut self.dirty) {
            // 0 is the durable state.
            let age = rng.up_to(ages.len());
            if let Some(inode) = age.checked_sub(1).and_then(|age| ages.get(age)) {
                put(&mut self.durable, &path, *inode);
            }
        }
        self.live.clone_from(&self.durable);
    }
}

fn put(names: &mut BTreeMap<String, u64>, path: &str, inode: Option<u64>) {
    match inode {
        Some(inode) => names.insert(path.to_owned(), inode),
        None => names.remove(path),
    };
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
