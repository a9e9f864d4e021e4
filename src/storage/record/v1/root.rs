//! The account itself on disk.

use super::super::Damage;
use super::value::{optional_text, owned, text, time};
use bincode::{Decode, Encode};
use doorward_domain::account::state;
use doorward_domain::ids::AccountId;

#[derive(Encode, Decode)]
pub(in super::super) struct Root {
    id: u64,
    name: Option<String>,
    created_at: i64,
    last_stamp: i64,
    signing_keys: Vec<SealedKey>,
}

#[derive(Encode, Decode)]
pub(in super::super) struct SealedKey {
    kid: String,
    sealed: Vec<u8>,
    added_at: i64,
}

impl From<&state::Root> for Root {
    fn from(root: &state::Root) -> Self {
        Self {
            id: root.id.0,
            name: owned(root.name.as_ref()),
            created_at: root.created_at.millis(),
            last_stamp: root.last_stamp.millis(),
            signing_keys: root.signing_keys.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<Root> for state::Root {
    type Error = Damage;

    fn try_from(stored: Root) -> Result<Self, Damage> {
        Ok(Self {
            id: AccountId(stored.id),
            name: optional_text("the name of an account", stored.name.as_deref())?,
            created_at: time(stored.created_at),
            last_stamp: time(stored.last_stamp),
            signing_keys: stored.signing_keys.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&state::SealedKey> for SealedKey {
    fn from(key: &state::SealedKey) -> Self {
        Self { kid: key.kid.as_str().to_owned(), sealed: key.sealed.to_vec(), added_at: key.added_at.millis() }
    }
}

impl TryFrom<SealedKey> for state::SealedKey {
    type Error = Damage;

    fn try_from(stored: SealedKey) -> Result<Self, Damage> {
        Ok(Self { kid: text("a key id", &stored.kid)?, sealed: stored.sealed.into(), added_at: time(stored.added_at) })
    }
}
