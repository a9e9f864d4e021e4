//! `doorward site`: sites come into being and change.

mod settings;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde::Serialize;

use self::settings::SettingsArgs;
use super::offline::{self, Place};
use super::output;
use crate::Doorward;
use doorward_domain::account::site::{Host, Origin, SiteProfile};
use doorward_domain::account::{Settings, Site};
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::text::Name;

/// Create, list and change sites, while the service is not running.
///
/// Prints one JSON object for each site, a line each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    List(List),
    Set(Set),
}

/// Create a site of an account: a place where its customers log in.
#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// The account it belongs to, by its id.
    #[arg(long, value_name = "ID")]
    account: u64,
    /// What it is called.
    #[arg(long, value_parser = Name::parse)]
    name: Name,
    /// Its host name: news.example.org.
    #[arg(long, value_parser = Host::parse)]
    host: Host,
    /// A page that may call the API for this site, as https://news.example.org; may be repeated. Without any, every page may.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = Origin::parse)]
    origins: Vec<Origin>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// List the sites of all accounts, or of one.
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    place: Place,
    /// The account, by its id.
    #[arg(long, value_name = "ID")]
    account: Option<u64>,
}

/// Change a site; what is not named stays as it is.
#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    place: Place,
    /// The site, by its id.
    #[arg(long, value_name = "ID")]
    site: u32,
    /// What it is called.
    #[arg(long, value_parser = Name::parse)]
    name: Option<Name>,
    /// Its host name: news.example.org.
    #[arg(long, value_parser = Host::parse)]
    host: Option<Host>,
    /// A page that may call the API for this site; may be repeated, and replaces all there were.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = Origin::parse, conflicts_with = "any_origin")]
    origins: Vec<Origin>,
    /// Let every page call the API for this site.
    #[arg(long)]
    any_origin: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Serialize)]
struct Shown {
    id: u32,
    account_id: u64,
    name: String,
    host: String,
    origins: Vec<String>,
    #[serde(flatten)]
    settings: settings::Shown,
}

impl Shown {
    fn of(account: AccountId, site: &Site) -> Self {
        let SiteProfile { name, host, origins } = &site.profile;
        Self {
            id: site.id.0,
            account_id: account.0,
            name: name.as_str().to_owned(),
            host: host.as_str().to_owned(),
            origins: origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            settings: settings::Shown::of(&site.settings),
        }
    }
}

pub(super) fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Create(Create { place, account, name, host, origins, settings }) => {
            let profile = SiteProfile { name, host, origins };
            offline::with_engine(&place, async |doorward| {
                let account = doorward.account(AccountId(account)).context("there is no such account")?;
                let site = account.create_site(profile, settings.over(Settings::default())).await?;
                show(doorward, site.id())
            })
        }
        Command::List(List { place, account }) => offline::with_engine(&place, async |doorward| {
            let is_asked = |id: AccountId| account.is_none_or(|account| account == id.0);
            for account in doorward.accounts().iter().filter(|account| is_asked(account.id())) {
                for site in account.view().sites() {
                    output::line(&Shown::of(account.id(), site))?;
                }
            }
            Ok(())
        }),
        Command::Set(set) => change(set),
    }
}

fn change(set: Set) -> Result<ExitCode> {
    let Set { place, site, name, host, origins, any_origin, settings } = set;
    let changes_profile = name.is_some() || host.is_some() || !origins.is_empty() || any_origin;
    if !changes_profile && settings.is_empty() {
        bail!("nothing to change was named: see `doorward site set --help`");
    }
    offline::with_engine(&place, async |doorward| {
        let id = SiteId(site);
        let place = doorward.engine().place(id).context("there is no such site")?;
        let old = &place.site.profile;
        let profile = SiteProfile {
            name: name.unwrap_or_else(|| old.name.clone()),
            host: host.unwrap_or_else(|| old.host.clone()),
            origins: if origins.is_empty() && !any_origin { old.origins.clone() } else { origins },
        };
        let settings = settings.over(place.site.settings.clone());
        doorward.engine().update_site(id, Some(profile), Some(settings)).await?;
        show(doorward, id)
    })
}

fn show(doorward: &Doorward, id: SiteId) -> Result<()> {
    let place = doorward.engine().place(id).context("there is no such site")?;
    output::line(&Shown::of(place.account(), &place.site))
}
