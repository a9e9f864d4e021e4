//! `/accounts/{account_id}/.well-known/jwks.json`: the public keys that verify an account's auth_tokens (RFC 7517).

use std::sync::Arc;

use doorward_domain::ids::AccountId;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use super::body::digits;
use super::context::Api;
use super::describe::public_operation;
use super::error::{ApiError, Outcome};
use super::reply::Reply;
use super::request::Request;
use super::routes::Route;
use crate::flows::{Jwk, Jwks};

/// How long a verifier may keep the keys. A new key signs as soon as it is published, so that a verifier that meets a `kid` it does not
/// know must fetch them again, as the usual libraries do; a key that has signed stays published.
const CACHE_SECS: u32 = 300;

/// A set of public keys.
#[derive(Serialize, ToSchema)]
#[schema(as = JsonWebKeySet)]
pub(super) struct KeySet {
    /// The keys, the one that signs first.
    keys: Vec<Key>,
}

/// An ES256 key.
#[derive(Serialize, ToSchema)]
#[schema(as = JsonWebKey)]
struct Key {
    /// `EC`.
    kty: String,
    /// `P-256`.
    crv: String,
    /// First coordinate, base64url.
    x: String,
    /// Second coordinate, base64url.
    y: String,
    /// `sig`.
    #[serde(rename = "use")]
    usage: String,
    /// `ES256`.
    alg: String,
    /// What tokens name it by.
    kid: String,
}

pub(super) fn route() -> Route<Api> {
    Route::get("/accounts/{account_id}/.well-known/jwks.json", "jwks", handle, describe)
}

async fn handle(api: Arc<Api>, request: Request) -> Outcome {
    let unknown = || ApiError::refused(StatusCode::NOT_FOUND, "account_not_found", "There is no such account.");
    let account = digits(request.param()).map(AccountId).ok_or_else(unknown)?;
    let jwks = api.engine.jwks(account)?.ok_or_else(unknown)?;
    Ok(Reply::json(StatusCode::OK, &KeySet::from(jwks))?.cached_for(CACHE_SECS))
}

fn describe() -> Operation {
    public_operation("keys", "The public keys that verify the account's auth_tokens.")
        .answers_bare::<KeySet>("The keys.")
        .refuses(404, "`account_not_found`.")
        .build()
}

impl From<Jwks> for KeySet {
    fn from(jwks: Jwks) -> Self {
        Self { keys: jwks.keys.into_iter().map(Key::from).collect() }
    }
}

impl From<Jwk> for Key {
    fn from(key: Jwk) -> Self {
        let Jwk { kty, crv, x, y, usage, alg, kid } = key;
        Self { kty, crv, x, y, usage, alg, kid }
    }
}
