//! A token of ours is verified by a library that is not ours: PyJWT, with the keys of a running server. The library stands in an
//! environment of its own below the target directory, made once.

use std::path::PathBuf;

use anyhow::Result;

use super::python;
use crate::report::Outcome;
use crate::run::{Run, root};

/// What is installed; a newer one is a change of these lines.
const PYJWT: python::Library = python::Library {
    dir: "pyjwt",
    requirement: "pyjwt[crypto]==2.15.1",
    probe: "import jwt, cryptography; assert jwt.__version__ == '2.15.1'",
};

pub(super) fn check() -> Result<Outcome> {
    let built = python::built()?;
    let python = PYJWT.installed(&built)?;
    let arg = |path: PathBuf| path.display().to_string();
    let args = [arg(root().join("xtask/pyjwt.py")), arg(built.join("debug/doorward")), arg(root().join("examples"))];
    Run::cargo().args(["build", "--locked", "--quiet", "--bin", "doorward"]).pass()?;
    Run::new(&python).args(args).pass()?;
    Ok(Outcome::Passed)
}
