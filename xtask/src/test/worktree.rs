//! A run leaves the tracked files as it found them: what is generated (openapi.json, golden files, the lock file) must
//! already be what the generators write.

use anyhow::{Result, bail};

use crate::run::Run;

/// What git said of the tree at one moment; nothing where there is no git repository.
pub(super) struct Fingerprint(Option<String>);

impl Fingerprint {
    pub(super) fn take() -> Self {
        let status = Run::new("git").args(["status", "--porcelain", "--untracked-files=all"]).read();
        let diff = Run::new("git").args(["diff", "--no-ext-diff", "HEAD"]).read();
        Self(status.and_then(|status| Ok(status + &diff?)).ok())
    }
}

/// Compares the tree with an earlier fingerprint.
pub(super) fn unchanged(before: &Fingerprint) -> Result<()> {
    let after = Fingerprint::take();
    match (&before.0, &after.0) {
        (Some(before), Some(after)) => compare(before, after),
        _ => {
            println!("not a git repository: whether the run changed a file was not checked");
            Ok(())
        }
    }
}

fn compare(before: &str, after: &str) -> Result<()> {
    if before != after {
        let new: Vec<&str> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).take(20).collect();
        bail!("the run changed the tree; a generated file is not up to date:\n{}", new.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! A changed file is told by name.

    use super::compare;

    #[test]
    fn a_file_changed_by_the_run_is_named() {
        compare(" M a.rs\n", " M a.rs\n").expect("nothing changed");
        let error = compare(" M a.rs\n", " M a.rs\n M snapshots/openapi.json\n").expect_err("one file changed");
        assert!(error.to_string().contains("snapshots/openapi.json"), "{error}");
    }
}
