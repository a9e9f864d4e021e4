//! `GET /api/v1/sdk/site`: a site's public configuration.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use super::resource::site::SiteResource;
use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::Outcome;
use crate::http::presented;
use crate::http::refusal::site_unknown;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;

/// How long caches may keep the configuration.
const CACHE_SECS: u32 = 300;

pub(super) fn route() -> Route<Api> {
    Route::get("/api/v1/sdk/site", "site_read", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let place = api.engine.place(presented::site(&request)?).ok_or_else(site_unknown)?;
    Ok(Reply::data(&SiteResource::of(&place.site, place.account()))?.cached_for(CACHE_SECS))
}

fn describe() -> Operation {
    operation("site", "A site's public configuration.", Token::Unasked).answers::<SiteResource<'_>>("The site.").build()
}
