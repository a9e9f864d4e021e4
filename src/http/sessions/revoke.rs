//! `DELETE /api/v1/sessions/{id}`: ends one session of the customer.

use std::sync::Arc;

use utoipa::openapi::path::Operation;

use super::not_found;
use crate::flows::sessions::RevokeError;
use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::{ApiError, Outcome};
use crate::http::presented::{client, presented};
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;

pub(super) fn route() -> Route<Api> {
    Route::delete("/api/v1/sessions/{id}", "session_revoke", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Own)?;
    let session = request.param().parse().map_err(|_| not_found())?;
    api.engine.revoke_session(&presented, session, &client(&request)).await.map_err(refused)?;
    Ok(Reply::nothing())
}

fn refused(error: RevokeError) -> ApiError {
    match error {
        RevokeError::Refused(error) => Surface::Own.refused(error),
        RevokeError::SessionNotFound => not_found(),
        RevokeError::Unavailable(error) => error.into(),
    }
}

fn describe() -> Operation {
    operation("sessions", "Ends one session, the one that asks included.", Token::Bearer)
        .answers_nothing("It has ended, and every token of it.")
        .refuses(404, "`session_not_found`: the customer has no such session.")
        .changes()
        .build()
}
