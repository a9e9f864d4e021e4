//! What is computed from the entities, so that look-ups are fast and uniqueness is one look-up. Never stored, never decided on alone.

use super::{Customer, Entities, Entity, Session};
use crate::email::EmailKey;
use crate::ids::{CustomerId, SessionId, TokenDigest};
use crate::username::UsernameKey;
use imbl::{OrdMap, OrdSet};

#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Indexes {
    pub(super) by_email: OrdMap<EmailKey, CustomerId>,
    pub(super) by_username: OrdMap<UsernameKey, CustomerId>,
    pub(super) by_token: OrdMap<TokenDigest, SessionId>,
    pub(super) by_customer: OrdSet<(CustomerId, SessionId)>,
}

impl Indexes {
    /// All indexes of these entities.
    pub(super) fn build(entities: &Entities) -> Self {
        let mut indexes = Self::default();
        entities.customers.values().for_each(|customer| indexes.add_customer(customer));
        entities.sessions.values().for_each(|session| indexes.add_session(session));
        indexes
    }

    pub(super) fn session_ids_of(&self, customer: CustomerId) -> impl Iterator<Item = SessionId> {
        let first = (customer, SessionId([0; 16]));
        let last = (customer, SessionId([u8::MAX; 16]));
        self.by_customer.range(first..=last).map(|(_, session)| *session)
    }

    /// Moves the entries of one entity from what it was to what it is. What did not change is not written.
    pub(super) fn replace(&mut self, old: Option<&Entity>, new: Option<&Entity>) {
        if let Some(Entity::Customer(old)) = old {
            let stays =
                matches!(new, Some(Entity::Customer(new)) if new.email == old.email && new.username == old.username);
            if stays {
                return;
            }
            self.remove_customer(old);
        }
        if let Some(Entity::Session(old)) = old {
            let stays = matches!(new, Some(Entity::Session(new)) if new.tokens == old.tokens);
            if stays {
                return;
            }
            self.remove_session(old);
        }
        match new {
            Some(Entity::Customer(customer)) => self.add_customer(customer),
            Some(Entity::Session(session)) => self.add_session(session),
            _ => {}
        }
    }

    fn add_customer(&mut self, customer: &Customer) {
        self.by_email.insert(customer.email.key(), customer.id);
        if let Some(username) = &customer.username {
            self.by_username.insert(username.key(), customer.id);
        }
    }

    fn remove_customer(&mut self, customer: &Customer) {
        self.by_email.remove(&customer.email.key());
        if let Some(username) = &customer.username {
            self.by_username.remove(&username.key());
        }
    }

    fn add_session(&mut self, session: &Session) {
        self.by_customer.insert((session.customer, session.id));
        for token in &session.tokens {
            self.by_token.insert(token.digest, session.id);
        }
    }

    fn remove_session(&mut self, session: &Session) {
        self.by_customer.remove(&(session.customer, session.id));
        for token in &session.tokens {
            self.by_token.remove(&token.digest);
        }
    }
}
