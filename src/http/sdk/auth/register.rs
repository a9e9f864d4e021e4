//! `POST /api/v1/sdk/auth/register`: a new customer, logged in at once.
//!
//! Published clients read `errors` of every refusal without asking whether it is there; the row in the table promises it.

use std::sync::Arc;

use http::StatusCode;
use utoipa::openapi::path::Operation;

use crate::flows::Wait;
use crate::flows::register::{Register, RegisterError};
use crate::http::context::Api;
use crate::http::describe::{Field, Token, operation};
use crate::http::error::{ApiError, Outcome};
use crate::http::presented::{self, client};
use crate::http::refusal::{email_taken, metadata_fault, site_unknown, username_taken};
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::person;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::post("/api/v1/sdk/auth/register", "auth_register", handle, describe).promising_errors()
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let site = presented::site(&request)?;
    let mut reading = request.fields().read();
    let email = person::email(&mut reading);
    let password = person::password(&mut reading, "password");
    let username = person::username(&mut reading).flatten();
    let profile = person::first_profile(person::profile(&mut reading));
    let metadata = person::metadata(&mut reading);
    let (email, password) = reading.finish_with(email.zip(password))?;
    let register = Register { site, email, password: Some(password), username, profile, metadata };
    let issued = api.engine.register(register, &client(&request)).await.map_err(refused)?;
    Reply::data(&CustomerResource::of(&issued.customer, Some(&issued.token), api.engine.now()))
}

fn refused(error: RegisterError) -> ApiError {
    match error {
        RegisterError::SiteNotFound => site_unknown(),
        RegisterError::TooMany(wait) => too_many(wait),
        RegisterError::EmailTaken => email_taken(),
        RegisterError::UsernameTaken => username_taken(),
        RegisterError::Password(fault) => ApiError::invalid_field("password", fault.to_string()),
        RegisterError::Metadata(error) => metadata_fault(error),
        RegisterError::Full => {
            ApiError::refused(StatusCode::FORBIDDEN, "account_full", "The account takes no more customers.")
        }
        RegisterError::Unavailable(error) => error.into(),
    }
}

fn too_many(wait: Wait) -> ApiError {
    ApiError::too_many(
        "too_many_registrations",
        "Too many registrations, please try again later.",
        wait.retry_after_secs(),
    )
}

fn describe() -> Operation {
    let mut fields = vec![person::email_field().required(), Field::password("password").required()];
    fields.extend(person::fields());
    operation("auth", "Registers a customer and opens a session.", Token::Unasked)
        .takes(Token::Unasked, fields)
        .answers::<CustomerResource<'_>>("The new customer with an auth_token.")
        .refuses(403, "`account_full`.")
        .refuses(429, "`too_many_registrations`.")
        .changes()
        .build()
}
