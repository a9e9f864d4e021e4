//! `POST /api/v1/sessions/revoke-others`: ends every session of the customer but the one that asks.

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

pub(super) fn route() -> Route<Api> {
    Route::post("/api/v1/sessions/revoke-others", "session_revoke_others", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Own)?;
    let ended = api.engine.revoke_other_sessions(&presented, &client(&request)).await;
    ended.map_err(|error| Surface::Own.not_done(error))?;
    Ok(Reply::nothing())
}

fn describe() -> Operation {
    operation("sessions", "Ends every session but the one that asks.", Token::Bearer)
        .takes(Token::Bearer, Vec::new())
        .answers_nothing("All others have ended.")
        .changes()
        .build()
}
