//! The steps that are a cargo command. All of them use the lock file as it is (`--locked`), the same profile and the
//! same flags, so that dependencies are compiled once.

use anyhow::Result;

use crate::install::{NEXTEST, cargo_tool, debian_tools};
use crate::report::Outcome;
use crate::run::Run;

pub(super) fn tools() -> Result<Outcome> {
    debian_tools()?;
    cargo_tool(&NEXTEST)?;
    Ok(Outcome::Passed)
}

pub(super) fn fmt() -> Result<Outcome> {
    cargo(&["fmt", "--all", "--check"])
}

pub(super) fn clippy() -> Result<Outcome> {
    cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

pub(super) fn engine() -> Result<Outcome> {
    cargo(&["clippy", "--locked", "--package", "doorward", "--lib", "--no-default-features", "--", "-D", "warnings"])
}

pub(super) fn binary() -> Result<Outcome> {
    cargo(&["build", "--locked", "--bin", "doorward"])
}

pub(super) fn tests() -> Result<Outcome> {
    cargo(&["nextest", "run", "--locked", "--workspace"])
}

pub(super) fn doctests() -> Result<Outcome> {
    cargo(&["test", "--locked", "--workspace", "--doc"])
}

pub(super) fn rustdoc() -> Result<Outcome> {
    Run::cargo().args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").pass()?;
    Ok(Outcome::Passed)
}

fn cargo(args: &[&str]) -> Result<Outcome> {
    Run::cargo().args(args).pass()?;
    Ok(Outcome::Passed)
}
