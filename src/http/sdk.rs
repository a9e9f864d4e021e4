//! The published identity interface, under `/api/v1/sdk`: its paths, fields, statuses and words, so that a site which speaks it today
//! can point here and go on working.

mod auth;
mod customer;
mod password;
mod person;
mod resource;
mod site;

use self::resource::customer::CustomerResource;
use self::resource::site::SiteResource;
use super::context::Api;
use super::ops::openapi::{NamedSchema, named};
use super::routes::Route;

pub(super) fn routes() -> Vec<Route<Api>> {
    let auth = [auth::register::route(), auth::login::route(), auth::logout::route()];
    let customer =
        [customer::read::route(), customer::update::route(), customer::refresh::route(), customer::delete::route()];
    auth.into_iter().chain(customer).chain([password::update::route(), site::route()]).collect()
}

pub(super) fn schemas() -> Vec<NamedSchema> {
    [named::<CustomerResource<'_>>(), named::<SiteResource<'_>>()].into_iter().flatten().collect()
}
