//! `doorward dev`: a service to look around in, without any configuration.

mod demo;
mod guide;
mod key;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use self::demo::Demo;
pub(super) use self::key::DevError;
use super::output;
use super::server::{Port, Service, Setup};
use super::stop::{self, Stop};
use crate::app::{Data, Options};
use crate::entropy::{SystemEntropy, draw};
use crate::flows::Issuer;
use crate::http::ops::observe::Metrics;
use crate::http::server::Front;
use crate::telemetry::{self, Format};
use doorward_domain::ClockTrust;

/// Run a service to look around in, without any configuration.
///
/// Makes a demo account with two sites, and a key of its own, below one directory, and prints what to try with curl. What was done is
/// still there at the next start. For one machine and one developer: it speaks plain HTTP, limits nobody by address, and keeps its
/// master key beside the data, where that of a real service must never lie.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address to listen on; port 0 takes a free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The directory of the data; made if it does not exist.
    #[arg(long, value_name = "DIR", default_value = "./doorward-data")]
    data: PathBuf,
    /// Once ready, print exactly one line of JSON with the address and the ids to standard output, and all else to standard error.
    #[arg(long)]
    json: bool,
    /// What is logged, to standard error.
    #[arg(long, value_name = "FILTER", default_value = "warn,doorward=info")]
    log: String,
}

pub(super) fn run(args: Args) -> Result<ExitCode> {
    telemetry::init(Format::Human, &args.log)?;
    stop::run_until_stopped(|stop| Box::pin(serve(args, stop)))
}

async fn serve(args: Args, stop: Stop) -> Result<()> {
    let port = Port::take(args.listen)?;
    let base = guide::base_url(port.address());
    let (master_key, to_keep) = key::of(&args.data)?;
    let options = Options {
        registrations: None,
        logins: None,
        // Whoever comes back after a month wants to go on.
        clock_trust: ClockTrust::Confirmed,
        ..Options::new(Data::Directory(args.data.clone()), master_key, Issuer::new(&base))
    };
    let ids_prefix = u64::from_be_bytes(draw(&SystemEntropy));
    let front = Front { ids_prefix, metrics: Some(Metrics::install()?), ..Front::default() };
    let Some(service) = Service::open(Setup { port, metrics: None, front, options }, stop.clone()).await? else {
        return Ok(());
    };
    // Only now is the directory ours; and nothing was sealed with the key yet.
    to_keep.store()?;
    let demo = demo::provision(service.doorward()).await?;
    service.run(stop, |listening| announce(&args, listening, &demo)).await
}

/// What a program that starts us reads.
#[derive(Serialize)]
struct Ready<'a> {
    listening: SocketAddr,
    #[serde(flatten)]
    demo: &'a Demo,
}

fn announce(args: &Args, listening: SocketAddr, demo: &Demo) -> Result<()> {
    let guide = guide::text(&guide::base_url(listening), demo, &args.data);
    if args.json {
        output::remark(&guide);
        output::line(&Ready { listening, demo })
    } else {
        output::text(guide.as_bytes())
    }
}
