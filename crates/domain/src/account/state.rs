//! What an account is made of: entities, which are kept, and indexes, which are computed from them.

use super::indexes::Indexes;
use super::{Customer, Session, Site};
use crate::email::EmailKey;
use crate::ids::{AccountId, CustomerId, SessionId, SiteId, TokenDigest};
use crate::text::Name;
use crate::time::Timestamp;
use crate::username::UsernameKey;
use imbl::OrdMap;
use std::sync::Arc;

/// An account at one moment. Cloning it costs a few reference counts.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(super) entities: Entities,
    pub(super) indexes: Indexes,
}

/// Everything of an account that is kept on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Entities {
    /// The account itself.
    pub root: Arc<Root>,
    /// Its sites.
    pub sites: OrdMap<SiteId, Arc<Site>>,
    /// Its customers.
    pub customers: OrdMap<CustomerId, Arc<Customer>>,
    /// Their sessions, ended ones among them.
    pub sessions: OrdMap<SessionId, Arc<Session>>,
}

/// The account itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The id.
    pub id: AccountId,
    /// The name, once the account was opened.
    pub name: Option<Name>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The latest time any event of it was stamped with. No event is stamped earlier.
    pub last_stamp: Timestamp,
    /// Its signing keys, oldest first; the last one signs.
    pub signing_keys: Vec<SealedKey>,
}

/// A private key as opaque sealed bytes. Only the tokens room opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The key id, as tokens name it.
    pub kid: Name,
    /// The sealed key.
    pub sealed: Box<[u8]>,
    /// When it was added.
    pub added_at: Timestamp,
}

/// One entity of an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Entity {
    /// The account itself.
    Root(Arc<Root>),
    /// A site.
    Site(Arc<Site>),
    /// A customer.
    Customer(Arc<Customer>),
    /// A session.
    Session(Arc<Session>),
}

/// The name of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The account itself.
    Root,
    /// A site.
    Site(SiteId),
    /// A customer.
    Customer(CustomerId),
    /// A session.
    Session(SessionId),
}

impl State {
    /// The account itself.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.entities.root
    }

    /// Whether the account was opened. An account that the platform knows but that was not opened yet does not exist for anybody.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.entities.root.name.is_some()
    }

    /// A site by its id.
    #[must_use]
    pub fn site(&self, id: SiteId) -> Option<&Arc<Site>> {
        self.entities.sites.get(&id)
    }

    /// The sites, ordered by id.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.entities.sites.values()
    }

    /// A customer by id.
    #[must_use]
    pub fn customer(&self, id: CustomerId) -> Option<&Arc<Customer>> {
        self.entities.customers.get(&id)
    }

    /// The customer an e-mail names.
    #[must_use]
    pub fn customer_by_email(&self, key: &EmailKey) -> Option<&Arc<Customer>> {
        self.indexes.by_email.get(key).and_then(|id| self.customer(*id))
    }

    /// The customer a user name names.
    #[must_use]
    pub fn customer_by_username(&self, key: &UsernameKey) -> Option<&Arc<Customer>> {
        self.indexes.by_username.get(key).and_then(|id| self.customer(*id))
    }

    /// The customers, ordered by id.
    pub fn customers(&self) -> impl Iterator<Item = &Arc<Customer>> {
        self.entities.customers.values()
    }

    /// How many customers there are.
    #[must_use]
    pub fn customers_len(&self) -> usize {
        self.entities.customers.len()
    }

    /// A session by id, ended or not.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Arc<Session>> {
        self.entities.sessions.get(&id)
    }

    /// The session a token stands for, ended or not.
    #[must_use]
    pub fn session_by_token(&self, digest: TokenDigest) -> Option<&Arc<Session>> {
        self.indexes.by_token.get(&digest).and_then(|id| self.session(*id))
    }

    /// The sessions of a customer, ended ones among them, ordered by id.
    pub fn sessions_of(&self, customer: CustomerId) -> impl Iterator<Item = &Arc<Session>> {
        self.indexes.session_ids_of(customer).filter_map(|id| self.session(id))
    }

    /// All sessions, ordered by id.
    pub fn sessions(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.entities.sessions.values()
    }

    /// How many sessions are kept, ended ones among them.
    #[must_use]
    pub fn sessions_len(&self) -> usize {
        self.entities.sessions.len()
    }
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedKey").field("kid", &self.kid).field("added_at", &self.added_at).finish_non_exhaustive()
    }
}
