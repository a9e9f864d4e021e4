//! The master key of `dev`: made at the first start and kept in the data directory, for convenience. That of a real service must not
//! lie there: whoever copies the data would have the key to it, and `serve` refuses it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::entropy::SystemEntropy;
use crate::tokens::{self, MasterKey};
use zeroize::Zeroizing;

const FILE: &str = "dev-master.key";
/// A key that is being written. It becomes the other by its name.
const UNFINISHED: &str = "dev-master.key.new";

/// Why `dev` has no key.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum DevError {
    /// The file is there and cannot be read, or a new one cannot be written.
    #[error("cannot keep the development key in {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds no key.
    #[error("there is no key in {}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: tokens::Error,
    },
}

/// A new key that must be stored before anything is sealed with it; empty when it is stored already.
pub(super) struct ToKeep(Option<(PathBuf, Zeroizing<String>)>);

/// The key of a data directory, or a new one. The directory is not touched.
pub(super) fn of(dir: &Path) -> Result<(MasterKey, ToKeep), DevError> {
    let path = dir.join(FILE);
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => match MasterKey::parse(&text) {
            Ok(key) => Ok((key, ToKeep(None))),
            Err(source) => Err(DevError::Key { path, source }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = MasterKey::generate(&SystemEntropy);
            let text = key.expose_hex();
            Ok((key, ToKeep(Some((dir.to_owned(), text)))))
        }
        Err(source) => Err(DevError::File { path, source }),
    }
}

impl ToKeep {
    /// Stores it, if it is new; it is on the disk when this returns.
    pub(super) fn store(self) -> Result<(), DevError> {
        let Some((dir, text)) = self.0 else { return Ok(()) };
        let path = dir.join(FILE);
        store(&dir, &text).map_err(|source| DevError::File { path, source })
    }
}

fn store(dir: &Path, text: &str) -> io::Result<()> {
    let unfinished = dir.join(UNFINISHED);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(unfinished, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{DevError, FILE, of};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (made, to_keep) = of(dir.path()).unwrap();
        to_keep.store().unwrap();
        let mode = dir.path().join(FILE).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let (found, to_keep) = of(dir.path()).unwrap();
        assert_eq!(found.expose_hex(), made.expose_hex());
        assert!(to_keep.0.is_none());
        std::fs::write(dir.path().join(FILE), "").unwrap();
        assert!(matches!(of(dir.path()).map(drop), Err(DevError::Key { .. })));
    }
}
