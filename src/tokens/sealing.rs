//! Secrets that must be read again (signing keys, client secrets) sealed for the disk.
//!
//! AES-256-GCM under a key derived from the master key for each purpose; purpose and id are authenticated, so that a
//! sealed secret opens only where it was put. The master key itself comes from a file or the environment and is never
//! written beside the data.
//!
//! Format: `1 ‖ master key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::Error;
use crate::entropy::{Entropy, draw};

/// The length of a master key.
pub const MASTER_KEY_LEN: usize = 32;
/// Nothing larger is sealed.
pub const PLAINTEXT_LEN_MAX: usize = 64 * 1_024;
/// A random key of 32 bytes has fewer distinct ones about once in 10^15; a sentence or a pattern nearly always does.
pub const DISTINCT_BYTES_MIN: usize = 16;

const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const SALT: &[u8] = b"doorward master key";
const KEY_ID_INFO: &[u8] = b"key id";

/// What a sealed secret is for. A secret of one purpose never opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// The private key that signs an account's tokens (PKCS#8).
    SigningKey,
}

impl Purpose {
    /// Every purpose: the inventory of what is sealed.
    pub const ALL: &'static [Self] = &[Self::SigningKey];

    /// Its fixed name; a part of what is sealed, so it never changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SigningKey => "signing-key",
        }
    }
}

/// The key that everything at rest is sealed with. Wiped on drop, never shown.
pub struct MasterKey(Zeroizing<[u8; MASTER_KEY_LEN]>);

