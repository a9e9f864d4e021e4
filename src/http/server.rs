//! Two servers over one engine: the front door for customers, and a small one for the operator alone, which answers probes from the
//! first moment on, while the front door is still closed.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::address::TrustedProxies;
use super::admission::AdmissionLimits;
use super::api;
pub use super::api::Error;
use super::context::Api;
pub use super::context::Ready;
use super::cors::Origins;
use super::ops;
use super::ops::observe::Metrics;
use super::request::RequestIds;
use super::routes::{Door, Doorway, Table};
use super::serve::{Drained, Limits, Settings, serve};

/// Connections of the operator's server.
const OPERATOR_CONNECTIONS_MAX: usize = 64;

/// What the front door is told.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Who may say who the client is.
    pub proxies: TrustedProxies,
    /// What a connection may cost.
    pub limits: Limits,
    /// How much may be in hand.
    pub admission: AdmissionLimits,
    /// What request ids begin with: another number at each start.
    pub ids_prefix: u64,
    /// The metrics to show at `/metrics`; `None` where they have a listener of their own, or none.
    pub metrics: Option<Metrics>,
}

/// A server that is made and does not serve yet.
pub struct Server<C> {
    door: Arc<Door<C>>,
    settings: Settings,
}

impl<C: Send + Sync + 'static> Server<C> {
    fn new(context: Arc<C>, table: Table<C>, front: Front, origins: Origins) -> Self {
        let Front { proxies, mut limits, admission, ids_prefix, .. } = front;
        limits.body_len_max = table.body_len_max();
        let settings = Settings { limits, proxies: proxies.clone() };
        let ids = RequestIds::new(ids_prefix);
        let door = Door::new(Doorway { context, table, origins, proxies, admission, ids });
        Self { door, settings }
    }

    /// Serves until `stop` is ready, then drains.
    pub async fn run(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Drained {
        serve(listener, warp::service(self.door.filter()), self.settings, stop).await
    }
}

/// The front door: every route that a customer's request may take, the probes, and the description of them all.
///
/// # Errors
/// [`Error`]; a test of the list of routes makes it impossible.
pub fn front_door(api: Api, front: Front) -> Result<Server<Api>, Error> {
    let table = api::table(front.metrics.clone())?;
    let origins = api.origins();
    Ok(Server::new(Arc::new(api), table, front, origins))
}

/// The operator's server: probes and metrics.
///
/// # Errors
/// [`Error`].
pub fn operations(metrics: Metrics, ready: Ready) -> Result<Server<()>, Error> {
    let routes = vec![ops::healthz(), ops::readyz(move |_: &()| ready()), ops::metrics(metrics)];
    let limits = Limits { connections_max: OPERATOR_CONNECTIONS_MAX, ..Limits::default() };
    let front = Front { limits, ..Front::default() };
    Ok(Server::new(Arc::default(), Table::new(routes)?, front, Box::new(|_, _| false)))
}
