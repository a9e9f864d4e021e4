//! The account as an [`Aggregate`]: each method is one of the functions beside it.

use super::state::{Entities, Entity, Key};
use super::{Command, Event, Rejection, State, decide, invariants};
use crate::aggregate::{Aggregate, Violation};
use crate::ctx::Ctx;
use crate::ids::{AccountId, AggregateRef};

impl Aggregate for State {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Entity = Entity;
    type Key = Key;
    type Entities = Entities;

    /// The platform is no account; asked for its entities, this answers with those of an account that cannot exist.
    fn blank(id: AggregateRef) -> Entities {
        match id {
            AggregateRef::Account(id) => Entities::blank(id),
            AggregateRef::Platform => Entities::blank(AccountId(0)),
        }
    }

    fn assemble(entities: Entities) -> Self {
        Self::assemble(entities)
    }

    fn entities(&self) -> &Entities {
        self.entities()
    }

    fn apply(entities: &mut Entities, event: &Event) {
        entities.apply(event);
    }

    fn put(entities: &mut Entities, entity: Entity) {
        entities.put(entity);
    }

    fn remove(entities: &mut Entities, key: Key) {
        entities.remove(key);
    }

    fn each(entities: &Entities) -> Box<dyn Iterator<Item = (Key, Entity)> + '_> {
        Box::new(entities.each())
    }

    fn get(entities: &Entities, key: Key) -> Option<Entity> {
        entities.get(key)
    }

    fn id(&self) -> AggregateRef {
        self.reference()
    }

    fn decide(&self, command: &Command, ctx: &Ctx) -> Result<Vec<Event>, Rejection> {
        decide::decide(self, command, ctx)
    }

    fn evolve(self, event: &Event) -> Self {
        self.evolve(event)
    }

    fn touches(event: &Event) -> Vec<Key> {
        event.touches()
    }

    fn check_invariants(&self) -> Result<(), Violation> {
        invariants::check(self)
    }
}