impl MasterKey {
    /// Reads 32 bytes written as 64 hexadecimal digits or as base64 (either alphabet, padded or not); white space
    /// around them is ignored.
    ///
    /// # Errors
    ///
    /// [`Error::MasterKeyEncoding`], [`Error::MasterKeyLength`], and [`Error::MasterKeyWeak`] for zeros, patterns and
    /// other keys that are not random.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bytes = Zeroizing::new(decode_hex(text).or_else(|| decode_base64(text)).ok_or(Error::MasterKeyEncoding)?);
        let key = <[u8; MASTER_KEY_LEN]>::try_from(bytes.as_slice()).map_err(|_length| Error::MasterKeyLength)?;
        let key = Zeroizing::new(key);
        if looks_random(&key) { Ok(Self(key)) } else { Err(Error::MasterKeyWeak) }
    }

    /// Draws a new key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(draw(entropy)))
    }

    /// The key as 64 hexadecimal digits, to be written to its own file and nowhere else.
    #[must_use]
    pub fn expose_hex(&self) -> Zeroizing<String> {
        let mut hex = Zeroizing::new(String::with_capacity(2 * MASTER_KEY_LEN));
        for byte in self.0.iter() {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        hex
    }

    /// Seals a secret that belongs to `id`.
    ///
    /// # Errors
    ///
    /// [`Error::PlaintextTooLong`], [`Error::Seal`].
    pub fn seal(&self, entropy: &dyn Entropy, purpose: Purpose, id: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        if plaintext.len() > PLAINTEXT_LEN_MAX {
            return Err(Error::PlaintextTooLong { len: plaintext.len() });
        }
        let prk = self.prk();
        let nonce: [u8; NONCE_LEN] = draw(entropy);
        let mut sealed = vec![FORMAT];
        sealed.extend(key_id(&prk)?);
        sealed.extend(nonce);
        let mut body = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plaintext);
        subkey(&prk, purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(purpose, id), &mut body)
            .map_err(|_unspecified| Error::Seal)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`MasterKey::seal`] made for the same purpose and id.
    ///
    /// # Errors
    ///
    /// [`Error::SealedFormat`], [`Error::SealedByOtherKey`], [`Error::SealedDamaged`].
    pub fn open(&self, purpose: Purpose, id: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (&format, rest) = sealed.split_first().ok_or(Error::SealedFormat)?;
        let (sealed_by, rest) = rest.split_at_checked(KEY_ID_LEN).ok_or(Error::SealedFormat)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(Error::SealedFormat)?;
        if format != FORMAT || body.len() < AES_256_GCM.tag_len() {
            return Err(Error::SealedFormat);
        }
        let prk = self.prk();
        if sealed_by != key_id(&prk)? {
            return Err(Error::SealedByOtherKey);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| Error::SealedFormat)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plaintext_len = subkey(&prk, purpose)?
            .open_in_place(nonce, aad(purpose, id), &mut body)
            .map_err(|_unspecified| Error::SealedDamaged)?
            .len();
        body.truncate(plaintext_len);
        Ok(body)
    }

    fn prk(&self) -> Prk {
        Salt::new(HKDF_SHA256, SALT).extract(&*self.0)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Tells an operator that the wrong key is configured; says nothing about the key.
fn key_id(prk: &Prk) -> Result<[u8; KEY_ID_LEN], Error> {
    struct IdLen;
    impl KeyType for IdLen {
        fn len(&self) -> usize {
            KEY_ID_LEN
        }
    }
    let mut id = [0; KEY_ID_LEN];
    let info = [KEY_ID_INFO];
    let okm = prk.expand(&info, IdLen).map_err(|_unspecified| Error::Seal)?;
    okm.fill(&mut id).map_err(|_unspecified| Error::Seal)?;
    Ok(id)
}

fn subkey(prk: &Prk, purpose: Purpose) -> Result<LessSafeKey, Error> {
    let info = [b"seal ".as_slice(), purpose.name().as_bytes()];
    let okm = prk.expand(&info, &AES_256_GCM).map_err(|_unspecified| Error::Seal)?;
    Ok(LessSafeKey::new(UnboundKey::from(okm)))
}

/// No purpose's name holds a zero byte, so no two pairs of purpose and id look alike.
fn aad(purpose: Purpose, id: &[u8]) -> Aad<Vec<u8>> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(purpose.name().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(id);
    Aad::from(bytes)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() || pairs.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok();
    decode(&STANDARD).or_else(|| decode(&URL_SAFE)).filter(|bytes| !bytes.is_empty())
}

/// A key of few distinct bytes, of printable text, or of bytes at one distance was typed, not drawn.
fn looks_random(key: &[u8; MASTER_KEY_LEN]) -> bool {
    let mut distinct = key.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let distinct_len = distinct.len();
    zeroize::Zeroize::zeroize(&mut distinct);
    let step = |pair: &[u8]| pair.last().copied().unwrap_or(0).wrapping_sub(pair.first().copied().unwrap_or(0));
    let mut steps = key.windows(2).map(step);
    let first_step = steps.next();
    let is_even_walk = steps.all(|step| Some(step) == first_step);
    let is_text = key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    distinct_len >= DISTINCT_BYTES_MIN && !is_even_walk && !is_text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};

    const HEX: &str = "9f2c61d07be8a43315c97ed602b85af4c81e37906daf4b22e95d70f3186ab9c4";

    fn key() -> MasterKey {
        MasterKey::parse(HEX).unwrap()
    }

    fn seal(key: &MasterKey, id: &[u8], plaintext: &[u8]) -> Vec<u8> {
        key.seal(&SystemEntropy, Purpose::SigningKey, id, plaintext).unwrap()
    }

    #[test]
    fn a_key_is_read_from_each_encoding_and_nothing_else() {
        let base64 = base64::engine::general_purpose::STANDARD.encode(*key().0);
        let bare = base64.trim_end_matches('=');
        let url_safe = base64.replace('+', "-").replace('/', "_");
        let upper = HEX.to_uppercase();
        let spaced = format!("  {HEX}\r\n");
        for text in [HEX, &upper, &spaced, &base64, bare, &url_safe] {
            assert_eq!(*MasterKey::parse(text).unwrap().expose_hex(), HEX, "{text}");
        }
        assert_eq!(format!("{:?}", key()), "MasterKey(…)");
    }

    #[test]
    fn a_key_that_nobody_drew_is_refused() {
        let check = |text: &str, expected: &str| {
            assert_eq!(MasterKey::parse(text).unwrap_err().to_string(), expected, "{text}");
        };
        let (encoding, length, weak) = (
            Error::MasterKeyEncoding.to_string(),
            Error::MasterKeyLength.to_string(),
            Error::MasterKeyWeak.to_string(),
        );
        check("", &encoding);
        check("not a key!", &encoding);
        check(&format!("{HEX}zz"), &encoding);
        check(&HEX[..62], &length);
        check(&format!("{HEX}00"), &length);
        check("AAAA", &length);
        check(&"00".repeat(32), &weak);
        check(&"ff".repeat(32), &weak);
        check(&"0123456789abcdef".repeat(4), &weak);
        check("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", &weak);
        check("1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100", &weak);
        check(&"deadbeef".repeat(8), &weak);
        check(&base64::engine::general_purpose::STANDARD.encode(b"please-change-me-before-you-ship"), &weak);
        check("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", &weak);
    }

    #[test]
    fn drawn_keys_are_always_accepted() {
        for seed in 0..2_000 {
            let drawn = MasterKey::generate(&SeededEntropy::new(seed));
            assert!(MasterKey::parse(&drawn.expose_hex()).is_ok(), "seed {seed}");
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let sealed = seal(&key(), b"account 7", b"a private key");
        let open = |key: &MasterKey, id: &[u8]| key.open(Purpose::SigningKey, id, &sealed);
        assert_eq!(**open(&key(), b"account 7").unwrap(), *b"a private key");
        assert!(matches!(open(&key(), b"account 8"), Err(Error::SealedDamaged)));
        assert!(matches!(open(&key(), b""), Err(Error::SealedDamaged)));
        let other = MasterKey::generate(&SystemEntropy);
        assert!(matches!(open(&other, b"account 7"), Err(Error::SealedByOtherKey)));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let sealed = seal(&key(), b"id", b"secret");
        assert_eq!(sealed.len(), 1 + KEY_ID_LEN + NONCE_LEN + 6 + 16);
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            *damaged.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            assert!(key().open(Purpose::SigningKey, b"id", &damaged).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(key().open(Purpose::SigningKey, b"id", &sealed[..len]).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn one_secret_sealed_twice_shares_no_nonce() {
        let nonce = |sealed: Vec<u8>| sealed[1 + KEY_ID_LEN..][..NONCE_LEN].to_vec();
        let mut nonces: Vec<_> = (0..1_000).map(|_| nonce(seal(&key(), b"id", b"secret"))).collect();
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 1_000);
    }

    #[test]
    fn size_has_a_bound() {
        assert!(key().seal(&SystemEntropy, Purpose::SigningKey, b"", &vec![0; PLAINTEXT_LEN_MAX]).is_ok());
        let over = key().seal(&SystemEntropy, Purpose::SigningKey, b"", &vec![0; PLAINTEXT_LEN_MAX + 1]);
        assert!(matches!(over, Err(Error::PlaintextTooLong { len: 65_537 })));
    }

    #[test]
    fn the_names_of_purposes_are_distinct_and_hold_no_zero_byte() {
        let mut names: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
        assert!(names.iter().all(|name| !name.contains('\0')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Purpose::ALL.len());
    }
}
