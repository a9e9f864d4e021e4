//! A running service from its ports to its end: operator's port, recovery, front door, drain, engine. The order of start and stop of
//! what is behind the door stands in `app.rs`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::health::Health;
use super::stop::Stop;
use super::{open_files, progress};
use crate::Doorward;
use crate::app::{self, App, Options};
use crate::http::context::Api;
use crate::http::ops::observe::Metrics;
use crate::http::serve::Drained;
use crate::http::server::{self, Front};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// An address that is ours. Connections are refused until [`Port::listen`], so that nobody waits for a recovery, and a port that
/// is taken is found before one.
pub(super) struct Port {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Port {
    /// Takes an address; port 0 takes a free one.
    pub(super) fn take(asked: SocketAddr) -> Result<Self> {
        let taken = || {
            let socket = if asked.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            socket.bind(asked)?;
            let address = socket.local_addr()?;
            Ok::<_, std::io::Error>(Self { socket, address })
        };
        taken().with_context(|| format!("cannot listen on {asked}"))
    }

    /// The address, with the port that was found.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(self) -> Result<TcpListener> {
        self.socket.listen(BACKLOG).with_context(|| format!("cannot listen on {}", self.address))
    }
}

/// What a service is made of.
pub(super) struct Setup {
    pub(super) port: Port,
    pub(super) metrics: Option<Port>,
    pub(super) front: Front,
    pub(super) options: Options,
}

/// An engine that is open behind a door that is still closed.
pub(super) struct Service {
    doorward: Doorward,
    port: Port,
    front: Front,
    health: Arc<Health>,
    operations: Option<Operations>,
}

/// The operator's server: up from the first moment to the last.
struct Operations {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
    upkeep: JoinHandle<()>,
}

impl Service {
    /// Opens the engine; `None` when a stop was asked for before it was open. A recovery can be left at any moment.
    pub(super) async fn open(setup: Setup, stop: Stop) -> Result<Option<Self>> {
        let Setup { port, metrics, front, options } = setup;
        open_files::raise(front.limits.connections_max);
        let health = Arc::new(Health::default());
        let operations = metrics.map(|port| Operations::start(port, &health)).transpose()?;
        let app = tokio::select! {
            app = App::start(options, progress::shown()) => app?,
            () = stop.asked() => {
                tracing::info!("stopped before the data was open");
                return Ok(None);
            }
        };
        Ok(Some(Self { doorward: Doorward::from_app(app), port, front, health, operations }))
    }

    /// The engine.
    pub(super) fn doorward(&self) -> &Doorward {
        &self.doorward
    }

    /// Opens the door, calls `opened`, and serves until a stop is asked for; then closes the door, drains it, and stops the engine.
    pub(super) async fn run(self, stop: Stop, opened: impl FnOnce(SocketAddr) -> Result<()>) -> Result<()> {
        let Self { doorward, port, front, health, operations } = self;
        let upkeep = front.metrics.clone().map(|metrics| app::watched(metrics.upkeep(), doorward.store().clone()));
        let served = serve(&doorward, (port, front), &health, stop, opened).await;
        // Whatever came of the door, what is behind it is stopped in order.
        let stopped = doorward.stop().await;
        if let Some(upkeep) = upkeep {
            upkeep.abort();
        }
        if let Some(operations) = operations {
            operations.stop().await;
        }
        served?;
        stopped.context("the last snapshot was not written; nothing that was acknowledged is lost")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// The front door, from its opening to its end.
async fn serve(
    doorward: &Doorward,
    (port, front): (Port, Front),
    health: &Arc<Health>,
    stop: Stop,
    opened: impl FnOnce(SocketAddr) -> Result<()>,
) -> Result<()> {
    let door = server::front_door(Api::new(Arc::clone(doorward.engine()), health.ready()), front)?;
    let listening = port.address();
    let listener = port.listen()?;
    health.serve(doorward.store());
    opened(listening)?;
    tracing::info!(%listening, "ready");
    let closing = async {
        stop.asked().await;
        health.stop();
    };
    let Drained { finished, cut } = door.run(listener, closing).await;
    tracing::info!(finished, cut, "the door is closed");
    Ok(())
}

impl Operations {
    fn start(port: Port, health: &Arc<Health>) -> Result<Self> {
        let metrics = Metrics::install()?;
        let server = server::operations(metrics.clone(), health.ready())?;
        let listening = port.address();
        let listener = port.listen()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        tracing::info!(%listening, "probes and metrics are answered");
        Ok(Self { stop, ended, upkeep: tokio::spawn(metrics.upkeep()) })
    }

    async fn stop(self) {
        self.upkeep.abort();
        // Either has ended already if the other side is gone.
        self.stop.send(()).ok();
        self.ended.await.ok();
    }
}
