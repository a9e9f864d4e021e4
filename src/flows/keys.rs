//! The signing keys of the accounts: sealed in their state, opened here once and kept.

use super::{Engine, Unavailable};
use crate::entropy::Entropy;
use crate::tokens::{self, Jwk, Jwks, KeyRing, MasterKey, Purpose, SigningKey};
use doorward_domain::account::State;
use doorward_domain::account::state::SealedKey;
use doorward_domain::ids::AccountId;
use doorward_domain::text::Name;
use doorward_domain::time::Timestamp;

/// Opens and keeps signing keys.
#[derive(Debug)]
pub struct Keys {
    master: MasterKey,
    issuer: Issuer,
    rings: papaya::HashMap<AccountId, KeyRing>,
}

/// The address under which Doorward is reached, without a slash at its end: `https://id.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Takes the address; slashes at its end are dropped.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self(base.trim_end_matches('/').to_owned())
    }

    /// The issuer of an account's tokens. Its keys are published at `<issuer>/.well-known/jwks.json`.
    #[must_use]
    pub fn of(&self, account: AccountId) -> String {
        format!("{}/accounts/{account}", self.0)
    }
}

/// The audience of an account's tokens: every site of the account.
#[must_use]
pub(super) fn audience(account: AccountId) -> String {
    format!("account:{account}")
}

impl Keys {
    /// Keys under a master key.
    #[must_use]
    pub fn new(master: MasterKey, issuer: Issuer) -> Self {
        Self { master, issuer, rings: papaya::HashMap::new() }
    }

    /// The address tokens name as their issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Makes a key for an account and seals it.
    ///
    /// # Errors
    /// [`tokens::Error`] when the crypto library fails.
    pub fn generate(
        &self,
        account: AccountId,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<SealedKey, tokens::Error> {
        let key = SigningKey::generate(entropy)?;
        let document = key.to_pkcs8()?;
        let sealed = self.master.seal(entropy, Purpose::SigningKey, &sealed_for(account, key.kid()), &document)?;
        let kid = Name::parse(key.kid()).expect("a key id is 43 characters of base64url");
        Ok(SealedKey { kid, sealed: sealed.into(), added_at: now })
    }

    /// The keys of an account, opened.
    ///
    /// # Errors
    /// [`tokens::Error`] when the master key is not the one they were sealed with, or when the sealed bytes are damaged.
    pub fn ring(&self, state: &State) -> Result<KeyRing, tokens::Error> {
        let account = state.root().id;
        let newest = state.root().signing_keys.last().ok_or(tokens::Error::NoSigningKey)?;
        if let Some(ring) = self.rings.pin().get(&account).filter(|ring| ring.current().kid() == newest.kid.as_str()) {
            return Ok(ring.clone());
        }
        let current = self.open(account, newest)?;
        let others = state.root().signing_keys.iter().map(|key| self.open(account, key).map(|key| key.jwk().clone()));
        let others: Vec<Jwk> = others.collect::<Result<_, _>>()?;
        let ring = KeyRing::new(current, others)?;
        self.rings.pin().insert(account, ring.clone());
        Ok(ring)
    }

    fn open(&self, account: AccountId, key: &SealedKey) -> Result<SigningKey, tokens::Error> {
        let kid = key.kid.as_str();
        let document = self.master.open(Purpose::SigningKey, &sealed_for(account, kid), &key.sealed)?;
        SigningKey::from_pkcs8(&document)
    }
}

/// What the sealed bytes are bound to: they open for this account and key id, and for no other.
fn sealed_for(account: AccountId, kid: &str) -> Vec<u8> {
    [&account.0.to_be_bytes(), kid.as_bytes()].concat()
}

impl Engine {
    /// The public keys of an account, as its `jwks.json` publishes them; `None` when there is no such account.
    ///
    /// # Errors
    /// [`Unavailable::Fault`] when they cannot be opened.
    pub fn jwks(&self, account: AccountId) -> Result<Option<Jwks>, Unavailable> {
        let view = self.directory.account(account).map(|handle| handle.view());
        let open = view.filter(|view| view.is_open());
        open.map(|view| self.key_ring(&view).map(|ring| ring.jwks().clone())).transpose()
    }

    /// The keys that sign for an account, for its `jwks.json`.
    ///
    /// # Errors
    /// [`Unavailable::Fault`] when they cannot be opened.
    pub fn key_ring(&self, state: &State) -> Result<KeyRing, Unavailable> {
        self.keys.ring(state).map_err(|error| {
            tracing::error!(account = %state.root().id, %error, "the signing keys of an account cannot be opened");
            Unavailable::Fault
        })
    }
}
