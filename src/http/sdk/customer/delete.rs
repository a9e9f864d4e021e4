//! `DELETE /api/v1/sdk/customer`: customers delete their own account. An addition of ours to the published interface.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use crate::http::body::BodyPolicy;
use crate::http::context::Api;
use crate::http::describe::{Field, Token, operation};
use crate::http::error::Outcome;
use crate::http::presented::{client, presented};
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::person;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::delete("/api/v1/sdk/customer", "customer_delete", handle, describe).body(BodyPolicy::FIELDS)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Own)?;
    let mut reading = request.fields().read();
    let is_given = request.fields().get("password").is_some();
    let password = if is_given { person::password(&mut reading, "password") } else { None };
    reading.finish()?;
    let deleted = api.engine.delete_own_customer(&presented, password, &client(&request)).await;
    deleted.map_err(|error| Surface::Own.not_proven(error, "password"))?;
    Ok(Reply::nothing())
}

fn describe() -> Operation {
    let password = Field::password("password").note("The current one; asked of a customer who has one.");
    operation("customer", "Deletes the customer whose token it is, with every session.", Token::Bearer)
        .takes(Token::Bearer, vec![password])
        .answers_nothing("The customer is gone.")
        .refuses(429, "`too_many_attempts`.")
        .changes()
        .build()
}
