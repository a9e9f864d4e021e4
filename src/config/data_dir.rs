//! `[data]`: where the state lives and how it is laid out.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::problem::Fault;
use super::section::Section;
use crate::storage::{self, Layout};

const MIB: u64 = 1_024 * 1_024;
/// What nobody but the server may be given.
const OTHERS: u32 = 0o077;

/// The section, checked.
#[derive(Debug)]
pub struct Data {
    /// The directory.
    pub dir: PathBuf,
    /// Journal and snapshots.
    pub storage: storage::Options,
}

pub(super) fn read(mut section: Section<'_, '_>) -> Option<Data> {
    let dir = section.required("dir", "dir = \"/var/lib/doorward\"", |text| Ok(text.to_owned()));
    let dir = dir.and_then(|dir| match section.resolve(&dir).and_then(closed) {
        Ok(dir) => Some(dir),
        Err(fault) => {
            section.refuse("dir", fault);
            None
        }
    });
    let storage = storage(&mut section);
    Some(Data { dir: dir?, storage })
}

fn storage(section: &mut Section<'_, '_>) -> storage::Options {
    let default = storage::Options::default();
    let mib = |section: &mut Section<'_, '_>, key, range, default: u64| MIB * section.number(key, range, default / MIB);
    let layout =
        Layout { segment_len: mib(section, "segment_mib", 16..=1_024, default.layout.segment_len), ..default.layout };
    storage::Options {
        layout,
        snapshot_after_len: mib(section, "snapshot_after_mib", 16..=65_536, default.snapshot_after_len),
        snapshot_interval: section.secs("snapshot_interval_secs", 60..=86_400, default.snapshot_interval),
        queue_len_max: default.queue_len_max,
    }
}

/// A directory that is there must be closed to others; one that is not is made so by the storage.
fn closed(path: PathBuf) -> Result<PathBuf, Fault> {
    match Path::new(&path).metadata() {
        Ok(found) if !found.is_dir() => Err(Fault::NoDirectory { path }),
        Ok(found) if found.permissions().mode() & OTHERS != 0 => {
            Err(Fault::Open { path, mode: found.permissions().mode() & 0o777 })
        }
        Ok(_) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(source) => Err(Fault::Unreadable { path, source }),
    }
}
