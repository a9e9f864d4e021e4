//! `POST /api/v1/sdk/auth/logout`: ends the session of the presented token.

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
    Route::post("/api/v1/sdk/auth/logout", "auth_logout", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Published)?;
    let ended = api.engine.logout(&presented, &client(&request)).await;
    let customer = ended.map_err(|error| Surface::Published.not_done(error))?;
    Reply::data(&CustomerResource::of(&customer, None, api.engine.now()))
}

fn describe() -> Operation {
    operation("auth", "Ends the session of the token, and with it every token of it.", Token::BearerOrBody)
        .takes(Token::BearerOrBody, Vec::new())
        .answers::<CustomerResource<'_>>("The customer, without a token.")
        .changes()
        .build()
}
