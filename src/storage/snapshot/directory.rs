//! The files of a snapshot: making them durable, listing them, copying them while their digests are checked.

use super::stream::finish;
use super::{Damage, Error, Listed, ListedFile};
use aws_lc_rs::digest::{Context, SHA256};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The directory of the snapshots.
pub const DIR: &str = "snapshots";

/// Where sled would put what does not fit its log.
const BLOBS: &str = "blobs";
/// What sled leaves of a snapshot of its own that was cut short. It would take it for the newest and refuse to open.
const HALF_WRITTEN: &str = ".generating";

/// How much is copied at a time.
const CHUNK_LEN: usize = 256 * 1024;

/// Makes a directory that only the owner can enter.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).recursive(true).create(path).map_err(failed("create", path))
}

/// Removes a directory with all in it, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Makes what is in a directory durable. sled's own flush is no fsync.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed("sync", path))
}

/// The names of the directories in a directory; none when it is not there.
pub(super) fn subdirectories(path: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("list", path))?;
        let is_dir = entry.file_type().map_err(failed("list", path))?.is_dir();
        if let (true, Ok(name)) = (is_dir, entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Closes the books on a snapshot that sled has written: owner only, no blob, everything fsynced, every file with its digest.
pub(super) fn seal(path: &Path, name: &str) -> Result<Vec<ListedFile>, Error> {
    let blobs = path.join(BLOBS);
    if blobs.is_dir() {
        if !is_empty(&blobs)? {
            return Err(Error::Blob { name: name.to_owned() });
        }
        fs::remove_dir(&blobs).map_err(failed("remove", &blobs))?;
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(failed("list", path))? {
        let entry = entry.map_err(failed("list", path))?;
        let file = entry.path();
        let file_name = entry.file_name().to_string_lossy().into_owned();
        if file_name.ends_with(HALF_WRITTEN) {
            fs::remove_file(&file).map_err(failed("remove", &file))?;
            continue;
        }
        fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(failed("protect", &file))?;
        sync(&file)?;
        let mut digest = Context::new(&SHA256);
        let len = each_chunk(&file, |chunk| {
            digest.update(chunk);
            Ok(())
        });
        let len = len.map_err(failed("read", &file))?;
        files.push(ListedFile { name: file_name, len, digest: finish(digest) });
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    sync(path)?;
    Ok(files)
}

/// Copies the listed files. A byte that is not as listed is found here, before sled sees it.
pub(super) fn copy_checked(from: &Path, listed: &Listed, to: &Path) -> Result<(), Error> {
    each_checked(from, listed, |source, name, digest| copy(source, &to.join(name), digest))
}

/// Reads the listed files, whether they are as listed.
pub(super) fn check(from: &Path, listed: &Listed) -> Result<(), Error> {
    each_checked(from, listed, |source, _name, digest| {
        let read = each_chunk(source, |chunk| {
            digest.update(chunk);
            Ok(())
        });
        read.map(|_len| ()).map_err(failed("read", source))
    })
}

/// Has each listed file digested, and compares.
fn each_checked(
    from: &Path,
    listed: &Listed,
    digested: impl Fn(&Path, &str, &mut Context) -> Result<(), Error>,
) -> Result<(), Error> {
    for file in &listed.files {
        let damaged = |reason| Error::Damaged { file: format!("{DIR}/{}/{}", listed.name, file.name), reason };
        let source = from.join(&file.name);
        let found = match fs::symlink_metadata(&source) {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return Err(damaged(Damage::Missing)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged(Damage::Missing)),
            Err(error) => return Err(failed("measure", &source)(error)),
        };
        if found != file.len {
            return Err(damaged(Damage::Length { expected: file.len, found }));
        }
        let mut digest = Context::new(&SHA256);
        digested(&source, &file.name, &mut digest)?;
        if finish(digest) != file.digest {
            return Err(damaged(Damage::Digest));
        }
    }
    Ok(())
}

fn copy(source: &Path, target: &Path, digest: &mut Context) -> Result<(), Error> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    let mut out = made.map_err(failed("create", target))?;
    let copied = each_chunk(source, |chunk| {
        digest.update(chunk);
        out.write_all(chunk)
    });
    copied.map(|_len| ()).map_err(failed("copy", source))
}

fn each_chunk(path: &Path, mut see: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut chunk = vec![0; CHUNK_LEN];
    let mut len = 0;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(len),
            Ok(read) => {
                see(chunk.get(..read).unwrap_or_default())?;
                len += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_empty(path: &Path) -> Result<bool, Error> {
    Ok(fs::read_dir(path).map_err(failed("list", path))?.next().is_none())
}

pub(super) fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { operation, path: path.clone(), source }
}
