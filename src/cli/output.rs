//! Standard output: what was asked for, one JSON value a line.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a value as one line.
pub(super) fn line(value: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value).context("cannot write the answer as JSON")?;
    line.push(b'\n');
    text(&line)
}

/// Prints text and makes sure that it has left.
pub(super) fn text(text: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Prints text for people to standard error; if that is gone, nobody misses it.
pub(super) fn remark(text: &str) {
    drop(io::stderr().write_all(text.as_bytes()));
}
