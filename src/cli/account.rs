//! `doorward account`: accounts come into being.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

use super::offline::{self, Place};
use super::output;
use crate::AccountHandle;
use doorward_domain::text::Name;

/// Create and list accounts, while the service is not running.
///
/// Prints one JSON object for each account, a line each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create an account: a business with its own sites and customers.
    Create {
        #[command(flatten)]
        place: Place,
        /// What it is called.
        #[arg(long, value_parser = Name::parse)]
        name: Name,
    },
    /// List all accounts.
    List {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Serialize)]
struct Shown {
    account_id: u64,
    name: String,
    sites: usize,
    customers: usize,
}

impl Shown {
    fn of(account: &AccountHandle) -> Self {
        let view = account.view();
        let name = view.root().name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default();
        Self { account_id: account.id().0, name, sites: view.sites().count(), customers: view.customers_len() }
    }
}

pub(super) fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Create { place, name } => offline::with_engine(&place, async |doorward| {
            let account = doorward.create_account(name).await?;
            output::line(&Shown::of(&account))
        }),
        Command::List { place } => offline::with_engine(&place, async |doorward| {
            doorward.accounts().iter().try_for_each(|account| output::line(&Shown::of(account)))
        }),
    }
}
