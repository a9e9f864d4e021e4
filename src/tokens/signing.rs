//! The keys that sign an account's tokens, and the set of public keys it publishes.
//!
//! ES256 only (RFC 7518 §3.4): one key, one algorithm. A key's name is the thumbprint of its public half (RFC 7638), so
//! it can be neither chosen nor confused. Where keys are kept, and when they change, is decided elsewhere.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Error, sha256};
use crate::entropy::{Entropy, draw};

/// Keys of one account: the one that signs and the older ones.
pub const KEYS_MAX: usize = doorward_domain::limits::SIGNING_KEYS_MAX;
/// A random 256-bit number is no P-256 key once in 2^32; eight such in a row are a broken source.
const DRAWS_MAX: usize = 8;

/// A private key, parsed once and ready to sign. Its memory is AWS-LC's, which wipes it.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    jwk: Jwk,
    /// The first part of every token it signs, encoded.
    header: String,
}

impl SigningKey {
    /// Draws a new key.
    ///
    /// # Errors
    ///
    /// [`Error::SigningKey`] if the source of randomness repeats unusable numbers.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, Error> {
        let mut tries = 0;
        loop {
            let scalar = Zeroizing::new(draw::<32>(entropy));
            tries += 1;
            match PrivateKey::from_private_key(&ECDH_P256, &*scalar) {
                Err(refused) if tries == DRAWS_MAX => return Err(Error::SigningKey(refused)),
                Err(_zero_or_too_large) => {}
                Ok(private) => {
                    let public = private.compute_public_key().map_err(Error::Sign)?;
                    let pair = EcdsaKeyPair::from_private_key_and_public_key(
                        &ECDSA_P256_SHA256_FIXED_SIGNING,
                        &*scalar,
                        public.as_ref(),
                    );
                    return Self::from_pair(pair.map_err(Error::SigningKey)?);
                }
            }
        }
    }

    /// Reads a key from the PKCS#8 document that [`SigningKey::to_pkcs8`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::SigningKey`] for anything but a P-256 private key.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, Error> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document)
            .map_err(Error::SigningKey)
            .and_then(Self::from_pair)
    }

    /// The private key as a PKCS#8 document: seal it before it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Sign`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let document = self.pair.to_pkcs8v1().map_err(Error::Sign)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The name of the key: the thumbprint of its public half.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// Its public half, to be published.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The encoded header `{"alg":"ES256","typ":"JWT","kid":…}`.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// `r ‖ s`, 64 bytes. The nonce is drawn by AWS-LC itself.
    #[expect(clippy::disallowed_methods, reason = "the argument that ECDSA signing asks for; AWS-LC does not read it")]
    pub(super) fn sign(&self, message: &[u8]) -> Result<impl AsRef<[u8]> + use<>, Error> {
        self.pair.sign(&SystemRandom::new(), message).map_err(Error::Sign)
    }

    fn from_pair(pair: EcdsaKeyPair) -> Result<Self, Error> {
        let jwk = Jwk::from_point(pair.public_key().as_ref()).ok_or(Error::Sign(Unspecified))?;
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{}"}}"#, jwk.kid));
        Ok(Self { pair, jwk, header })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.jwk.kid).finish_non_exhaustive()
    }
}

/// A public ES256 key as published (RFC 7517). Members are declared in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// First coordinate, 32 bytes in base64url.
    pub x: String,
    /// Second coordinate, 32 bytes in base64url.
    pub y: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `ES256`.
    pub alg: String,
    /// The name that tokens give.
    pub kid: String,
}

impl Jwk {
    /// From an uncompressed point: `4 ‖ x ‖ y`.
    fn from_point(point: &[u8]) -> Option<Self> {
        let (&[4], coordinates) = point.split_first_chunk::<1>()? else { return None };
        let (x, y) = coordinates.split_at_checked(32)?;
        if y.len() != 32 {
            return None;
        }
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()));
        let text = str::to_owned;
        Some(Self { kty: text("EC"), crv: text("P-256"), x, y, usage: text("sig"), alg: text("ES256"), kid })
    }

    /// Whether it says of itself that it verifies ES256 signatures.
    pub(super) fn is_es256(&self) -> bool {
        self.kty == "EC" && self.crv == "P-256" && self.usage == "sig" && self.alg == "ES256"
    }
}

/// A published set of public keys (RFC 7517 §5): serialise it with `serde_json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys, the one that signs first.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// The key that a token names.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}

