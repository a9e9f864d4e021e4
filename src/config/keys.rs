//! `[keys]`: the master key, from a file of its own or from the environment, never from the configuration itself and never from
//! beside the data.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::Data;
use super::environment::{Environment, MASTER_KEY_VARIABLE};
use super::problem::Fault;
use super::section::Section;
use crate::tokens::MasterKey;

/// Bytes of a file with a secret.
const SECRET_LEN_MAX: u64 = 4_096;
/// What nobody but the server may be given.
const OTHERS: u32 = 0o077;
const EXAMPLE: &str = "master_key_file = \"/etc/doorward/master.key\", or set DOORWARD_MASTER_KEY; \
                       make a key with `openssl rand -hex 32`";

pub(super) fn read(mut section: Section<'_, '_>, data: Option<&Data>, environment: &Environment) -> Option<MasterKey> {
    const KEY: &str = "master_key_file";
    let read = match (section.text(KEY, |text| Ok(text.to_owned())), &environment.master_key) {
        (None, _) if section.has(KEY) => return None,
        (None, None) => Err(Fault::Missing(EXAMPLE)),
        (Some(_), Some(_)) => Err(Fault::TwoMasterKeys),
        (None, Some(text)) => MasterKey::parse(text).map_err(Fault::MasterKey),
        (Some(path), None) => section.resolve(&path).and_then(|path| from_file(&path, data)),
    };
    let key = if environment.master_key.is_some() { MASTER_KEY_VARIABLE } else { KEY };
    read.map_err(|fault| section.refuse(key, fault)).ok()
}

fn from_file(path: &Path, data: Option<&Data>) -> Result<MasterKey, Fault> {
    if data.is_some_and(|data| is_inside(path, &data.dir)) {
        return Err(Fault::KeyBesideData);
    }
    MasterKey::parse(&secret(path)?).map_err(Fault::MasterKey)
}

/// The text of a file that only its owner may read.
fn secret(path: &Path) -> Result<Zeroizing<String>, Fault> {
    let unreadable = |source| Fault::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that what is checked is what is read.
    let found = file.metadata().map_err(unreadable)?;
    let mode = found.permissions().mode() & 0o777;
    if !found.is_file() || found.len() > SECRET_LEN_MAX {
        return Err(Fault::NoSecret { path: path.to_owned() });
    }
    if mode & OTHERS != 0 {
        return Err(Fault::Open { path: path.to_owned(), mode: mode & !0o100 });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(SECRET_LEN_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn is_inside(path: &Path, dir: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(path).starts_with(real(dir))
}
