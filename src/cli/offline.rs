//! Work on the data of a service that is not running: the engine is opened, used, and stopped. While a server runs, its lock on the
//! data refuses.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::{progress, serve, stop};
use crate::Doorward;
use crate::app::App;
use crate::config::{Environment, ServeConfig};
use crate::telemetry::{self, Format};

/// Where the data is.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The configuration of the service. It must not be running.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Opens the engine, does `work`, and stops it.
pub(super) fn with_engine(place: &Place, work: impl AsyncFnOnce(&Doorward) -> Result<()>) -> Result<ExitCode> {
    let config = ServeConfig::load(&place.config, &Environment::read())?;
    telemetry::init(Format::Human, "warn,doorward=info")?;
    let mut options = serve::options(config);
    options.hashing.threads = NonZeroUsize::MIN;
    stop::runtime()?.block_on(async {
        let doorward = Doorward::from_app(Box::pin(App::start(options, progress::shown())).await?);
        let done = work(&doorward).await;
        let stopped = doorward.stop().await;
        done?;
        stopped?;
        Ok(ExitCode::SUCCESS)
    })
}