/// The keys of one account: one that signs, and the public ones that are published. A clone is one reference count.
#[derive(Debug, Clone)]
pub struct KeyRing(Arc<Ring>);

#[derive(Debug)]
struct Ring {
    current: SigningKey,
    jwks: Jwks,
}

impl KeyRing {
    /// A ring that signs with `current` and publishes it together with `others`, the older keys whose tokens may still live.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyKeys`].
    pub fn new(current: SigningKey, others: Vec<Jwk>) -> Result<Self, Error> {
        let mut keys = vec![current.jwk.clone()];
        keys.extend(others.into_iter().filter(|other| other.kid != current.jwk.kid));
        if keys.len() > KEYS_MAX {
            return Err(Error::TooManyKeys);
        }
        Ok(Self(Arc::new(Ring { current, jwks: Jwks { keys } })))
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &SigningKey {
        &self.0.current
    }

    /// What is published at `<issuer>/.well-known/jwks.json`.
    #[must_use]
    pub fn jwks(&self) -> &Jwks {
        &self.0.jwks
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jsonwebtoken::jwk::ThumbprintHash;

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};

    #[derive(Debug)]
    struct Stuck(u8);

    impl Entropy for Stuck {
        fn fill(&self, buf: &mut [u8]) {
            buf.fill(self.0);
        }
    }

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn a_key_follows_from_its_entropy_and_survives_its_document() {
        let original = key(1);
        assert_eq!(original.kid(), key(1).kid());
        assert_ne!(original.kid(), key(2).kid());
        let read = SigningKey::from_pkcs8(&original.to_pkcs8().unwrap()).unwrap();
        assert_eq!(read.jwk(), original.jwk());
        assert_eq!(format!("{original:?}"), format!("SigningKey {{ kid: \"{}\", .. }}", original.kid()));
    }

    #[test]
    fn numbers_that_are_no_key_are_drawn_again_and_not_for_ever() {
        assert!(matches!(SigningKey::generate(&Stuck(0)), Err(Error::SigningKey(_))));
        assert!(matches!(SigningKey::generate(&Stuck(0xff)), Err(Error::SigningKey(_))));
        assert!(SigningKey::generate(&Stuck(1)).is_ok());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "keys of other kinds, to be refused")]
    fn only_a_p256_key_is_read() {
        use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, Ed25519KeyPair};
        let rng = SystemRandom::new();
        let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &rng).unwrap();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&rng).unwrap();
        let good = key(1).to_pkcs8().unwrap();
        for document in [p384.as_ref(), ed25519.as_ref(), b"", b"nonsense", good.split_last().unwrap().1] {
            assert!(matches!(SigningKey::from_pkcs8(document), Err(Error::SigningKey(_))));
        }
    }

    #[test]
    fn the_kid_is_the_thumbprint_that_jsonwebtoken_computes() {
        super::super::install_crypto();
        let jwk = serde_json::to_string(key(3).jwk()).unwrap();
        let theirs: jsonwebtoken::jwk::Jwk = serde_json::from_str(&jwk).unwrap();
        assert_eq!(theirs.thumbprint(ThumbprintHash::SHA256).unwrap(), key(3).kid());
    }

    #[test]
    fn the_published_set_holds_public_members_alone() {
        let ring = KeyRing::new(key(1), vec![key(2).jwk().clone(), key(1).jwk().clone()]).unwrap();
        let json = serde_json::to_value(ring.jwks()).unwrap();
        let keys = json.get("keys").unwrap().as_array().unwrap();
        assert_eq!(keys.len(), 2);
        for (published, seed) in keys.iter().zip([1, 2]) {
            let members: Vec<&String> = published.as_object().unwrap().keys().collect();
            assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
            assert_eq!(published.get("kid").unwrap(), key(seed).kid());
            assert_eq!(published.get("use").unwrap(), "sig");
            assert_eq!(published.get("alg").unwrap(), "ES256");
        }
        assert_eq!(serde_json::from_value::<Jwks>(json).unwrap(), *ring.jwks());
    }

    #[test]
    fn a_ring_has_a_bound() {
        let others = |count: u64| (1..=count).map(|seed| key(seed).jwk().clone()).collect();
        let current = || SigningKey::generate(&SystemEntropy).unwrap();
        assert!(KeyRing::new(current(), others(31)).is_ok());
        assert!(matches!(KeyRing::new(current(), others(32)), Err(Error::TooManyKeys)));
    }
}
