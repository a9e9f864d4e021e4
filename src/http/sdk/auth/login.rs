//! `POST /api/v1/sdk/auth/login`: by e-mail or user name, and password.
//!
//! Whatever is wrong with the credentials, the answer is the same: unknown, wrong password, no password, locked.

use std::sync::Arc;

use doorward_domain::limits::{EMAIL_BYTES_MAX, USERNAME_CHARS_MAX};
use http::StatusCode;
use utoipa::openapi::path::Operation;

use crate::flows::Identity;
use crate::flows::login::{Login, LoginError};
use crate::http::body::Reading;
use crate::http::context::Api;
use crate::http::describe::{Field, Token, operation};
use crate::http::error::{ApiError, Outcome};
use crate::http::presented::{self, client};
use crate::http::refusal::site_unknown;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::http::sdk::person;
use crate::http::sdk::resource::customer::CustomerResource;

pub(in crate::http::sdk) fn route() -> Route<Api> {
    Route::post("/api/v1/sdk/auth/login", "auth_login", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let site = presented::site(&request)?;
    let mut reading = request.fields().read();
    let identity = identity(&mut reading);
    let password = person::password(&mut reading, "password");
    let (identity, password) = reading.finish_with(identity.zip(password))?;
    let login = Login { site, identity, password };
    let issued = api.engine.login(login, &client(&request)).await.map_err(refused)?;
    Reply::data(&CustomerResource::of(&issued.customer, Some(&issued.token), api.engine.now()))
}

/// The e-mail, else the user name. Their form is not judged: a text that is none names nobody.
fn identity(reading: &mut Reading<'_>) -> Option<Identity> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let email = given(reading.optional_string("email")).map(Identity::Email);
    let username = given(reading.optional_string("username")).map(Identity::Username);
    let identity = email.or(username);
    if identity.is_none() {
        reading.complain("email", "or the username is required");
    }
    identity
}

fn refused(error: LoginError) -> ApiError {
    match error {
        LoginError::SiteNotFound => site_unknown(),
        LoginError::TooMany(wait) => wait.into(),
        LoginError::InvalidCredentials => {
            let message = "Invalid credentials! Please try again.";
            ApiError::refused(StatusCode::NOT_FOUND, "invalid_credentials", message)
        }
        LoginError::Unavailable(error) => error.into(),
    }
}

fn describe() -> Operation {
    let fields = vec![
        Field::text("email", EMAIL_BYTES_MAX).note("This or the username."),
        Field::text("username", USERNAME_CHARS_MAX).note("Read when there is no e-mail."),
        Field::password("password").required(),
    ];
    operation("auth", "Logs a customer in.", Token::Unasked)
        .takes(Token::Unasked, fields)
        .answers::<CustomerResource<'_>>("The customer with an auth_token.")
        .refuses(404, "`invalid_credentials`, whatever is wrong with them.")
        .refuses(429, "`too_many_attempts`.")
        .changes()
        .build()
}
