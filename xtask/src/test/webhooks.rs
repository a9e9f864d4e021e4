//! What we sign is verified by libraries that are not ours, in Python and JavaScript, through the examples that receivers start from.
//! Each library stands in an environment of its own below the target directory, made once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::python;
use crate::report::Outcome;
use crate::run::{Run, root};

/// What is installed from the Python package index; a newer one is a change of this line.
const PYTHON: python::Library = python::Library {
    dir: "webhooks/python",
    requirement: "standardwebhooks==1.1.0",
    probe: "import importlib.metadata as m; assert m.version('standardwebhooks') == '1.1.0'",
};
/// And from npm.
const JAVASCRIPT: &str = "standardwebhooks@1.1.1";
/// Succeeds when it is there.
const PROBE: &str = "if (require('standardwebhooks/package.json').version !== '1.1.1') process.exit(1)";
/// Signed now, too long ago, and too far ahead, in seconds.
const SHIFTS: [&str; 3] = ["0", "-600", "600"];

pub(super) fn check() -> Result<Outcome> {
    let built = python::built()?;
    let python = PYTHON.installed(&built)?;
    let node = node(&built)?;
    let signed = SHIFTS.iter().map(|shift| sign(&built, shift)).collect::<Result<Vec<String>>>()?;
    let text = |path: PathBuf| path.display().to_string();
    let (examples, scripts) = (root().join("examples"), root().join("xtask"));
    Run::new(&python).args([text(scripts.join("webhooks.py")), text(examples.clone())]).args(&signed).pass()?;
    // Node looks for a library beside the script that names it.
    for (dir, name) in [(&scripts, "webhooks.mjs"), (&examples, "verify_webhook.mjs")] {
        fs::copy(dir.join(name), node.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    Run::new("node").args([text(node.join("webhooks.mjs"))]).args(&signed).pass()?;
    Ok(Outcome::Passed)
}

/// A file with what the example prints.
fn sign(built: &Path, shift: &str) -> Result<String> {
    let signed = Run::cargo().args(["run", "--locked", "--quiet", "--example", "sign_webhook", "--", shift]).read()?;
    let path = built.join(format!("webhooks/signed{shift}.json"));
    fs::write(&path, signed).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.display().to_string())
}

/// The directory in which Node finds the library.
fn node(built: &Path) -> Result<PathBuf> {
    let dir = built.join("webhooks/node");
    let text = dir.display().to_string();
    let path = format!("{text}/node_modules");
    if !Run::new("node").args(["-e", PROBE]).env("NODE_PATH", &path).answers() {
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {text}"))?;
        let options =
            ["--prefix", &text, "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--no-save"];
        Run::new("npm")
            .args(["install"])
            .args(options)
            .args([JAVASCRIPT])
            .pass()
            .with_context(|| format!("{JAVASCRIPT} cannot be installed: is the npm registry reachable?"))?;
    }
    Ok(dir)
}
