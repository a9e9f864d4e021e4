//! Reading a damaged snapshot for a repair, without sled: pages are looked for in the raw bytes of its files.
//!
//! A page carries its version, checksum, length and number, so it can be told from anything else. sled gives up at the first byte it
//! cannot read; here only a byte of the one copy of a page is a loss. Whether all is there is for the listed digest to say.

use super::super::record::{PAGE_HEADER_LEN, find_page};
use super::directory::failed;
use super::stream::{PAGE_LEN_MAX, Unpacker};
use super::{Damage, Error, Listed, Sink};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much is searched at a time.
const WINDOW_LEN: usize = 4 * 1024 * 1024;

struct Place {
    file: usize,
    offset: u64,
    len: usize,
}

/// Hands out the items of a snapshot whose pages are all still somewhere in its directory.
pub(super) fn load(path: &Path, listed: &Listed, sink: &mut Sink<'_>) -> Result<(), Error> {
    let entries = fs::read_dir(path).map_err(|_gone| listed.damaged(Damage::Missing))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        files.push(entry.map_err(failed("list", path))?.path());
    }
    files.retain(|file| file.is_file());
    files.sort_unstable();
    let mut places = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        search(number, file, &mut places)?;
    }
    let mut unpacker = Unpacker::new(sink);
    for (number, place) in &places {
        let Some(file) = files.get(place.file) else { break };
        let mut page = vec![0; place.len];
        let read = File::open(file).and_then(|file| file.read_exact_at(&mut page, place.offset));
        read.map_err(failed("read", file))?;
        unpacker.page(*number, &page).map_err(|reason| listed.damaged(reason))?;
    }
    unpacker.finish_as(listed).map_err(|reason| listed.damaged(reason))
}

fn search(number: usize, path: &Path, places: &mut BTreeMap<u64, Place>) -> Result<(), Error> {
    let file = File::open(path).map_err(failed("open", path))?;
    let len = file.metadata().map_err(failed("measure", path))?.len();
    let mut window = Vec::new();
    let mut start = 0;
    while start < len {
        // A page that begins in this window may end in the next one.
        let rest = usize::try_from(len - start).unwrap_or(usize::MAX);
        window.resize(rest.min(WINDOW_LEN + PAGE_LEN_MAX), 0);
        file.read_exact_at(&mut window, start).map_err(failed("read", path))?;
        let mut at = 0;
        while at < window.len().min(WINDOW_LEN) {
            let found = window.get(at..).and_then(find_page);
            if let Some((page, slice)) = found {
                let place = Place { file: number, offset: start + at as u64, len: PAGE_HEADER_LEN + slice.len() };
                at += place.len;
                places.entry(page).or_insert(place);
            } else {
                at += 1;
            }
        }
        // Where the last page of this window ended, not where the window did: nothing is searched twice or skipped.
        start += at as u64;
    }
    Ok(())
}
