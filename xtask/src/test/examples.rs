//! Every file in `examples/` is built and run, and must end with success by itself.

use std::fs;

use anyhow::{Context, Result};

use crate::report::Outcome;
use crate::run::{Run, root};

pub(super) fn check() -> Result<Outcome> {
    let names = names()?;
    if names.is_empty() {
        return Ok(Outcome::Partly("there is no example".to_owned()));
    }
    for name in &names {
        Run::cargo().args(["run", "--locked", "--quiet", "--example", name.as_str()]).pass()?;
    }
    Ok(Outcome::Passed)
}

fn names() -> Result<Vec<String>> {
    let dir = root().join("examples");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry?.path();
        let is_example = path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists();
        if let (true, Some(stem)) = (is_example, path.file_stem()) {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
