//! `doorward check-config`: everything that is wrong with a configuration, at once.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::output;
use crate::config::{Environment, ServeConfig};

/// Check a configuration without starting anything.
///
/// Reads it as `serve` would, with the files it names and the environment, and reports everything that is wrong, each with its line
/// and its key. The exit code is 0 when `serve` would take it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(value_name = "FILE", required_unless_present = "config")]
    file: Option<PathBuf>,
    /// The configuration, as `serve` names it.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let path = args.file.as_ref().or(args.config.as_ref()).cloned().unwrap_or_default();
    ServeConfig::load(&path, &Environment::read())?;
    output::text(format!("{}: no errors\n", path.display()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
