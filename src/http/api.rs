//! The API as one piece: what handlers are given, the one list of all routes, and the door in front of them.
//!
//! A new endpoint is a file of its own and one line in [`routes`]. Nothing here knows what an endpoint does.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;
use utoipa::{PartialSchema, ToSchema};

use super::address::TrustedProxies;
use super::admission::AdmissionLimits;
use super::cors::Origins;
use super::error::Body;
use super::ops::observe::Metrics;
use super::ops::openapi::{self, NamedSchema};
use super::ops::{self, Readiness};
use super::request::RequestIds;
use super::routes::{Door, Doorway, Route, Table, TableError};
use super::serve::{self, Drained, Limits, Settings};
use super::{jwks, sdk, sessions};
use crate::flows::Engine;

/// What handlers are given.
pub struct Api {
    pub(super) engine: Arc<Engine>,
    ready: Ready,
}

/// Asks how the engine is doing.
pub type Ready = Box<dyn Fn() -> Readiness + Send + Sync>;

/// What the operator decides about the front door.
#[derive(Default)]
pub struct Options {
    /// The numbers of the accept loop. Its cap for bodies is set to what the routes take.
    pub limits: Limits,
    /// How much may be in hand.
    pub admission: AdmissionLimits,
    /// Who may say who the client is.
    pub proxies: TrustedProxies,
    /// What request ids begin with; it should differ between starts of the server.
    pub request_id_prefix: u64,
    /// The metrics to show at `/metrics`; `None` where they have a listener of their own, or none.
    pub metrics: Option<Metrics>,
}

/// Why there is no front door: a bug in the list of routes or in a description.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// Two routes contradict each other.
    #[error("the table of routes cannot be built")]
    Table(#[from] TableError),
    /// The description of the API cannot be written.
    #[error("the description of the API cannot be written")]
    Description(#[from] serde_json::Error),
}

/// The front door, ready to be put on a listener.
pub struct Front {
    door: Arc<Door<Api>>,
    settings: Settings,
}

impl Api {
    /// The context of all handlers.
    #[must_use]
    pub fn new(engine: Arc<Engine>, ready: Ready) -> Self {
        Self { engine, ready }
    }
}

impl Front {
    /// Builds the door over the engine.
    ///
    /// # Errors
    /// [`FrontError`]; a test of the list makes it impossible.
    pub fn new(api: Api, options: Options) -> Result<Self, FrontError> {
        let Options { mut limits, admission, proxies, request_id_prefix, metrics } = options;
        let table = table(metrics)?;
        limits.body_len_max = table.body_len_max();
        let door = Door::new(Doorway {
            origins: origins(Arc::clone(&api.engine)),
            context: Arc::new(api),
            table,
            proxies: proxies.clone(),
            admission,
            ids: RequestIds::new(request_id_prefix),
        });
        Ok(Self { door, settings: Settings { limits, proxies } })
    }

    /// Serves until `stop` is ready, then drains.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Drained {
        serve::serve(listener, warp::service(self.door.filter()), self.settings, stop).await
    }
}

/// Every row of the API but `/openapi.json` and `/metrics`.
#[must_use]
pub fn routes() -> Vec<Route<Api>> {
    let ops = [ops::healthz(), ops::readyz(|api: &Api| (api.ready)())];
    let ours = sessions::routes().into_iter().chain([jwks::route()]);
    sdk::routes().into_iter().chain(ours).chain(ops).collect()
}

/// The table, with its own description in it.
///
/// # Errors
/// [`FrontError`].
pub fn table(metrics: Option<Metrics>) -> Result<Table<Api>, FrontError> {
    let mut routes = routes();
    openapi::add_to(&mut routes, schemas())?;
    routes.extend(metrics.map(ops::metrics));
    Ok(Table::new(routes)?)
}

/// The description of the API, as `/openapi.json` shows it.
///
/// # Errors
/// [`FrontError::Description`].
pub fn description() -> Result<String, FrontError> {
    let mut routes = routes();
    openapi::add_to(&mut routes, Vec::new())?;
    Ok(serde_json::to_string_pretty(&openapi::document(&routes, schemas()))?)
}

/// What descriptions refer to by name.
fn schemas() -> Vec<NamedSchema> {
    let ours = [named::<Body<'_>>(), named::<sessions::SessionResource>(), named::<jwks::KeySet>()];
    sdk::schemas().into_iter().chain(ours.into_iter().flatten()).collect()
}

/// A schema under its own name, and those that it refers to.
pub(super) fn named<T: ToSchema>() -> Vec<NamedSchema> {
    let mut schemas = vec![(T::name().into_owned(), <T as PartialSchema>::schema())];
    T::schemas(&mut schemas);
    schemas
}

/// Any page may read the answers for a site that has registered no origin; otherwise its registered ones only. What concerns no site
/// that exists holds nothing to protect: a preflight without a site, a refusal.
fn origins(engine: Arc<Engine>) -> Origins {
    Box::new(move |origin, site| {
        let place = site.and_then(|site| engine.place(site));
        place.is_none_or(|place| {
            let registered = &place.site.profile.origins;
            registered.is_empty() || registered.iter().any(|known| known.as_str() == origin.as_str())
        })
    })
}
