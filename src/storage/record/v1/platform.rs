//! The platform on disk: its events and entities.

use super::super::Damage;
use super::value::{text, time};
use bincode::{Decode, Encode};
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::platform;

const NAME: &str = "the name of an account";

#[derive(Encode, Decode)]
pub(in super::super) struct Event {
    at: i64,
    change: Change,
}

#[derive(Encode, Decode)]
enum Change {
    AccountRegistered { id: u64, name: String },
    SiteRegistered { id: u32, account: u64 },
}

#[derive(Encode, Decode)]
pub(in super::super) enum Entity {
    Root { last_stamp: i64 },
    Account { id: u64, name: String, registered_at: i64 },
    Site { id: u32, account: u64, registered_at: i64 },
}

#[derive(Encode, Decode)]
pub(in super::super) enum Key {
    Root,
    Account(u64),
    Site(u32),
}

impl From<&platform::Event> for Event {
    fn from(event: &platform::Event) -> Self {
        let change = match &event.change {
            platform::Change::AccountRegistered { id, name } => {
                Change::AccountRegistered { id: id.0, name: name.as_str().to_owned() }
            }
            platform::Change::SiteRegistered { id, account } => Change::SiteRegistered { id: id.0, account: account.0 },
        };
        Self { at: event.at.millis(), change }
    }
}

impl TryFrom<Event> for platform::Event {
    type Error = Damage;

    fn try_from(stored: Event) -> Result<Self, Damage> {
        let change = match stored.change {
            Change::AccountRegistered { id, name } => {
                platform::Change::AccountRegistered { id: AccountId(id), name: text(NAME, &name)? }
            }
            Change::SiteRegistered { id, account } => {
                platform::Change::SiteRegistered { id: SiteId(id), account: AccountId(account) }
            }
        };
        Ok(Self { at: time(stored.at), change })
    }
}

impl From<&platform::Entity> for Entity {
    fn from(entity: &platform::Entity) -> Self {
        match entity {
            platform::Entity::Root(last_stamp) => Self::Root { last_stamp: last_stamp.millis() },
            platform::Entity::Account(account) => Self::Account {
                id: account.id.0,
                name: account.name.as_str().to_owned(),
                registered_at: account.registered_at.millis(),
            },
            platform::Entity::Site(site) => {
                Self::Site { id: site.id.0, account: site.account.0, registered_at: site.registered_at.millis() }
            }
        }
    }
}

impl TryFrom<Entity> for platform::Entity {
    type Error = Damage;

    fn try_from(stored: Entity) -> Result<Self, Damage> {
        Ok(match stored {
            Entity::Root { last_stamp } => Self::Root(time(last_stamp)),
            Entity::Account { id, name, registered_at } => Self::Account(platform::Account {
                id: AccountId(id),
                name: text(NAME, &name)?,
                registered_at: time(registered_at),
            }),
            Entity::Site { id, account, registered_at } => Self::Site(platform::Site {
                id: SiteId(id),
                account: AccountId(account),
                registered_at: time(registered_at),
            }),
        })
    }
}

impl From<platform::Key> for Key {
    fn from(key: platform::Key) -> Self {
        match key {
            platform::Key::Root => Self::Root,
            platform::Key::Account(id) => Self::Account(id.0),
            platform::Key::Site(id) => Self::Site(id.0),
        }
    }
}

impl From<Key> for platform::Key {
    fn from(stored: Key) -> Self {
        match stored {
            Key::Root => Self::Root,
            Key::Account(id) => Self::Account(AccountId(id)),
            Key::Site(id) => Self::Site(SiteId(id)),
        }
    }
}
