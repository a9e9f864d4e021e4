//! The auth token: a JWT (RFC 7519) that a session is presented with.
//!
//! Mints it, knows its shape, and computes the digest by which this process looks it up. Nothing in it is believed
//! without a look-up of that digest; other services believe it after [`super::verify()`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_domain::ids::{SiteId, TokenDigest};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::signing::KeyRing;
use super::{Error, sha256};
use crate::entropy::{Entropy, draw};

/// No auth token is longer, in bytes.
pub const TOKEN_LEN_MAX: usize = 8_192;

/// What an auth token says. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: the account's issuer URL.
    pub iss: String,
    /// The customer's id, in decimal.
    pub sub: String,
    /// Whom it is for: the account, one string.
    pub aud: String,
    /// Its own random id: no two tokens are alike ([`draw_jti`]).
    pub jti: String,
    /// Issued at.
    pub iat: i64,
    /// Not good before.
    pub nbf: i64,
    /// Not good from here on.
    pub exp: i64,
    /// The session.
    pub sid: String,
    /// The site at which it was issued.
    pub site: u32,
}

/// A fresh `jti`: 128 random bits in base64url.
#[must_use]
pub fn draw_jti(entropy: &dyn Entropy) -> String {
    URL_SAFE_NO_PAD.encode(draw::<16>(entropy))
}

/// An auth token. It opens a session: no `Display`, no `Serialize`, no comparison, wiped on drop.
pub struct AuthToken(Zeroizing<String>);

/// A new token and the digest by which it is known.
#[derive(Debug)]
pub struct Minted {
    /// What the customer's browser gets, and nobody else.
    pub token: AuthToken,
    /// [`AuthToken::digest`] of it.
    pub digest: TokenDigest,
}

/// Signs the claims with the ring's current key.
///
/// # Errors
///
/// [`Error::Sign`], [`Error::TokenTooLong`].
pub fn mint(keys: &KeyRing, claims: &Claims) -> Result<Minted, Error> {
    let payload = serde_json::to_vec(claims).map_err(|_claims_are_plain| Error::TokenShape)?;
    let mut text = Zeroizing::new(String::with_capacity(2 * payload.len() + 300));
    text.push_str(keys.current().header());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    let signature = keys.current().sign(text.as_bytes())?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    if text.len() > TOKEN_LEN_MAX {
        return Err(Error::TokenTooLong);
    }
    let token = AuthToken(text);
    let digest = token.digest();
    Ok(Minted { token, digest })
}

