//! What proves something: signing keys, auth tokens, and the sealing of secrets at rest.
//!
//! The only room that names `jsonwebtoken`, and the only one that sees a private key or the master key in clear. It
//! never decides whether a token is still good in this process: that is the domain's, asked by the token's digest.
//!
//! Tokens are signed with AWS-LC directly, over an [`aws_lc_rs`] key that was parsed once: `jsonwebtoken::encode` parses
//! the PKCS#8 document anew for every token. What is signed here is verified by `jsonwebtoken` ([`verify()`]).

pub mod auth_token;
pub mod sealing;
pub mod signing;
pub mod verify;

#[cfg(test)]
mod forgeries;

pub use auth_token::{AuthToken, Claims, Minted, draw_jti, mint};
pub use sealing::{MasterKey, Purpose};
pub use signing::{Jwk, Jwks, KeyRing, SigningKey};
pub use verify::{VerifyError, verify};

/// Why a token or a sealed secret could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account has no key to sign with.
    #[error("the account has no signing key")]
    NoSigningKey,
    /// The master key is neither hexadecimal nor base64.
    #[error("the master key is neither hexadecimal nor base64")]
    MasterKeyEncoding,
    /// The master key has another length than 32 bytes.
    #[error("the master key must be 32 bytes long")]
    MasterKeyLength,
    /// The master key is one that nobody drew at random.
    #[error("the master key is not random: make one with `openssl rand -hex 32`")]
    MasterKeyWeak,
    /// A secret is larger than [`sealing::PLAINTEXT_LEN_MAX`].
    #[error("a secret of {len} bytes is too large to seal")]
    PlaintextTooLong {
        /// Its size in bytes.
        len: usize,
    },
    /// The cipher refused to seal.
    #[error("cannot seal a secret")]
    Seal,
    /// Sealed bytes of another format.
    #[error("the sealed secret has an unknown format")]
    SealedFormat,
    /// Sealed under another master key: the right one must be configured.
    #[error("the secret was sealed with another master key")]
    SealedByOtherKey,
    /// Changed, or moved from another purpose or id.
    #[error("the sealed secret is damaged or was moved")]
    SealedDamaged,
    /// Bytes that are no P-256 private key.
    #[error("the signing key is not a P-256 key in PKCS#8")]
    SigningKey(#[source] aws_lc_rs::error::KeyRejected),
    /// The signing backend failed.
    #[error("cannot sign")]
    Sign(#[source] aws_lc_rs::error::Unspecified),
    /// More keys than [`signing::KEYS_MAX`].
    #[error("a key ring holds at most {} keys", signing::KEYS_MAX)]
    TooManyKeys,
    /// A text that cannot be an auth token.
    #[error("the auth token is malformed")]
    TokenShape,
    /// The claims do not fit in [`auth_token::TOKEN_LEN_MAX`].
    #[error("the auth token would be too long")]
    TokenTooLong,
}

/// Makes AWS-LC the cryptography of `jsonwebtoken` in this process. Call it once at the start of `main`; more often
/// does no harm.
pub fn install_crypto() {
    // An error says that a provider is already installed: by an earlier call, or by the program that embeds this one.
    let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// SHA-256.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile if the type has one of the traits: then two implementations answer.
    macro_rules! assert_lacks {
        ($secret:ty: $($shown_by:path),+) => {$({
            trait Probe<Answer> {
                fn probe() {}
            }
            struct HasIt;
            impl<T> Probe<()> for T {}
            impl<T: $shown_by> Probe<HasIt> for T {}
            <$secret as Probe<_>>::probe();
        })+};
    }

    #[test]
    fn secrets_can_be_neither_shown_nor_compared() {
        assert_lacks!(AuthToken: std::fmt::Display, PartialEq, serde::Serialize, std::ops::Deref, AsRef<str>);
        assert_lacks!(MasterKey: std::fmt::Display, PartialEq, serde::Serialize, std::ops::Deref, AsRef<str>);
        assert_lacks!(SigningKey: std::fmt::Display, PartialEq, serde::Serialize, std::ops::Deref, AsRef<str>);
    }
}
