//! `PUT /api/v1/sdk/customer`: changes what is named and leaves the rest.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use crate::flows::update_customer::{CustomerPatch, UpdateError};
use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::{ApiError, Outcome};
use crate::http::presented::{client, presented};
use crate::http::refusal::{Surface, email_taken, metadata_fault, username_taken};
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::person;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::put("/api/v1/sdk/customer", "customer_update", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Published)?;
    let mut reading = request.fields().read();
    // A customer always has an address: it can be replaced, not taken away.
    let email = if request.fields().get("email").is_some() { person::email(&mut reading) } else { None };
    let username = person::username(&mut reading);
    let profile = person::profile(&mut reading);
    let metadata = person::metadata(&mut reading);
    reading.finish()?;
    let patch = CustomerPatch { email, username, profile, metadata };
    let issued = api.engine.update_customer(&presented, patch, &client(&request)).await.map_err(refused)?;
    Reply::data(&CustomerResource::of(&issued.customer, Some(&issued.token), api.engine.now()))
}

fn refused(error: UpdateError) -> ApiError {
    match error {
        UpdateError::Refused(error) => Surface::Published.refused(error),
        UpdateError::EmailTaken => email_taken(),
        UpdateError::UsernameTaken => username_taken(),
        UpdateError::Metadata(error) => metadata_fault(error),
        UpdateError::Unavailable(error) => error.into(),
    }
}

fn describe() -> Operation {
    let mut fields = vec![person::email_field().note("Another address is unconfirmed until it is proven.")];
    fields.extend(person::fields());
    let summary = "Changes the customer. What is absent stays; an empty text takes a value away.";
    operation("customer", summary, Token::BearerOrBody)
        .takes(Token::BearerOrBody, fields)
        .answers::<CustomerResource<'_>>("The customer with a fresh auth_token.")
        .changes()
        .build()
}