impl AuthToken {
    /// Takes a presented text for a token if it has the shape of one: at most [`TOKEN_LEN_MAX`] bytes, three parts of
    /// base64url letters without padding. Nothing is verified.
    ///
    /// # Errors
    ///
    /// [`Error::TokenShape`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if text.len() > TOKEN_LEN_MAX || text.split('.').count() != 3 || !text.split('.').all(is_part) {
            return Err(Error::TokenShape);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// SHA-256 of the token's exact bytes: how the process knows it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(sha256(self.0.as_bytes()))
    }

    /// The token's text, for the answer that hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The site it claims to be from: good for choosing where to look, never for believing it.
    #[must_use]
    pub fn unverified_site(&self) -> Option<SiteId> {
        self.peek()?.site.as_u64().and_then(|site| u32::try_from(site).ok()).map(SiteId)
    }

    fn peek(&self) -> Option<Peek> {
        let payload = self.0.split('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// The claim that is looked at before a token is believed; it may be any JSON.
#[derive(Deserialize)]
struct Peek {
    #[serde(default)]
    site: serde_json::Value,
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};
    use crate::tokens::SigningKey;

    fn ring() -> KeyRing {
        KeyRing::new(SigningKey::generate(&SeededEntropy::new(1)).unwrap(), Vec::new()).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            iss: "https://id.example/accounts/7".to_owned(),
            sub: "4503599627370497".to_owned(),
            aud: "account:7".to_owned(),
            jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
            iat: 1_700_000_000,
            nbf: 1_700_000_000,
            exp: 1_702_592_000,
            sid: "s1".to_owned(),
            site: 3,
        }
    }

    fn token_with_payload(json: &str) -> AuthToken {
        AuthToken::parse(&format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(json))).unwrap()
    }

    #[test]
    fn a_digest_is_sha256_of_the_exact_text() {
        // Computed with `printf %s e30.e30.AA | sha256sum`.
        let expected = "4357466b02e9ee7980d03934e529bb5fa13485bae584cd2b0e2434eaf72dd161";
        let digest = AuthToken::parse("e30.e30.AA").unwrap().digest();
        assert_eq!(digest.0.map(|byte| format!("{byte:02x}")).concat(), expected);
    }

    #[test]
    fn a_minted_token_says_what_it_was_told_and_keeps_its_digest() {
        let Minted { token, digest } = mint(&ring(), &claims()).unwrap();
        assert_eq!(token.unverified_site(), Some(SiteId(3)));
        let presented = AuthToken::parse(token.expose()).unwrap();
        assert_eq!(presented.digest(), digest);
        let parts: Vec<_> = token.expose().split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        let [header, payload, signature] = parts.as_slice() else { unreachable!() };
        let kid = ring().current().kid().to_owned();
        assert_eq!(*header, format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{kid}"}}"#).as_bytes());
        assert_eq!(serde_json::from_slice::<Claims>(payload).unwrap(), claims());
        assert_eq!(signature.len(), 64);
        assert_eq!(format!("{token:?}"), "AuthToken(…)");
    }

    #[test]
    fn a_jti_has_128_bits_and_does_not_repeat() {
        let one = draw_jti(&SystemEntropy);
        assert_eq!(URL_SAFE_NO_PAD.decode(&one).unwrap().len(), 16);
        assert_ne!(one, draw_jti(&SystemEntropy));
    }

    #[test]
    fn claims_beyond_the_length_of_a_token_are_refused() {
        let mint_with = |len| mint(&ring(), &Claims { iss: "x".repeat(len), ..claims() });
        assert!(mint_with(5_000).is_ok());
        assert!(matches!(mint_with(8_000), Err(Error::TokenTooLong)));
    }

    #[test]
    fn only_three_parts_of_base64url_letters_are_a_token() {
        let at_limit = format!("a.b.{}", "c".repeat(TOKEN_LEN_MAX - 4));
        assert!(AuthToken::parse(&at_limit).is_ok());
        let over = format!("{at_limit}c");
        let megabyte = format!("a.b.{}", "c".repeat(1 << 20));
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.",
            ".b.c",
            "a..c",
            "a.b.c.d",
            "a.b.c.d.e",
            "a.b.c=",
            "a.b.c ",
            " a.b.c",
            "a.b.c\n",
            "a.b+.c",
            "a.b/.c",
            "a.b.\u{e9}",
            "a.b\0.c",
            "Bearer a.b.c",
            "{\"a\":1}",
            &over,
            &megabyte,
        ] {
            assert!(matches!(AuthToken::parse(text), Err(Error::TokenShape)), "{text:.40}");
        }
    }

    #[test]
    fn a_peek_finds_what_is_there_and_never_more() {
        for (json, site) in [
            (r#"{"site":3,"exp":9}"#, Some(3)),
            (r#"{"site":4294967295}"#, Some(u32::MAX)),
            (r#"{"site":4294967296}"#, None),
            (r#"{"site":"3"}"#, None),
            (r#"{"site":3.0}"#, None),
            (r#"{"site":-3}"#, None),
            (r#"{"site":[3]}"#, None),
            (r#"{"site":3,"site":4}"#, None),
            (r#"{"site":1e400}"#, None),
            ("[]", None),
            ("{}", None),
            ("3", None),
            ("not json", None),
        ] {
            let token = token_with_payload(json);
            assert_eq!(token.unverified_site(), site.map(SiteId), "{json}");
        }
        let deep = format!(r#"{{"site":{}1{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
        assert_eq!(token_with_payload(&deep).unverified_site(), None);
        assert_eq!(AuthToken::parse("a.b.c").unwrap().unverified_site(), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_and_peeked_without_a_panic(text in "\\PC{0,60}|[A-Za-z0-9_-]{1,20}\\.[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,20}") {
            if let Ok(token) = AuthToken::parse(&text) {
                let _peeked = token.unverified_site();
                proptest::prop_assert_eq!(token.expose(), text);
            }
        }
    }
}
