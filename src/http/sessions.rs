//! My sessions, an interface of ours: list them, end one, end all others.

mod list;
mod revoke;
mod revoke_others;

pub(super) use self::list::SessionResource;

use super::context::Api;
use super::error::ApiError;
use super::routes::Route;
use http::StatusCode;

pub(super) fn routes() -> Vec<Route<Api>> {
    vec![list::route(), revoke::route(), revoke_others::route()]
}

fn not_found() -> ApiError {
    ApiError::refused(StatusCode::NOT_FOUND, "session_not_found", "There is no such session.")
}
