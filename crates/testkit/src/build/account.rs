//! Builds the state of an account.

use super::{CustomerBuilder, SessionBuilder, SiteBuilder, signing_key, text};
use crate::clock::START;
use doorward_domain::account::{Entities, Entity, State};
use doorward_domain::ids::AccountId;
use doorward_domain::time::Timestamp;
use std::sync::Arc;

/// An account to be. Sessions count as opened in the order they are given, whatever their times say.
#[derive(Clone, Debug)]
#[must_use]
pub struct AccountBuilder {
    entities: Entities,
}

impl AccountBuilder {
    pub(super) fn new() -> Self {
        let mut entities = Entities::blank(AccountId(1));
        let root = Arc::make_mut(&mut entities.root);
        root.name = Some(text("Gazette"));
        root.created_at = START;
        root.last_stamp = START;
        root.signing_keys.push(signing_key("key-1"));
        Self { entities }
    }

    /// As it is between the platform's registration and its own opening.
    pub fn unopened(mut self) -> Self {
        let root = Arc::make_mut(&mut self.entities.root);
        root.name = None;
        root.signing_keys.clear();
        self
    }

    /// The latest time any of its events has. It also follows the entities that are added, so that it is never too early.
    pub fn last_stamp(mut self, at: Timestamp) -> Self {
        Arc::make_mut(&mut self.entities.root).last_stamp = at;
        self
    }

    /// With this site.
    pub fn site(self, site: SiteBuilder) -> Self {
        let site = site.build();
        self.stamped(site.updated_at).entity(Entity::Site(Arc::new(site)))
    }

    /// With this customer.
    pub fn customer(self, customer: CustomerBuilder) -> Self {
        let customer = customer.build();
        self.stamped(customer.updated_at).entity(Entity::Customer(Arc::new(customer)))
    }

    /// With this session. It becomes its customer's last opened one, if the customer is there already.
    pub fn session(mut self, session: SessionBuilder) -> Self {
        let session = session.build();
        if let Some(owner) = self.entities.customers.get_mut(&session.customer) {
            let owner = Arc::make_mut(owner);
            owner.last_open = Some(session.id);
            owner.last_login_at = Some(session.opened_at);
        }
        self.stamped(session.refreshed_at).entity(Entity::Session(Arc::new(session)))
    }

    /// With any entity, as it is.
    pub fn entity(mut self, entity: Entity) -> Self {
        self.entities.put(entity);
        self
    }

    /// The entities.
    #[must_use]
    pub fn entities(self) -> Entities {
        self.entities
    }

    /// The state, with its indexes.
    #[must_use]
    pub fn build(self) -> State {
        State::assemble(self.entities)
    }

    fn stamped(mut self, at: Timestamp) -> Self {
        let root = Arc::make_mut(&mut self.entities.root);
        root.last_stamp = root.last_stamp.max(at);
        self
    }
}
