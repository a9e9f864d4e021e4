//! `POST /api/v1/sdk/customer/refresh`: the same token while it is young, otherwise a newer one of the same session.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::Outcome;
use crate::http::presented::{client, presented};
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::post("/api/v1/sdk/customer/refresh", "customer_refresh", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Published)?;
    let refreshed = api.engine.refresh(presented, &client(&request)).await;
    let issued = refreshed.map_err(|error| Surface::Published.not_done(error))?;
    Reply::data(&CustomerResource::of(&issued.customer, Some(&issued.token), api.engine.now()))
}

fn describe() -> Operation {
    let summary =
        "Refreshes the session. A token younger than an hour is echoed; an older one is answered by a newer one.";
    operation("customer", summary, Token::BearerOrBody)
        .takes(Token::BearerOrBody, Vec::new())
        .answers::<CustomerResource<'_>>("The customer with the auth_token to go on with.")
        .changes()
        .build()
}
