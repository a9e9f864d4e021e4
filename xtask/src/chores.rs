//! The chores that are one command: dependency policy, mutation of the core, golden files.

use anyhow::{Context, Result, bail};

use crate::install::{DENY, MUTANTS, NEXTEST, cargo_tool};
use crate::report::Outcome;
use crate::run::Run;

/// `cargo xtask deny`: the policy of `deny.toml`, and advisories wherever the database can be had.
pub(crate) fn deny() -> Result<()> {
    match dependency_policy()? {
        Outcome::Passed => println!("dependency policy passed"),
        Outcome::Partly(reason) => println!("dependency policy passed in part: {reason}"),
    }
    Ok(())
}

/// The same, as a step of `cargo xtask test`.
pub(crate) fn dependency_policy() -> Result<Outcome> {
    cargo_tool(&DENY)?;
    Run::cargo().args(["deny", "--all-features", "check", "bans", "licenses", "sources"]).pass()?;
    if let Err(error) = Run::cargo().args(["deny", "fetch", "db"]).read() {
        let reason = "advisories not checked, the RustSec database cannot be fetched here";
        eprintln!("{reason}: {error:#}");
        return Ok(Outcome::Partly(reason.to_owned()));
    }
    Run::cargo().args(["deny", "--all-features", "check", "--disable-fetch", "advisories"]).pass()?;
    Ok(Outcome::Passed)
}

/// `cargo xtask mutants`: settings and explained survivors are in `.cargo/mutants.toml`.
pub(crate) fn mutants(args: &[String]) -> Result<()> {
    cargo_tool(&NEXTEST)?;
    cargo_tool(&MUTANTS)?;
    Run::cargo()
        .args(["mutants", "--package", "doorward-domain"])
        .args(args)
        .pass()
        .context("a survivor wants a test, or an entry with its reason in .cargo/mutants.toml")
}

/// `cargo xtask golden`: runs the tests that compare with golden files, letting them write what they see.
pub(crate) fn golden() -> Result<()> {
    cargo_tool(&NEXTEST)?;
    Run::cargo()
        .args(["nextest", "run", "--package", "doorward", "--test", "it"])
        .env("INSTA_UPDATE", "always")
        .pass()?;
    let changed = Run::new("git").args(["status", "--porcelain", "--", "tests/golden", "snapshots"]).read()?;
    if changed.is_empty() {
        println!("no golden file changed");
    } else {
        println!("{changed}read each change with `git diff` before it is committed");
    }
    if changed.lines().any(|line| line.ends_with(".snap.new")) {
        bail!("a golden file was left beside the one it should replace");
    }
    Ok(())
}
