//! The one shape that [`crate::account`] and [`crate::platform`] share, so that the actor shell, the journal, the snapshots, recovery and the
//! property tests are each written once.

use crate::ctx::Ctx;
use crate::ids::AggregateRef;
use std::error::Error;
use std::fmt::Debug;

/// A value that decides commands and is the fold of its events.
///
/// Its state is made of entities (what is kept on disk) and indexes (what is computed from them). `evolve` keeps both up to date;
/// recovery applies events to entities alone and builds the indexes once, by [`Aggregate::assemble`].
pub trait Aggregate: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// What is asked.
    type Command: Debug + Send + Sync + 'static;
    /// What happened.
    type Event: Clone + Debug + PartialEq + Send + Sync + 'static;
    /// An expected no.
    type Rejection: Error + Clone + PartialEq + Send + Sync + 'static;
    /// One thing the state is made of.
    type Entity: Clone + Debug + PartialEq + Send + Sync + 'static;
    /// The name of an entity.
    type Key: Clone + Copy + Debug + Ord + Send + Sync + 'static;
    /// All entities, without indexes.
    type Entities: Clone + Debug + PartialEq + Send + Sync + 'static;

    /// The entities of an aggregate to which nothing has happened yet.
    fn blank(id: AggregateRef) -> Self::Entities;
    /// The whole state: the entities and their indexes.
    fn assemble(entities: Self::Entities) -> Self;
    /// The entities of this state.
    fn entities(&self) -> &Self::Entities;
    /// Applies one event to entities alone.
    fn apply(entities: &mut Self::Entities, event: &Self::Event);
    /// Puts an entity as it was read from a snapshot.
    fn put(entities: &mut Self::Entities, entity: Self::Entity);
    /// Takes an entity away, as a tombstone in a snapshot says.
    fn remove(entities: &mut Self::Entities, key: Self::Key);
    /// Every entity with its key, in the order of the keys.
    fn each(entities: &Self::Entities) -> Box<dyn Iterator<Item = (Self::Key, Self::Entity)> + '_>;
    /// One entity.
    fn get(entities: &Self::Entities, key: Self::Key) -> Option<Self::Entity>;

    /// Which aggregate this is.
    fn id(&self) -> AggregateRef;
    /// Decides a command: the events that follow from it, or an expected no. An empty list means that all is as asked already.
    ///
    /// # Errors
    /// The rejection, chosen in a fixed order: existence, authority, limits, state, content.
    fn decide(&self, command: &Self::Command, ctx: &Ctx) -> Result<Vec<Self::Event>, Self::Rejection>;
    /// The state after an event. Total: an event that was decided can always be applied.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;
    /// The entities an event changes.
    fn touches(event: &Self::Event) -> Vec<Self::Key>;
    /// Checks every rule that must hold in any state.
    ///
    /// # Errors
    /// The first rule that does not hold.
    fn check_invariants(&self) -> Result<(), Violation>;
}

/// A rule that does not hold. This is a bug or damage, never an answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{aggregate:?}: {rule}: {subject}")]
pub struct Violation {
    /// Where.
    pub aggregate: AggregateRef,
    /// The rule, as the design words it.
    pub rule: &'static str,
    /// What breaks it, by id.
    pub subject: String,
}
