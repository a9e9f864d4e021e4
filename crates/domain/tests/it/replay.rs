//! A replay ends where life ended, bit for bit, indexes among the bits: from any prefix, over a base that is newer than the first events, and over
//! any chain of snapshots. And `touches` names every entity that an event changes.

use super::share_of_cases;
use doorward_domain::Aggregate;
use doorward_domain::account::{Authority, State};
use doorward_testkit::replay::{base, delta, difference, lay, replayed};
use doorward_testkit::strategy::{histories, opened, play};
use doorward_testkit::{World, a_customer, a_site, an_account, ask};
use proptest::prelude::*;
use proptest::sample::Index;

const STEPS: usize = 60;

/// A life: what it began as, its events, and the state before the first one and after each.
pub(crate) struct Life<A: Aggregate> {
    pub(crate) states: Vec<A>,
    pub(crate) events: Vec<A::Event>,
}

impl<A: Aggregate> Life<A> {
    pub(crate) fn of(start: A, events: &[A::Event]) -> Self {
        let mut states = vec![start];
        for event in events {
            states.push(states[states.len() - 1].clone().evolve(event));
        }
        Self { states, events: events.to_vec() }
    }

    fn last(&self) -> &A {
        &self.states[self.events.len()]
    }

    pub(crate) fn replays_from_every_prefix(&self) {
        for (at, state) in self.states.iter().enumerate() {
            let whole = replayed::<A>(self.states[0].entities(), &self.events[..at]);
            assert_eq!(&A::assemble(whole), state, "the replay of {at} events");
            let rest = replayed::<A>(state.entities(), &self.events[at..]);
            assert_eq!(&A::assemble(rest), self.last(), "the replay that begins after {at} events");
        }
    }

    /// The base knows more than the journal begins with: the events between `from` and `at` are applied once more.
    pub(crate) fn replays_over_a_newer_base(&self, from: usize, at: usize) {
        let again = replayed::<A>(self.states[at].entities(), &self.events[from..]);
        assert_eq!(&A::assemble(again), self.last(), "events from {from} over the base at {at}");
    }

    /// A base at the first cut, a delta at each further one, and the journal's tail. `overlap` events before the last cut are in the tail too.
    pub(crate) fn restores_over(&self, cuts: &[usize], overlap: usize) {
        let mut entities = base(&self.states[cuts[0]]);
        for pair in cuts.windows(2) {
            lay::<A>(&mut entities, delta(&self.states[pair[1]], &self.events[pair[0]..pair[1]]));
        }
        let last = cuts[cuts.len() - 1];
        assert_eq!(&A::assemble(entities.clone()), &self.states[last], "the chain {cuts:?}");
        let tail = &self.events[last.saturating_sub(overlap)..];
        assert_eq!(&A::assemble(replayed::<A>(&entities, tail)), self.last(), "the chain {cuts:?} and its tail");
    }

    pub(crate) fn touches_what_it_changes(&self) {
        for (at, event) in self.events.iter().enumerate() {
            let touched = A::touches(event);
            let changed = difference(&self.states[at], &self.states[at + 1]);
            assert!(
                changed.iter().all(|key| touched.contains(key)),
                "{event:?} changes {changed:?}, touches {touched:?}"
            );
        }
    }
}

fn lives() -> impl Strategy<Value = Life<State>> {
    histories(1..STEPS).prop_map(|steps| {
        let mut world = opened();
        play(&mut world, &steps);
        let blank = State::assemble(<State as Aggregate>::blank(world.state().id()));
        let life = Life::of(blank, world.history());
        assert_eq!(life.last(), world.state(), "evolving in batches is evolving one by one");
        life
    })
}

impl std::fmt::Debug for Life<State> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.events).finish()
    }
}

proptest! {
    #![proptest_config(share_of_cases(4))]

    #[test]
    fn a_replay_ends_in_the_live_state_from_any_prefix(life in lives()) {
        life.replays_from_every_prefix();
    }

    #[test]
    fn a_replay_over_a_newer_base_ends_in_the_live_state(life in lives(), from: Index, at: Index) {
        let at = at.index(life.states.len());
        life.replays_over_a_newer_base(from.index(at + 1), at);
    }

    #[test]
    fn any_chain_of_snapshots_and_its_tail_end_in_the_live_state(
        life in lives(),
        cuts in prop::collection::vec(any::<Index>(), 1..5),
        overlap in 0..20_usize,
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(life.states.len())).collect();
        cuts.sort_unstable();
        life.restores_over(&cuts, overlap);
    }

    #[test]
    fn an_event_touches_every_entity_it_changes(life in lives()) {
        life.touches_what_it_changes();
    }
}

/// Two customers swap their e-mails, which takes three commands, as no two may have one. Between any two events a snapshot may be cut; laid over
/// each other in the order of keys, two customers may have one e-mail for a moment, which must not matter.
#[test]
fn an_email_swapped_between_two_customers_survives_any_chain() {
    let account = an_account().site(a_site()).customer(a_customer().username("ada"));
    let mut world = World::of(account.customer(a_customer().id(2).email("bob@example.org").username("bob")).build());
    let start = world.state().clone();
    for (customer, email) in [(1, "parked@example.org"), (2, "ada@example.org"), (1, "bob@example.org")] {
        world.step(1).must(&ask::set_email(Authority::Operator, customer, email));
    }
    let owner = |email: &str| {
        let key = doorward_testkit::build::email(email).key();
        world.state().customer_by_email(&key).map(|customer| customer.id.get())
    };
    assert_eq!(
        [owner("ada@example.org"), owner("bob@example.org"), owner("parked@example.org")],
        [Some(2), Some(1), None]
    );
    let life = Life::of(start, world.history());
    life.replays_from_every_prefix();
    for first in 0..=3 {
        for second in first..=3 {
            for third in second..=3 {
                life.restores_over(&[first, second, third], 0);
                life.restores_over(&[first, second, third], 2);
            }
        }
    }
}

/// A customer goes, and another one comes under the same e-mail: the tombstone must not take the newcomer's e-mail away.
#[test]
fn an_email_that_passes_from_a_deleted_customer_survives_any_chain() {
    let mut world = World::of(an_account().site(a_site()).customer(a_customer().id(2)).build());
    let start = world.state().clone();
    world.must(&ask::log_in(2, 1, 1));
    world.must(&ask::delete(Authority::Operator, 2));
    let registration = Box::new(a_customer().id(1).register());
    world.must(&doorward_domain::account::Command::RegisterCustomer(registration));
    let life = Life::of(start, world.history());
    life.replays_from_every_prefix();
    for first in 0..=life.events.len() {
        for second in first..=life.events.len() {
            life.restores_over(&[first, second], 1);
        }
    }
}

/// An entity that is read one by one is the entity that is listed.
#[test]
fn each_entity_is_found_under_its_key_in_order() {
    let account = an_account().site(a_site()).site(a_site().id(2)).customer(a_customer());
    let state = account.session(doorward_testkit::a_session()).build();
    let listed: Vec<_> = State::each(state.entities()).collect();
    assert_eq!(listed.len(), 5);
    assert!(listed.is_sorted_by_key(|(key, _)| *key));
    for (key, entity) in listed {
        assert_eq!(State::get(state.entities(), key), Some(entity));
        let mut without = state.entities().clone();
        State::remove(&mut without, key);
        assert_eq!(State::get(&without, key).is_none(), key != doorward_domain::account::Key::Root, "{key:?}");
    }
}
