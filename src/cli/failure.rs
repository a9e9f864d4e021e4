//! How an error is told: what failed, why, and what to do about it. Never the debug form.

use std::io::{self, Write};

use anyhow::Error;

use super::dev;
use crate::app::StartError;
use crate::storage;

/// Prints an error to standard error.
pub(super) fn print(error: &Error) {
    // Nobody is left to be told that standard error is gone.
    drop(io::stderr().write_all(text(error).as_bytes()));
}

fn text(error: &Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some errors say their cause already.
        if !said.ends_with(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
        }
        said = cause;
    }
    if let Some(hint) = error.chain().find_map(hint) {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

fn hint(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(StartError::Keys { .. }) = cause.downcast_ref() {
        return Some("use the master key that this data was made with; `doorward dev` keeps its own in dev-master.key");
    }
    if let Some(storage::Error::Locked { .. }) = cause.downcast_ref() {
        return Some("stop the doorward that uses this data, or name another directory");
    }
    if let Some(storage::Error::Foreign { .. }) = cause.downcast_ref() {
        return Some("name an empty directory, or one that does not exist yet");
    }
    if let Some(dev::DevError::Key { .. }) = cause.downcast_ref() {
        return Some("put the key back, or remove the directory to begin anew");
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::StorageFull => {
            Some("make room on that disk, without touching the data directory, and start again")
        }
        io::ErrorKind::AddrInUse => Some("another program listens there: stop it, or choose another address"),
        io::ErrorKind::AddrNotAvailable => Some("this machine has no such address"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use anyhow::anyhow;

    #[test]
    fn an_error_is_told_with_its_causes_and_a_hint() {
        let in_use = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let error = anyhow::Error::new(in_use).context("cannot listen on 127.0.0.1:80");
        let wanted = "error: cannot listen on 127.0.0.1:80\n  because: address in use\n  \
                      hint: another program listens there: stop it, or choose another address\n";
        assert_eq!(text(&error), wanted);
    }

    #[test]
    fn a_cause_that_was_said_already_is_not_said_twice() {
        let error = anyhow!("no such file").context("cannot read x: no such file");
        assert_eq!(text(&error), "error: cannot read x: no such file\n");
    }

    #[test]
    fn a_missing_file_is_said_to_be_missing_once_and_a_full_disk_to_need_room() {
        let (file, reason) = ("journal/x.segment".to_owned(), crate::storage::journal::Damage::SegmentMissing);
        let told = text(&crate::storage::Error::Damaged { file, offset: 0, reason }.into());
        assert!(told.starts_with("error: journal/x.segment is missing; nothing was changed"), "{told}");
        assert_eq!(told.matches("missing").count(), 1, "{told}");
        let full = anyhow::Error::new(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert!(text(&full).contains("hint: make room on that disk"));
    }
}
