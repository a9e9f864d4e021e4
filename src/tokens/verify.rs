//! The strict verification of an auth token, for other services and for tests.
//!
//! Our own process asks the digest instead. Everything here is fixed by the caller or by the published key, nothing by
//! the token (RFC 8725): one algorithm, one type, three header members, keys from the given set alone, no fetch.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_domain::time::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::auth_token::{AuthToken, Claims};
use super::install_crypto;
use super::signing::Jwks;

/// How far two clocks may differ, in seconds.
pub const LEEWAY_SECS: i64 = 10;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The header is not `{alg, typ, kid}` and nothing else, each once.
    #[error("the token's header is not accepted")]
    Header,
    /// Another algorithm than ES256.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Another type than `JWT`.
    #[error("the token's type is not accepted")]
    Type,
    /// No key of the given set has its `kid`, or that key does not verify ES256.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing, given twice, or of another type than it has.
    #[error("the token's claims are malformed")]
    Claims,
    /// Another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time has passed.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not good yet")]
    NotYetValid,
}

/// The only header that is accepted. `crit`, `jku`, `jwk`, `x5u`, `x5c`, `b64`, `zip` and every other member are refused
/// by being unknown, repeated members by serde.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Verifies a token against a published key set.
///
/// # Errors
///
/// [`VerifyError`]: header, algorithm, type, key, signature, claims, issuer, audience, time, in this order.
pub fn verify(
    token: &AuthToken,
    keys: &Jwks,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims, VerifyError> {
    let key = select_key(token, keys)?;
    install_crypto();
    let claims = jsonwebtoken::decode::<Claims>(token.expose(), &key, &validation(issuer, audience))
        .map_err(|refused| reason(refused.kind()))?
        .claims;
    check_times(&claims, now.secs())?;
    Ok(claims)
}

fn select_key(token: &AuthToken, keys: &Jwks) -> Result<DecodingKey, VerifyError> {
    let header = token.expose().split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_not_base64| VerifyError::Header)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_not_this_header| VerifyError::Header)?;
    if header.alg != "ES256" {
        return Err(VerifyError::Algorithm);
    }
    if header.typ != "JWT" {
        return Err(VerifyError::Type);
    }
    let key = keys.find(&header.kid).filter(|key| key.is_es256()).ok_or(VerifyError::UnknownKey)?;
    DecodingKey::from_ec_components(&key.x, &key.y).map_err(|_not_base64| VerifyError::UnknownKey)
}

/// Time is checked by [`check_times`]: `jsonwebtoken` asks the machine's clock and rounds 60 seconds away.
fn validation(issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "nbf"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn reason(kind: &ErrorKind) -> VerifyError {
    match kind {
        ErrorKind::InvalidIssuer => VerifyError::Issuer,
        ErrorKind::InvalidAudience => VerifyError::Audience,
        ErrorKind::InvalidSignature => VerifyError::Signature,
        ErrorKind::InvalidAlgorithm => VerifyError::Algorithm,
        ErrorKind::InvalidEcdsaKey | ErrorKind::InvalidKeyFormat => VerifyError::UnknownKey,
        _ => VerifyError::Claims,
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), VerifyError> {
    if claims.exp.saturating_add(LEEWAY_SECS) <= now {
        return Err(VerifyError::Expired);
    }
    let latest_start = now.saturating_add(LEEWAY_SECS);
    if claims.nbf > latest_start || claims.iat > latest_start {
        return Err(VerifyError::NotYetValid);
    }
    Ok(())
}
