//! Signals: the first SIGINT or SIGTERM asks for an orderly stop, the second one cuts it short.

use std::future::Future;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a stop that was cut short: what shells use for a program that a signal ended.
const CUT_SHORT: u8 = 130;

/// Becomes ready when a stop is asked for.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until a stop is asked for.
    pub(super) async fn asked(mut self) {
        // If nobody can ask any more, the process is ending.
        drop(self.0.wait_for(|asked| *asked).await);
    }
}

/// Both signals.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
        }
    }
}

/// A runtime of one thread a core.
pub(super) fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("doorward").build().context("cannot start the runtime")
}

/// Runs `work` until it ends by itself or has ended after a stop was asked for.
pub(super) fn run_until_stopped<F>(work: impl FnOnce(Stop) -> F) -> Result<ExitCode>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::install()?;
        let (ask, stop) = watch::channel(false);
        let mut work = tokio::spawn(work(Stop(stop)));
        tokio::select! {
            ended = &mut work => return ended.context("the server panicked").flatten().map(Some),
            () = signals.next() => (),
        }
        tracing::info!("stopping; a second signal cuts it short");
        // Work that has just ended needs not be asked.
        ask.send(true).ok();
        tokio::select! {
            ended = &mut work => ended.context("the server panicked").flatten().map(Some),
            () = signals.next() => Ok(None),
        }
    });
    match ended {
        Ok(Some(())) => Ok(ExitCode::SUCCESS),
        Ok(None) => {
            tracing::warn!("the stop was cut short; the next start replays the journal");
            runtime.shutdown_background();
            Ok(ExitCode::from(CUT_SHORT))
        }
        Err(error) => Err(error),
    }
}
