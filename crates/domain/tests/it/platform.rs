//! The platform: which accounts and sites there are.

use super::replay::Life;
use super::share_of_cases;
use doorward_domain::ids::{AccountId, AggregateRef, SiteId};
use doorward_domain::limits::ACCOUNTS_MAX;
use doorward_domain::platform::{Account, Change, Command, Entities, Entity, Key, Rejection, SITE_ID_MAX, Site, State};
use doorward_domain::time::{MINUTE_MS, Timestamp};
use doorward_domain::{Aggregate, Ctx};
use doorward_testkit::build::text;
use doorward_testkit::{START, World};
use proptest::prelude::*;

fn blank() -> World<State> {
    World::of(State::assemble(State::blank(AggregateRef::Platform)))
}

fn account(id: u64, name: &str) -> Command {
    Command::RegisterAccount { id: AccountId(id), name: text(name) }
}

fn site(id: u32, account: u64) -> Command {
    Command::RegisterSite { id: SiteId(id), account: AccountId(account) }
}

/// Account 1 with site 1, account 2.
fn world() -> World<State> {
    let mut world = blank();
    for command in [account(1, "Gazette"), account(2, "Courier"), site(1, 1)] {
        world.must(&command);
    }
    world
}

#[test]
fn what_was_registered_is_known() {
    let world = world();
    let gazette = Account { id: AccountId(1), name: text("Gazette"), registered_at: START };
    assert_eq!(world.state().account(AccountId(1)), Some(&gazette));
    assert_eq!(world.state().accounts().map(|account| account.id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.state().account_of(SiteId(1)), Some(AccountId(1)));
    assert_eq!((world.state().account(AccountId(3)), world.state().account_of(SiteId(2))), (None, None));
    assert_eq!(world.state().id(), AggregateRef::Platform);
}

#[test]
fn a_retry_changes_nothing_and_a_taken_id_is_refused() {
    let mut world = world();
    let before = world.state().clone();
    for again in [account(1, "Gazette"), site(1, 1)] {
        assert_eq!(world.ask(&again), Ok(Vec::new()), "{again:?}");
    }
    for taken in [account(1, "Courier"), site(1, 2), site(0, 1), site(SITE_ID_MAX + 1, 1), site(u32::MAX, 1)] {
        assert_eq!(world.ask(&taken), Err(Rejection::IdTaken), "{taken:?}");
    }
    assert_eq!(world.ask(&site(2, 3)), Err(Rejection::AccountNotFound));
    assert_eq!(world.ask(&site(1, 3)), Err(Rejection::AccountNotFound), "existence comes first");
    assert_eq!(world.state(), &before);
    world.must(&site(SITE_ID_MAX, 1));
}

#[test]
fn a_clock_that_is_behind_registers_nothing_and_answers_retries() {
    let mut world = world();
    world.set(START.plus_millis(-5 * MINUTE_MS - 1));
    for new in [account(3, "Herald"), site(2, 1)] {
        assert_eq!(world.ask(&new), Err(Rejection::ClockBehind), "{new:?}");
    }
    assert_eq!(world.ask(&site(1, 1)), Ok(Vec::new()));
    assert_eq!(world.ask(&site(1, 2)), Err(Rejection::IdTaken), "the id is another's whatever the clock says");
    let events = world.step(1).must(&site(2, 1));
    assert_eq!(events[0].at, START, "nothing is stamped before the last stamp");
    assert_eq!(world.state().entities().last_stamp, START);
}

#[test]
fn the_next_ids_are_those_after_the_largest() {
    assert_eq!((blank().state().next_account_id(), blank().state().next_site_id()), (AccountId(1), SiteId(1)));
    let mut world = world();
    assert_eq!((world.state().next_account_id(), world.state().next_site_id()), (AccountId(3), SiteId(2)));
    world.must(&account(70, "Herald"));
    world.must(&site(80, 70));
    assert_eq!((world.state().next_account_id(), world.state().next_site_id()), (AccountId(71), SiteId(81)));
    world.must(&site(SITE_ID_MAX, 70));
    assert_eq!(world.state().next_site_id(), SiteId(SITE_ID_MAX), "which is taken, and so refused");
}

#[test]
fn a_platform_has_a_million_accounts() {
    assert_eq!(ACCOUNTS_MAX, 1_000_000);
    let name = text("Gazette");
    let one = |id| (AccountId(id), Account { id: AccountId(id), name: name.clone(), registered_at: START });
    let accounts = (1..1_000_000).map(one).collect();
    let Entities { sites, .. } = State::blank(AggregateRef::Platform);
    let state = State::assemble(Entities { last_stamp: START, accounts, sites });
    let ctx = Ctx::at(START);
    let last = state.decide(&account(1_000_000, "Last"), &ctx).unwrap();
    let full = state.evolve(&last[0]);
    assert_eq!(full.decide(&account(1_000_001, "Late"), &ctx), Err(Rejection::LimitReached));
    assert_eq!(full.decide(&account(1, "Gazette"), &ctx), Ok(Vec::new()), "one that exists is no further one");
}

#[test]
fn a_site_of_an_unknown_account_is_seen() {
    let mut entities = world().state().entities().clone();
    assert_eq!(State::assemble(entities.clone()).check_invariants(), Ok(()));
    State::put(&mut entities, Entity::Site(Site { id: SiteId(7), account: AccountId(9), registered_at: START }));
    let violation = State::assemble(entities).check_invariants().unwrap_err();
    assert_eq!((violation.rule, violation.subject.as_str()), ("a site belongs to a known account", "7"));
    assert_eq!(violation.aggregate, AggregateRef::Platform);
}

#[test]
fn each_entity_is_found_under_its_key_in_order() {
    let world = world();
    let entities = world.state().entities();
    let listed: Vec<_> = State::each(entities).collect();
    assert_eq!(listed.len(), 4);
    assert!(listed.is_sorted_by_key(|(key, _)| *key));
    for (key, entity) in listed {
        assert_eq!(State::get(entities, key), Some(entity));
        let mut without = entities.clone();
        State::remove(&mut without, key);
        assert_eq!(State::get(&without, key).is_none(), key != Key::Root, "{key:?}");
    }
}

fn commands() -> impl Strategy<Value = (i64, Command)> {
    let accounts =
        (1..5_u64, prop::sample::select(vec!["Gazette", "Courier"])).prop_map(|(id, name)| account(id, name));
    let sites = (0..6_u32, 1..6_u64).prop_map(|(id, owner)| site(id, owner));
    (-MINUTE_MS..10 * MINUTE_MS, prop_oneof![accounts, sites])
}

proptest! {
    #![proptest_config(share_of_cases(4))]

    #[test]
    fn the_platform_replays_from_any_prefix_and_over_any_chain(
        steps in prop::collection::vec(commands(), 1..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let mut world = blank();
        for (wait, command) in &steps {
            let _rejected = world.step(*wait).ask(command);
        }
        let life = Life::of(blank().state().clone(), world.history());
        life.replays_from_every_prefix();
        life.touches_what_it_changes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(life.states.len())).collect();
        cuts.sort_unstable();
        life.restores_over(&cuts, 3);
        life.replays_over_a_newer_base(0, cuts[0]);
    }
}

/// Stamps never go back, and a site never changes its account.
#[test]
fn an_event_replayed_alone_gives_what_it_says() {
    let mut entities = State::blank(AggregateRef::Platform);
    let change = Change::AccountRegistered { id: AccountId(4), name: text("Herald") };
    State::apply(&mut entities, &doorward_domain::platform::Event { at: START, change: change.clone() });
    let earlier = Timestamp::from_millis(START.millis() - 1);
    State::apply(&mut entities, &doorward_domain::platform::Event { at: earlier, change });
    assert_eq!(entities.last_stamp, START);
}
