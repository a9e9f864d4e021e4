//! `doorward repair`: makes a new data directory of what is undamaged in another.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::{output, progress};
use crate::clock::SystemClock;
use crate::entropy::{Entropy, SystemEntropy};
use crate::storage::{Layout, Repair, Repaired};
use crate::telemetry::{self, Format};
use doorward_domain::time::Clock;

/// Make a new data directory of what is undamaged in another, while no server uses it.
///
/// The damaged directory is only read. Because a revocation may be among what was lost, every session in the new one is ended:
/// customers log in again. Tells what was damaged and what is known to be lost.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The damaged data directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The new one: an empty directory, or one that does not exist yet.
    #[arg(long, value_name = "NEWDIR")]
    into: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    telemetry::init(Format::Human, "warn,doorward=info")?;
    let Args { data, into } = args;
    let repair = Repair { from: data, into, layout: Layout::default(), now: SystemClock.now() };
    let cannot = || format!("cannot repair {} into {}", data.display(), into.display());
    let repaired = repair.run(&mut |bytes| SystemEntropy.fill(bytes), &mut *progress::shown()).with_context(cannot)?;
    output::text(text(args, &repaired).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn text(args: &Args, repaired: &Repaired) -> String {
    let Repaired { kept_seq, records_lost, is_end_known, damaged, accounts, customers, sessions_ended } = repaired;
    let (data, into) = (args.data.display(), args.into.display());
    let mut lines: Vec<String> = damaged.iter().map(|damaged| format!("{data}: {damaged}")).collect();
    if damaged.is_empty() {
        lines.push(format!("{data}: nothing was damaged"));
    }
    let lost = match (records_lost, is_end_known) {
        (0, true) => "none is known to be lost".to_owned(),
        (0, false) => "whether there were any after it is not known: if so, they are lost".to_owned(),
        (lost, _) => format!("at least {lost} after it are lost"),
    };
    lines.push(format!("{into}: everything up to record {kept_seq} is there; {lost}"));
    lines.push(format!(
        "  {accounts} accounts with {customers} customers; {sessions_ended} sessions were live and are ended now"
    ));
    lines.push(format!(
        "Run `doorward verify --data {into}`, then serve it instead of {data}, with the same master key."
    ));
    lines.push(String::new());
    lines.join("\n")
}
