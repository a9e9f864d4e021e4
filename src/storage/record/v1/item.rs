//! The items of a snapshot on disk.

use super::super::Damage;
use super::customer::Customer;
use super::root::Root;
use super::session::Session;
use super::site::Site;
use super::{platform, value};
use bincode::{Decode, Encode};
use doorward_domain::account;
use doorward_domain::ids::{AccountId, AggregateRef, SessionId, SiteId};
use std::sync::Arc;

#[derive(Encode, Decode)]
pub(in super::super) enum Item {
    BeginPlatform { aggregate_seq: u64 },
    BeginAccount { id: u64, aggregate_seq: u64 },
    PlatformPut(platform::Entity),
    PlatformRemoved(platform::Key),
    AccountPut(Entity),
    AccountRemoved(Key),
}

#[derive(Encode, Decode)]
pub(in super::super) enum Entity {
    Root(Root),
    Site(Site),
    Customer(Box<Customer>),
    Session(Box<Session>),
}

#[derive(Encode, Decode)]
pub(in super::super) enum Key {
    Root,
    Site(u32),
    Customer(u64),
    Session([u8; 16]),
}

impl From<&super::super::Item> for Item {
    fn from(item: &super::super::Item) -> Self {
        use super::super::Item as Given;
        match item {
            Given::Begin { aggregate: AggregateRef::Platform, aggregate_seq } => {
                Self::BeginPlatform { aggregate_seq: *aggregate_seq }
            }
            Given::Begin { aggregate: AggregateRef::Account(id), aggregate_seq } => {
                Self::BeginAccount { id: id.0, aggregate_seq: *aggregate_seq }
            }
            Given::PlatformPut(entity) => Self::PlatformPut(entity.into()),
            Given::PlatformRemoved(key) => Self::PlatformRemoved((*key).into()),
            Given::AccountPut(entity) => Self::AccountPut(entity.into()),
            Given::AccountRemoved(key) => Self::AccountRemoved((*key).into()),
        }
    }
}

impl TryFrom<Item> for super::super::Item {
    type Error = Damage;

    fn try_from(stored: Item) -> Result<Self, Damage> {
        Ok(match stored {
            Item::BeginPlatform { aggregate_seq } => Self::Begin { aggregate: AggregateRef::Platform, aggregate_seq },
            Item::BeginAccount { id, aggregate_seq } => {
                Self::Begin { aggregate: AggregateRef::Account(AccountId(id)), aggregate_seq }
            }
            Item::PlatformPut(entity) => Self::PlatformPut(entity.try_into()?),
            Item::PlatformRemoved(key) => Self::PlatformRemoved(key.into()),
            Item::AccountPut(entity) => Self::AccountPut(entity.try_into()?),
            Item::AccountRemoved(key) => Self::AccountRemoved(key.try_into()?),
        })
    }
}

impl From<&account::Entity> for Entity {
    fn from(entity: &account::Entity) -> Self {
        match entity {
            account::Entity::Root(root) => Self::Root((&**root).into()),
            account::Entity::Site(site) => Self::Site((&**site).into()),
            account::Entity::Customer(customer) => Self::Customer(Box::new((&**customer).into())),
            account::Entity::Session(session) => Self::Session(Box::new((&**session).into())),
        }
    }
}

impl TryFrom<Entity> for account::Entity {
    type Error = Damage;

    fn try_from(stored: Entity) -> Result<Self, Damage> {
        Ok(match stored {
            Entity::Root(root) => Self::Root(Arc::new(root.try_into()?)),
            Entity::Site(site) => Self::Site(Arc::new(site.try_into()?)),
            Entity::Customer(customer) => Self::Customer(Arc::new((*customer).try_into()?)),
            Entity::Session(session) => Self::Session(Arc::new((*session).try_into()?)),
        })
    }
}

impl From<account::Key> for Key {
    fn from(key: account::Key) -> Self {
        match key {
            account::Key::Root => Self::Root,
            account::Key::Site(id) => Self::Site(id.0),
            account::Key::Customer(id) => Self::Customer(id.get()),
            account::Key::Session(id) => Self::Session(id.0),
        }
    }
}

impl TryFrom<Key> for account::Key {
    type Error = Damage;

    fn try_from(stored: Key) -> Result<Self, Damage> {
        Ok(match stored {
            Key::Root => Self::Root,
            Key::Site(id) => Self::Site(SiteId(id)),
            Key::Customer(id) => Self::Customer(value::customer_id(id)?),
            Key::Session(id) => Self::Session(SessionId(id)),
        })
    }
}
