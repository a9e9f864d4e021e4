//! A token of ours is verified by a library that is not ours: PyJWT, with the keys of a running server. The library stands in an
//! environment of its own below the target directory, made once.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::report::Outcome;
use crate::run::{Run, root};

/// What is installed; a newer one is a change of this line.
const LIBRARY: &str = "pyjwt[crypto]==2.15.1";
/// Succeeds when it is there.
const PROBE: &str = "import jwt, cryptography; assert jwt.__version__ == '2.15.1'";

pub(super) fn check() -> Result<Outcome> {
    let built = built()?;
    let python = environment(&built)?;
    let arg = |path: PathBuf| path.display().to_string();
    let args = [arg(root().join("xtask/pyjwt.py")), arg(built.join("debug/doorward")), arg(root().join("examples"))];
    Run::cargo().args(["build", "--locked", "--quiet", "--bin", "doorward"]).pass()?;
    Run::new(&python).args(args).pass()?;
    Ok(Outcome::Passed)
}

/// The target directory: this program was built into it.
fn built() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program stands")?;
    own.ancestors().nth(2).map(Path::to_path_buf).context("this program does not stand in a target directory")
}

/// The Python that has the library.
fn environment(built: &Path) -> Result<String> {
    let dir = built.join("pyjwt").display().to_string();
    let python = format!("{dir}/bin/python");
    if !Run::new(&python).args(["-c", PROBE]).answers() {
        Run::new("python3").args(["-m", "venv", "--clear", &dir]).pass().context("python3 makes no environment")?;
        Run::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", LIBRARY])
            .pass()
            .with_context(|| format!("{LIBRARY} cannot be installed: is the Python package index reachable?"))?;
    }
    Ok(python)
}
