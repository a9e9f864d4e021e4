//! The API as one piece: what handlers are given, and the one list of all routes.
//!
//! A new endpoint is a file of its own and one line in [`routes`]. Nothing here knows what an endpoint does.

use std::sync::Arc;

use utoipa::{PartialSchema, ToSchema};

use super::cors::Origins;
use super::error::Body;
use super::ops;
use super::ops::observe::Metrics;
use super::ops::openapi::{self, NamedSchema};
use super::routes::{Route, Table};
use super::server::{Error, Ready};
use super::{jwks, sdk, sessions};
use crate::flows::Engine;

/// What handlers are given.
pub struct Api {
    pub(super) engine: Arc<Engine>,
    ready: Ready,
}

impl Api {
    /// The context of all handlers.
    #[must_use]
    pub fn new(engine: Arc<Engine>, ready: Ready) -> Self {
        Self { engine, ready }
    }

    /// The engine behind it.
    pub(super) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
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
/// [`Error`].
pub fn table(metrics: Option<Metrics>) -> Result<Table<Api>, Error> {
    let mut routes = routes();
    openapi::add_to(&mut routes, schemas())?;
    routes.extend(metrics.map(ops::metrics));
    Ok(Table::new(routes)?)
}

/// The description of the API, as `/openapi.json` shows it.
///
/// # Errors
/// [`Error::Description`].
pub fn description() -> Result<String, Error> {
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

/// The site says which pages may read its answers. What concerns no site that exists holds nothing to protect: a preflight without a
/// site, a refusal.
pub(super) fn origins(engine: Arc<Engine>) -> Origins {
    Box::new(move |origin, site| {
        let place = site.and_then(|site| engine.place(site));
        place.is_none_or(|place| place.site.lets_read(origin))
    })
}
