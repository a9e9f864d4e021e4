//! The secrets of a webhook, and the headers that prove who sent a body.
//!
//! Two proofs travel with each delivery: the published one, `X-Pelcro-Hmac-SHA256`, and the three headers of Standard Webhooks 1.0, whose
//! signature covers id and time as well, so that a receiver can refuse what is replayed. While a secret is being replaced the second
//! proof is made with each of them; the first has room for one, the newest. A secret is never shown, logged or kept here.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_domain::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// What the text of a secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// The length of a secret that is drawn.
pub const SECRET_LEN: usize = 32;
/// The shortest secret that is taken.
pub const SECRET_LEN_MIN: usize = 24;
/// The longest secret that is taken.
pub const SECRET_LEN_MAX: usize = 64;
/// How many secrets sign at once: the newest ones.
pub const SECRETS_MAX: usize = 4;
/// The longest id of a message.
pub const ID_LEN_MAX: usize = 64;

/// The published proof: base64 of HMAC-SHA-256 over the raw body.
pub const PUBLISHED_SIGNATURE: HeaderName = HeaderName::from_static("x-pelcro-hmac-sha256");
/// The id of the message: the same at each attempt to deliver it.
pub const ID: HeaderName = HeaderName::from_static("webhook-id");
/// When this attempt was made, in Unix seconds.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`; one for each secret, with a space between.
pub const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What sender and receiver share: `whsec_` and base64. Wiped on drop, never shown.
pub struct Secret {
    text: Zeroizing<String>,
    key: Zeroizing<Vec<u8>>,
}

/// The secrets that are good now, the newest first; at least one.
#[derive(Debug)]
pub struct Secrets {
    newest: Secret,
    older: Vec<Secret>,
}

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No prefix, or not base64 after it.
    #[error("a webhook secret is {SECRET_PREFIX} followed by base64")]
    Syntax,
    /// Too short or too long.
    #[error("a webhook secret has {SECRET_LEN_MIN} to {SECRET_LEN_MAX} bytes")]
    Length,
}

/// An id that cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a message is 1 to {ID_LEN_MAX} ASCII letters, digits, - and _")]
pub struct IdError;

/// The headers that go with one body at one attempt.
#[derive(Clone, Debug)]
pub struct Signed(HeaderMap);

impl Secret {
    /// Draws a new secret.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut key = Zeroizing::new(vec![0; SECRET_LEN]);
        entropy.fill(&mut key);
        Self::of(key)
    }

    /// Reads a secret as [`Secret::expose`] writes it.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(SecretError::Syntax)?;
        let key = STANDARD.decode(encoded).map(Zeroizing::new).map_err(|_syntax| SecretError::Syntax)?;
        if (SECRET_LEN_MIN..=SECRET_LEN_MAX).contains(&key.len()) {
            Ok(Self::of(key))
        } else {
            Err(SecretError::Length)
        }
    }

    fn of(key: Zeroizing<Vec<u8>>) -> Self {
        // Its length is known, so no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(SECRET_PREFIX.len() + SECRET_LEN_MAX.div_ceil(3) * 4));
        text.push_str(SECRET_PREFIX);
        STANDARD.encode_string(&*key, &mut text);
        Self { text, key }
    }

    /// The secret as its owner is told it, and as it is sealed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secrets {
    /// The newest secret, and those that were replaced but are still good, newest first. Past [`SECRETS_MAX`] the oldest do not sign.
    #[must_use]
    pub fn new(newest: Secret, mut older: Vec<Secret>) -> Self {
        older.truncate(SECRETS_MAX - 1);
        Self { newest, older }
    }

    fn iter(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl Signed {
    /// Signs a body. `id` names the message and is the same at each attempt; `at` is when this attempt is made.
    ///
    /// # Errors
    /// [`IdError`]: a dot in the id would let two messages have one signature.
    pub fn new(secrets: &Secrets, id: &str, at: Timestamp, body: &[u8]) -> Result<Self, IdError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if id.is_empty() || id.len() > ID_LEN_MAX || !id.bytes().all(is_plain) {
            return Err(IdError);
        }
        let timestamp = at.secs().to_string();
        let signatures: Vec<String> = secrets.iter().map(|secret| standard(secret, [id, &timestamp], body)).collect();
        let mut headers = HeaderMap::with_capacity(4);
        let mut put = |name: HeaderName, text: &str| {
            let value = HeaderValue::try_from(text).expect("base64, digits and checked ids are header text");
            headers.insert(name, value);
        };
        put(PUBLISHED_SIGNATURE, &published(&secrets.newest, body));
        put(ID, id);
        put(TIMESTAMP, &timestamp);
        put(SIGNATURE, &signatures.join(" "));
        Ok(Self(headers))
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0
    }
}

/// The key is the secret as its owner pasted it, prefix and all: that is what receivers of the published interface hash with.
fn published(secret: &Secret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.text.as_bytes());
    STANDARD.encode(hmac::sign(&key, body))
}

/// Standard Webhooks 1.0, "Signature scheme".
fn standard(secret: &Secret, [id, timestamp]: [&str; 2], body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.key));
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        context.update(part);
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests;
