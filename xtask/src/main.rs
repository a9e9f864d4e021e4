//! The chores of the house, each a sub-command: `cargo xtask test` is what CI runs, on any machine, from a clean clone.
//! Owns the order of checks and the tools they need; must never hold a rule about the product itself (those are tests).

mod chores;
mod install;
mod report;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of the house")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check everything, in order; stop at the first failure.
    Test {
        /// Run these steps only (see --list), in the usual order.
        #[arg(long = "only", value_name = "STEP")]
        only: Vec<String>,
        /// Name the steps and do nothing.
        #[arg(long)]
        list: bool,
    },
    /// Check licences, sources, bans and (where its database can be had) known advisories of the dependencies.
    Deny,
    /// Change the core in small ways and see that a test notices each.
    Mutants {
        /// Further arguments for cargo-mutants, after `--`.
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Write the golden files anew; the change is then read with `git diff` like any other.
    Golden,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().chore {
        Chore::Test { list: true, .. } => {
            test::list();
            Ok(())
        }
        Chore::Test { only, list: false } => test::run(&only),
        Chore::Deny => chores::deny(),
        Chore::Mutants { args } => chores::mutants(&args),
        Chore::Golden => chores::golden(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
