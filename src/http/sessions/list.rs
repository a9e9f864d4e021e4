//! `GET /api/v1/sessions`: the sessions that could still be used, the newest first.

use std::sync::Arc;

use doorward_domain::account::Session;
use doorward_domain::account::session::Method;
use doorward_domain::ids::SessionId;
use doorward_domain::text::Device;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use crate::http::context::Api;
use crate::http::describe::{Token, operation};
use crate::http::error::Outcome;
use crate::http::presented::presented;
use crate::http::refusal::Surface;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::routes::Route;

/// A session as its customer sees it. Times are Unix seconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::http) struct SessionResource {
    /// The id; it opens nothing.
    id: String,
    /// Whether it is the one that asks.
    is_current: bool,
    /// The site it was opened on.
    site_id: u32,
    /// `password` or `register`.
    method: &'static str,
    /// What the browser said it was.
    device: Option<String>,
    /// Where it was opened from.
    ip: Option<String>,
    opened_at: i64,
    /// When its newest token was issued.
    refreshed_at: i64,
    expires_at: i64,
}

pub(super) fn route() -> Route<Api> {
    Route::get("/api/v1/sessions", "session_list", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let presented = presented(&request, Surface::Own)?;
    let mine = api.engine.my_sessions(&presented).map_err(|error| Surface::Own.refused(error))?;
    let shown: Vec<_> = mine.sessions.iter().map(|session| SessionResource::of(session, mine.current)).collect();
    Reply::data(&shown)
}

fn describe() -> Operation {
    operation("sessions", "The customer's sessions that could still be used, the newest first.", Token::Bearer)
        .answers_list::<SessionResource>("The sessions.")
        .build()
}

impl SessionResource {
    fn of(session: &Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            is_current: session.id == current,
            site_id: session.site.0,
            method: match session.method {
                Method::Password => "password",
                Method::Register => "register",
            },
            device: session.device.as_ref().map(|device: &Device| device.as_str().to_owned()),
            ip: session.address.map(|address| address.to_string()),
            opened_at: session.opened_at.secs(),
            refreshed_at: session.refreshed_at.secs(),
            expires_at: session.expires_at.secs(),
        }
    }
}
