//! The API as one piece: the one list of all routes.
//!
//! A new endpoint is a file of its own and one line in [`routes`]. Nothing here knows what an endpoint does.

use super::context::Api;
use super::error::Body;
use super::ops;
use super::ops::observe::Metrics;
use super::ops::openapi::{self, NamedSchema, named};
use super::routes::{Route, Table, TableError};
use super::{jwks, sdk, sessions};

/// Why a server was not made. Both are bugs in the table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rows contradict each other.
    #[error("the table of routes is wrong")]
    Table(#[from] TableError),
    /// The description of the rows cannot be written.
    #[error("the description of the routes cannot be written")]
    Description(#[from] serde_json::Error),
}

/// Every row of the API but `/openapi.json` and `/metrics`.
#[must_use]
pub fn routes() -> Vec<Route<Api>> {
    let ops = [ops::healthz(), ops::readyz(|api: &Api| api.readiness())];
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
