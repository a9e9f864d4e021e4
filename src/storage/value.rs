//! The value of an aggregate as storage sees it, what events touched of it, and both as the items of a snapshot.

use super::journal::RecordHeader;
use super::record::{Batch, Item, Stored};
use doorward_domain::aggregate::Aggregate;
use doorward_domain::ids::{AccountId, AggregateRef};
use doorward_domain::time::Timestamp;
use doorward_domain::{account, platform};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The kind of a platform record.
const PLATFORM: u8 = 1;
/// The kind of an account record.
const ACCOUNT: u8 = 2;
/// The ownership under which everything is decided as long as there is one machine.
const EPOCH: u64 = 1;

/// An aggregate's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The platform.
    Platform(Arc<platform::State>),
    /// An account.
    Account(Arc<account::State>),
}

/// The names of entities of one aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Of the platform.
    Platform(BTreeSet<platform::Key>),
    /// Of an account.
    Account(BTreeSet<account::Key>),
}

/// An aggregate that changed: what it is now, and what of it changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    /// Its value.
    pub value: Value,
    /// The number of its last record.
    pub aggregate_seq: u64,
    /// What was touched.
    pub keys: Keys,
}

/// Items, made one by one: an account may have millions of entities.
pub(super) type Items<'a> = Box<dyn Iterator<Item = Item> + 'a>;

/// What was touched, by aggregate.
pub(super) type Touched = BTreeMap<AggregateRef, Keys>;

impl Value {
    /// Which aggregate it is.
    #[must_use]
    pub fn reference(&self) -> AggregateRef {
        match self {
            Self::Platform(state) => state.id(),
            Self::Account(state) => state.id(),
        }
    }

    /// All of it as items.
    #[must_use]
    pub(super) fn items(&self, aggregate_seq: u64) -> Items<'_> {
        match self {
            Self::Platform(state) => all_items(&**state, aggregate_seq),
            Self::Account(state) => all_items(&**state, aggregate_seq),
        }
    }

    /// What of it was touched as items: as it is now, or as a tombstone. Keys of the other kind of aggregate name nothing.
    #[must_use]
    pub(super) fn touched_items<'a>(&'a self, aggregate_seq: u64, keys: &'a Keys) -> Items<'a> {
        match (self, keys) {
            (Self::Platform(state), Keys::Platform(keys)) => items_of(&**state, aggregate_seq, keys),
            (Self::Account(state), Keys::Account(keys)) => items_of(&**state, aggregate_seq, keys),
            (Self::Platform(_), Keys::Account(_)) | (Self::Account(_), Keys::Platform(_)) => {
                Box::new(std::iter::empty())
            }
        }
    }
}

fn begin<A: Stored>(state: &A, aggregate_seq: u64) -> Item {
    Item::Begin { aggregate: state.id(), aggregate_seq }
}

fn all_items<A: Stored>(state: &A, aggregate_seq: u64) -> Items<'_> {
    let entities = A::each(state.entities()).map(|(_key, entity)| A::put_item(entity));
    Box::new(std::iter::once(begin(state, aggregate_seq)).chain(entities))
}

fn items_of<'a, A: Stored>(state: &'a A, aggregate_seq: u64, keys: &'a BTreeSet<A::Key>) -> Items<'a> {
    let item = |key: &A::Key| A::get(state.entities(), *key).map_or_else(|| A::removed_item(*key), A::put_item);
    Box::new(std::iter::once(begin(state, aggregate_seq)).chain(keys.iter().map(item)))
}

impl Keys {
    /// What the events of a batch touch.
    #[must_use]
    pub(super) fn of(batch: &Batch) -> Self {
        match batch {
            Batch::Platform(events) => Self::Platform(events.iter().flat_map(platform::State::touches).collect()),
            Batch::Account(events) => Self::Account(events.iter().flat_map(account::Event::touches).collect()),
        }
    }

    /// Adds other keys of the same aggregate.
    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Platform(keys), Self::Platform(mut more)) => keys.append(&mut more),
            (Self::Account(keys), Self::Account(mut more)) => keys.append(&mut more),
            (Self::Platform(_), Self::Account(_)) | (Self::Account(_), Self::Platform(_)) => {}
        }
    }
}

/// Adds what was touched of an aggregate.
pub(super) fn touch(touched: &mut Touched, aggregate: AggregateRef, keys: Keys) {
    match touched.entry(aggregate) {
        std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().merge(keys),
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(keys);
        }
    }
}

/// The header of a record.
pub(super) fn header(aggregate: AggregateRef, aggregate_seq: u64, recorded_at: Timestamp) -> RecordHeader {
    let (kind, id) = match aggregate {
        AggregateRef::Platform => (PLATFORM, 0),
        AggregateRef::Account(id) => (ACCOUNT, id.0),
    };
    RecordHeader { kind, aggregate: id, epoch: EPOCH, aggregate_seq, recorded_at: recorded_at.millis() }
}

/// The aggregate a header names; `None` for a kind that nobody knows.
pub(super) fn aggregate_of(header: &RecordHeader) -> Option<AggregateRef> {
    match header.kind {
        PLATFORM => Some(AggregateRef::Platform),
        ACCOUNT => Some(AggregateRef::Account(AccountId(header.aggregate))),
        _ => None,
    }
}
