//! Libraries of Python that are not ours, each in an environment of its own below the target directory, made once.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run::Run;

/// A library and how it is told that it is there.
pub(super) struct Library {
    /// Where its environment stands, below the target directory.
    pub(super) dir: &'static str,
    /// What is installed.
    pub(super) requirement: &'static str,
    /// Succeeds when it is there.
    pub(super) probe: &'static str,
}

/// The target directory: this program was built into it.
pub(super) fn built() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program stands")?;
    own.ancestors().nth(2).map(Path::to_path_buf).context("this program does not stand in a target directory")
}

impl Library {
    /// The Python that has it.
    pub(super) fn installed(&self, built: &Path) -> Result<String> {
        let dir = built.join(self.dir).display().to_string();
        let python = format!("{dir}/bin/python");
        if !Run::new(&python).args(["-c", self.probe]).answers() {
            Run::new("python3").args(["-m", "venv", "--clear", &dir]).pass().context("python3 makes no environment")?;
            Run::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", self.requirement])
                .pass()
                .with_context(|| {
                    format!("{} cannot be installed: is the Python package index reachable?", self.requirement)
                })?;
        }
        Ok(python)
    }
}
