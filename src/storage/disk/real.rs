//! The real file system under one directory. Files are made 0600 and directories 0700; others' eyes have no business here.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Disk, DiskFile, Fault, Operation};

/// How many zeros are written at a time.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// A directory of the real file system.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Opens the directory, making it (0700) when there is none.
    ///
    /// # Errors
    /// When it cannot be made or its parent cannot be synced.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Fault> {
        let disk = Self { root: root.into() };
        make_dir(&disk.root).map_err(|source| Fault::new(Operation::CreateDir, "", source))?;
        Ok(disk)
    }

    /// The directory's path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Disk for RealDisk {
    fn create_dir(&self, path: &str) -> Result<(), Fault> {
        make_dir(&self.path(path)).map_err(|source| Fault::new(Operation::CreateDir, path, source))
    }

    fn create(&self, path: &str, len: u64) -> Result<Box<dyn DiskFile>, Fault> {
        let fault = |source| Fault::new(Operation::Create, path, source);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(path)).map_err(fault)?;
        zero_fill(&file, len).map_err(fault)?;
        Ok(Box::new(RealFile { file, path: path.to_owned() }))
    }

    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Vec<u8>, Fault> {
        let fault = |source| Fault::new(Operation::Read, path, source);
        let file = File::open(self.path(path)).map_err(fault)?;
        read_up_to(&file, offset, len).map_err(fault)
    }

    fn len(&self, path: &str) -> Result<Option<u64>, Fault> {
        match fs::symlink_metadata(self.path(path)) {
            Ok(found) => Ok(Some(found.len())),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Fault::new(Operation::Measure, path, source)),
        }
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Fault> {
        fs::rename(self.path(from), self.path(to)).map_err(|source| Fault::new(Operation::Rename, from, source))
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, Fault> {
        list_files(&self.path(dir)).map_err(|source| Fault::new(Operation::List, dir, source))
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        fs::remove_file(self.path(path)).map_err(|source| Fault::new(Operation::Remove, path, source))
    }

    fn sync_dir(&self, dir: &str) -> Result<(), Fault> {
        sync_path(&self.path(dir)).map_err(|source| Fault::new(Operation::SyncDir, dir, source))
    }
}

struct RealFile {
    file: File,
    path: String,
}

impl DiskFile for RealFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.file.write_all_at(bytes, offset).map_err(|source| Fault::new(Operation::Write, &self.path, source))
    }

    fn sync(&mut self) -> Result<(), Fault> {
        self.file.sync_data().map_err(|source| Fault::new(Operation::Sync, &self.path, source))
    }
}

fn make_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dir(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_path(parent),
        _ => sync_path(Path::new(".")),
    }
}

fn sync_path(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn zero_fill(file: &File, len: u64) -> io::Result<()> {
    let mut offset = 0;
    while offset < len {
        let left = usize::try_from(len - offset).unwrap_or(usize::MAX);
        let zeros = ZEROS.get(..left).unwrap_or(&ZEROS);
        file.write_all_at(zeros, offset)?;
        offset += zeros.len() as u64;
    }
    Ok(())
}

fn read_up_to(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    // Never more than is there, so that a wild `len` costs no memory.
    let there = file.metadata()?.len().saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(there).unwrap_or(usize::MAX).min(len)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn list_files(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // A name that is not UTF-8 is none of ours.
        if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_for_the_owner_alone() {
        let temp = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(temp.path().join("data")).unwrap();
        disk.create_dir("journal").unwrap();
        disk.create("journal/a", 10).unwrap();
        assert_eq!(mode(disk.root()), 0o700);
        assert_eq!(mode(&disk.root().join("journal")), 0o700);
        assert_eq!(mode(&disk.root().join("journal/a")), 0o600);
    }

    #[test]
    fn a_file_is_made_of_zeros_written_and_read_back() {
        let temp = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(temp.path()).unwrap();
        let mut file = disk.create("a", 200_000).unwrap();
        assert_eq!(disk.len("a").unwrap(), Some(200_000));
        file.write_at(3, b"doorward").unwrap();
        file.sync().unwrap();
        disk.sync_dir("").unwrap();
        assert_eq!(disk.read("a", 2, 10).unwrap(), b"\0doorward\0");
        assert_eq!(disk.read("a", 199_999, usize::MAX).unwrap(), [0]);
        assert!(disk.read("a", 200_001, 4).unwrap().is_empty());
    }

    #[test]
    fn names_come_sorted_and_can_be_changed() {
        let temp = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(temp.path()).unwrap();
        disk.create_dir("sub").unwrap();
        disk.create("b", 0).unwrap();
        disk.create("a", 0).unwrap();
        disk.rename("b", "c").unwrap();
        assert_eq!(disk.list("").unwrap(), ["a", "c"]);
        disk.remove("a").unwrap();
        assert_eq!(disk.list("").unwrap(), ["c"]);
        assert_eq!(disk.len("a").unwrap(), None);
    }

    #[test]
    fn a_refusal_names_operation_and_file() {
        let temp = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(temp.path()).unwrap();
        disk.create("a", 0).unwrap();
        let fault = disk.create("a", 0).err().unwrap();
        assert_eq!(fault.to_string(), "could not create a");
        assert_eq!(fault.source.kind(), io::ErrorKind::AlreadyExists);
        let fault = disk.remove("b").unwrap_err();
        assert_eq!(fault.to_string(), "could not remove b");
    }
}
