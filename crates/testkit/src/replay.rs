//! Replays, snapshot chains and differences of two values, at the level of entities and in the most naive way. What storage does with
//! pages, digests and files must end where this ends.

use doorward_domain::Aggregate;
use std::collections::{BTreeMap, BTreeSet};

/// The entities after these events.
#[must_use]
pub fn replayed<'e, A: Aggregate>(base: &A::Entities, events: impl IntoIterator<Item = &'e A::Event>) -> A::Entities {
    let mut entities = base.clone();
    events.into_iter().for_each(|event| A::apply(&mut entities, event));
    entities
}

/// The entities read back, one by one, as a base snapshot holds them.
#[must_use]
pub fn base<A: Aggregate>(value: &A) -> A::Entities {
    let mut entities = A::blank(value.id());
    A::each(value.entities()).for_each(|(_, entity)| A::put(&mut entities, entity));
    entities
}

/// What a delta snapshot holds: each entity the events touched as it is in `value`, or a tombstone.
#[must_use]
pub fn delta<'e, A: Aggregate>(
    value: &A,
    events: impl IntoIterator<Item = &'e A::Event>,
) -> Vec<(A::Key, Option<A::Entity>)> {
    let touched: BTreeSet<A::Key> = events.into_iter().flat_map(A::touches).collect();
    touched.into_iter().map(|key| (key, A::get(value.entities(), key))).collect()
}

/// Lays a delta over entities.
pub fn lay<A: Aggregate>(entities: &mut A::Entities, delta: Vec<(A::Key, Option<A::Entity>)>) {
    for (key, entity) in delta {
        match entity {
            Some(entity) => A::put(entities, entity),
            None => A::remove(entities, key),
        }
    }
}

/// The keys of all entities in which two values differ, found by comparing everything.
#[must_use]
pub fn difference<A: Aggregate>(old: &A, new: &A) -> BTreeSet<A::Key> {
    let old: BTreeMap<A::Key, A::Entity> = A::each(old.entities()).collect();
    let new: BTreeMap<A::Key, A::Entity> = A::each(new.entities()).collect();
    old.keys().chain(new.keys()).filter(|key| old.get(key) != new.get(key)).copied().collect()
}
