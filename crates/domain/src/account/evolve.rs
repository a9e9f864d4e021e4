//! What an event changes: first the entities, then the indexes. Both are total; what does not fit is left as it is.

use super::event::{Change, Editable};
use super::indexes::Indexes;
use super::session::End;
use super::state::{Entities, Entity, Key, Root};
use super::{Event, State};
use crate::ids::{AccountId, AggregateRef, CustomerId};
use crate::time::Timestamp;
use imbl::OrdMap;
use std::sync::Arc;

impl Entities {
    /// An account to which nothing has happened yet.
    #[must_use]
    pub fn blank(id: AccountId) -> Self {
        let root = Root {
            id,
            name: None,
            created_at: Timestamp::EPOCH,
            last_stamp: Timestamp::EPOCH,
            signing_keys: Vec::new(),
        };
        Self { root: Arc::new(root), sites: OrdMap::new(), customers: OrdMap::new(), sessions: OrdMap::new() }
    }

    /// Applies an event.
    pub fn apply(&mut self, event: &Event) {
        let root = Arc::make_mut(&mut self.root);
        root.last_stamp = root.last_stamp.max(event.at);
        match &event.change {
            Change::AccountOpened { name } => {
                root.name = Some(name.clone());
                root.created_at = event.at;
            }
            Change::SigningKeyAdded { key } => {
                root.signing_keys.retain(|known| known.kid != key.kid);
                root.signing_keys.push(key.clone());
            }
            Change::SiteSaved { site } => {
                self.sites.insert(site.id, Arc::new((**site).clone()));
            }
            Change::CustomerRegistered { customer } => {
                self.customers.insert(customer.id, Arc::new((**customer).clone()));
            }
            Change::CustomerDeleted { customer } => {
                self.customers.remove(customer);
            }
            Change::CustomerUpdated { customer, .. }
            | Change::StatusSet { customer, .. }
            | Change::EntitlementsSet { customer, .. }
            | Change::PasswordSet { customer, .. }
            | Change::PasswordRehashed { customer, .. } => self.change_customer(*customer, event),
            Change::SessionOpened { session } => {
                self.sessions.insert(session.id, Arc::new((**session).clone()));
                self.change_customer(session.customer, event);
            }
            Change::TokenIssued { session, tokens, .. } => {
                if let Some(session) = self.sessions.get_mut(session).map(Arc::make_mut) {
                    session.tokens.clone_from(tokens);
                    session.refreshed_at = event.at;
                }
            }
            Change::SessionsEnded { sessions, reason } => {
                for id in sessions {
                    if let Some(session) = self.sessions.get_mut(id).map(Arc::make_mut) {
                        session.end = Some(End { at: event.at, reason: *reason });
                    }
                }
            }
            Change::SessionsForgotten { sessions } => {
                for id in sessions {
                    self.sessions.remove(id);
                }
            }
        }
    }

    fn change_customer(&mut self, id: CustomerId, event: &Event) {
        let Some(customer) = self.customers.get_mut(&id).map(Arc::make_mut) else { return };
        match &event.change {
            Change::CustomerUpdated { editable, .. } => {
                let Editable { email, email_confirm, username, profile, metadata } = (**editable).clone();
                customer.email = email;
                customer.email_confirm = email_confirm;
                customer.username = username;
                customer.profile = profile;
                customer.metadata = metadata;
                customer.updated_at = event.at;
            }
            Change::StatusSet { status, .. } => {
                customer.status = *status;
                customer.updated_at = event.at;
            }
            Change::EntitlementsSet { entitlements, .. } => {
                customer.entitlements.clone_from(entitlements);
                customer.updated_at = event.at;
            }
            Change::PasswordSet { credential, .. } => {
                customer.credential = credential.clone();
                customer.updated_at = event.at;
            }
            Change::PasswordRehashed { hash, .. } => customer.credential.hash = Some(hash.clone()),
            Change::SessionOpened { session } => {
                customer.last_open = Some(session.id);
                customer.last_login_at = Some(event.at);
            }
            _ => {}
        }
    }

    /// Puts an entity as it was read from a snapshot.
    pub fn put(&mut self, entity: Entity) {
        match entity {
            Entity::Root(root) => self.root = root,
            Entity::Site(site) => {
                self.sites.insert(site.id, site);
            }
            Entity::Customer(customer) => {
                self.customers.insert(customer.id, customer);
            }
            Entity::Session(session) => {
                self.sessions.insert(session.id, session);
            }
        }
    }

    /// Takes an entity away. The root stays: an account is never without it.
    pub fn remove(&mut self, key: Key) {
        match key {
            Key::Root => {}
            Key::Site(id) => {
                self.sites.remove(&id);
            }
            Key::Customer(id) => {
                self.customers.remove(&id);
            }
            Key::Session(id) => {
                self.sessions.remove(&id);
            }
        }
    }

    /// One entity.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<Entity> {
        match key {
            Key::Root => Some(Entity::Root(Arc::clone(&self.root))),
            Key::Site(id) => self.sites.get(&id).map(|site| Entity::Site(Arc::clone(site))),
            Key::Customer(id) => self.customers.get(&id).map(|customer| Entity::Customer(Arc::clone(customer))),
            Key::Session(id) => self.sessions.get(&id).map(|session| Entity::Session(Arc::clone(session))),
        }
    }

    /// Every entity with its key, in the order of the keys.
    pub fn each(&self) -> impl Iterator<Item = (Key, Entity)> {
        std::iter::once((Key::Root, Entity::Root(Arc::clone(&self.root))))
            .chain(self.sites.iter().map(|(id, site)| (Key::Site(*id), Entity::Site(Arc::clone(site)))))
            .chain(self.customers.iter().map(|(id, c)| (Key::Customer(*id), Entity::Customer(Arc::clone(c)))))
            .chain(self.sessions.iter().map(|(id, s)| (Key::Session(*id), Entity::Session(Arc::clone(s)))))
    }
}

impl State {
    /// The state of these entities: builds every index.
    #[must_use]
    pub fn assemble(entities: Entities) -> Self {
        let indexes = Indexes::build(&entities);
        Self { entities, indexes }
    }

    /// An account to which nothing has happened yet.
    #[must_use]
    pub fn blank(id: AccountId) -> Self {
        Self::assemble(Entities::blank(id))
    }

    /// The entities of this state.
    #[must_use]
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The state after an event.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        let before: Vec<_> = event.touches().into_iter().map(|key| (key, self.entities.get(key))).collect();
        self.entities.apply(event);
        for (key, old) in before {
            self.indexes.replace(old.as_ref(), self.entities.get(key).as_ref());
        }
        self
    }

    /// The state after a batch of events.
    #[must_use]
    pub fn evolve_all<'e>(self, events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().fold(self, Self::evolve)
    }

    /// The aggregate's name in journal records.
    #[must_use]
    pub fn reference(&self) -> AggregateRef {
        AggregateRef::Account(self.entities.root.id)
    }
}
