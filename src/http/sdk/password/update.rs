//! `POST /api/v1/sdk/password/update`: another password, for who knows the current one. Every other session ends.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use crate::flows::change_password::{ChangePassword, ChangePasswordError};
use crate::http::context::Api;
use crate::http::describe::{Field, Token, operation};
use crate::http::error::{ApiError, Outcome};
use crate::http::presented::{client, presented};
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::person;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::post("/api/v1/sdk/password/update", "password_update", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Published)?;
    let mut reading = request.fields().read();
    let current = person::password(&mut reading, "old_password");
    let new = person::password(&mut reading, "new_password");
    let confirmed = reading.string("confirm_new_password");
    if !confirmed.is_empty() && new.is_some() && Some(confirmed) != request.fields().text("new_password") {
        reading.complain("confirm_new_password", "differs from the new password");
    }
    let (current, new) = reading.finish_with(current.zip(new))?;
    let changed = api.engine.change_password(&presented, ChangePassword { current, new }, &client(&request)).await;
    let issued = changed.map_err(refused)?;
    Reply::data(&CustomerResource::of(&issued.customer, Some(&issued.token), api.engine.now()))
}

fn refused(error: ChangePasswordError) -> ApiError {
    match error {
        ChangePasswordError::NotProven(error) => Surface::Published.not_proven(error, "old_password"),
        ChangePasswordError::Password(fault) => ApiError::invalid_field("new_password", fault.to_string()),
        ChangePasswordError::Unavailable(error) => error.into(),
    }
}

fn describe() -> Operation {
    let fields = ["old_password", "new_password", "confirm_new_password"];
    let fields = fields.map(|name| Field::password(name).required()).into_iter().collect();
    operation("password", "Changes the password and ends every other session.", Token::BearerOrBody)
        .takes(Token::BearerOrBody, fields)
        .answers::<CustomerResource<'_>>("The customer with a fresh auth_token.")
        .refuses(429, "`too_many_attempts`.")
        .changes()
        .build()
}
