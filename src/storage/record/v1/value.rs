//! The small values that several disk types hold, and how text is read back.

use super::super::Damage;
use bincode::{Decode, Encode};
use doorward_domain::text::Text;
use doorward_domain::time::Timestamp;
use doorward_domain::{credential, email, metadata, username};
use std::net::IpAddr;

/// An e-mail address: as typed, and its key where that differs.
#[derive(Encode, Decode)]
pub(in super::super) struct Email {
    pub(in super::super) typed: String,
    pub(in super::super) key: Option<String>,
}

/// A metadata key and the JSON text of its value.
pub(in super::super) type Pair = (String, String);

/// An IP address.
#[derive(Encode, Decode)]
pub(in super::super) enum Address {
    V4([u8; 4]),
    V6([u8; 16]),
}

/// A credential: hash, revision, time of the last change.
#[derive(Encode, Decode)]
pub(in super::super) struct Credential {
    hash: Option<String>,
    rev: u64,
    changed_at: i64,
}

pub(super) fn text<const MAX: usize>(field: &'static str, stored: &str) -> Result<Text<MAX>, Damage> {
    let text = Text::parse(stored).map_err(|source| Damage::Text { field, source })?;
    if text.as_str() == stored { Ok(text) } else { Err(Damage::TextEdges { field }) }
}

pub(super) fn optional_text<const MAX: usize>(
    field: &'static str,
    stored: Option<&str>,
) -> Result<Option<Text<MAX>>, Damage> {
    stored.map(|stored| text(field, stored)).transpose()
}

pub(super) fn owned<const MAX: usize>(text: Option<&Text<MAX>>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

pub(super) fn username(stored: Option<&str>) -> Result<Option<username::Username>, Damage> {
    stored.map(username::Username::parse).transpose().map_err(Damage::Username)
}

pub(super) fn password_hash(stored: &str) -> Result<credential::PasswordHash, Damage> {
    credential::PasswordHash::parse(stored).map_err(Damage::PasswordHash)
}

pub(super) fn customer_id(stored: u64) -> Result<doorward_domain::ids::CustomerId, Damage> {
    doorward_domain::ids::CustomerId::new(stored).ok_or(Damage::CustomerId(stored))
}

pub(super) fn metadata_pairs(metadata: &metadata::Metadata) -> Vec<Pair> {
    metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

impl From<&email::Email> for Email {
    fn from(email: &email::Email) -> Self {
        Self { typed: email.as_str().to_owned(), key: email.stored_key().map(str::to_owned) }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => Self::V6(address.octets()),
        }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        match address {
            Address::V4(octets) => octets.into(),
            Address::V6(octets) => octets.into(),
        }
    }
}

impl From<&credential::Credential> for Credential {
    fn from(credential: &credential::Credential) -> Self {
        Self {
            hash: credential.hash.as_ref().map(|hash| hash.as_str().to_owned()),
            rev: credential.rev.0,
            changed_at: credential.changed_at.millis(),
        }
    }
}

impl TryFrom<Credential> for credential::Credential {
    type Error = Damage;

    fn try_from(stored: Credential) -> Result<Self, Damage> {
        Ok(Self {
            hash: stored.hash.as_deref().map(password_hash).transpose()?,
            rev: doorward_domain::ids::CredentialRev(stored.rev),
            changed_at: time(stored.changed_at),
        })
    }
}
