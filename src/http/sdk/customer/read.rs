//! `POST /api/v1/sdk/customer`: the customer whose token it is. The published interface reads by POST.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use crate::http::admission::Work;
use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::Outcome;
use crate::http::presented::presented;
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::post("/api/v1/sdk/customer", "customer_read", handle, describe).work(Work::Read)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Published)?;
    let checked = api.engine.check(&presented).map_err(|error| Surface::Published.refused(error))?;
    Reply::data(&CustomerResource::of(&checked.accepted.customer, Some(&presented.token), api.engine.now()))
}

fn describe() -> Operation {
    operation(
        "customer",
        "The customer whose token it is. This is also how a server checks a token.",
        Token::BearerOrBody,
    )
    .takes(Token::BearerOrBody, Vec::new())
    .answers::<CustomerResource<'_>>("The customer, with the same token again.")
    .build()
}
