//! `doorward serve`: the service of a configuration.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::server::{Port, Service, Setup};
use super::stop::{self, Stop};
use crate::app::{Data, Options};
use crate::config::{Environment, ServeConfig};
use crate::entropy::{SystemEntropy, draw};
use crate::flows::Issuer;
use crate::http::server::Front;
use crate::telemetry;

/// Run the service that a configuration describes.
///
/// Opens the data directory, replays what the journal holds, and serves until SIGINT or SIGTERM: then nothing new is accepted,
/// requests in hand finish, everything is written, and the exit code is 0. A second signal ends it at once; nothing that was
/// acknowledged is lost then either.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration; examples/doorward.toml has every key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let config = ServeConfig::load(&args.config, &Environment::read())?;
    telemetry::init(config.log.format, &config.log.filter)?;
    stop::run_until_stopped(|stop| Box::pin(serve(config, stop)))
}

async fn serve(config: ServeConfig, stop: Stop) -> Result<()> {
    let port = Port::take(config.server.listen)?;
    let metrics = config.server.metrics_listen.map(Port::take).transpose()?;
    let front = Front {
        proxies: config.server.trusted_proxies.clone(),
        limits: config.server.limits.clone(),
        admission: config.server.admission,
        ids_prefix: u64::from_be_bytes(draw(&SystemEntropy)),
        metrics: None,
    };
    let setup = Setup { port, metrics, front, options: options(config) };
    match Service::open(setup, stop.clone()).await? {
        Some(service) => service.run(stop, |_| Ok(())).await,
        None => Ok(()),
    }
}

/// The engine that a configuration describes.
pub(super) fn options(config: ServeConfig) -> Options {
    let issuer = Issuer::new(&config.server.public_url);
    Options {
        hashing: config.hashing,
        bounds: config.limits.bounds,
        storage: config.data.storage,
        registrations: config.limits.registrations,
        logins: config.limits.logins,
        clock_trust: config.clock,
        ..Options::new(Data::Directory(config.data.dir), config.master_key, issuer)
    }
}
