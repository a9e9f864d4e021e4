//! `doorward verify`: reads everything that a data directory holds, and changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::{output, progress};
use crate::storage::{self, Verified};
use crate::telemetry::{self, Format};

/// Check a data directory without changing it, while no server uses it.
///
/// Reads the journal, the snapshots and those before them, and checks every rule. Tells what is there and everything that is wrong.
/// The exit code is 0 when nothing is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where snapshots are copied to while they are read [default: the system's directory for temporary files].
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    telemetry::init(Format::Human, "warn,doorward=info")?;
    let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let cannot = || format!("cannot verify {}", args.data.display());
    let verified = storage::verify(&args.data, &scratch, &mut *progress::shown()).with_context(cannot)?;
    output::text(text(args, &verified).as_bytes())?;
    Ok(if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(args: &Args, verified: &Verified) -> String {
    let Verified { seq, accounts, customers, sessions, torn, findings, .. } = verified;
    let data = args.data.display();
    let mut lines = Vec::new();
    if findings.is_empty() {
        lines.push(format!("{data}: nothing is wrong"));
    }
    lines.extend(findings.iter().map(|finding| format!("{data}: {finding}")));
    if let Some(torn) = torn {
        let at = format!("{} from byte {} on", torn.file, torn.offset);
        lines.push(format!(
            "{data}: a write was cut short, which nobody had been told of: {at}; the next start drops it"
        ));
    }
    lines.push(format!("  {seq} records; {accounts} accounts with {customers} customers and {sessions} sessions"));
    lines.push(String::new());
    lines.join("\n")
}
