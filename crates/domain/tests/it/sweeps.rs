//! Housekeeping: a pass visits every session exactly once; a clock that nobody has confirmed deletes nothing.

use doorward_domain::account::command::ClockTrust;
use doorward_domain::account::event::Change;
use doorward_domain::account::session::EndReason;
use doorward_domain::account::{Settings, State};
use doorward_domain::ids::SessionId;
use doorward_domain::limits::SWEEP_BATCH_MAX;
use doorward_domain::time::DAY_MS;
use doorward_testkit::build::AccountBuilder;
use doorward_testkit::ids::Ids;
use doorward_testkit::{START, World, a_customer, a_session, a_site, an_account, ask, ids};

/// So many customers with one live session each, under scattered ids.
fn crowd(customers: u64) -> AccountBuilder {
    let mut ids = Ids::seeded(7);
    (1..=customers).fold(an_account().site(a_site().idle_days(365)), |account, n| {
        let session = ids.session();
        let customer = a_customer().id(n).email(&format!("c{n}@example.org"));
        account.customer(customer).session(a_session().id(n).of(n).with(|own| own.id = session))
    })
}

/// The windows of one pass, by the ids in each.
fn pass(state: &State) -> Vec<Vec<SessionId>> {
    let mut windows = Vec::new();
    let mut after = None;
    loop {
        let window: Vec<_> = state.sweep_window(after).map(|session| session.id).collect();
        let Some(last) = window.last() else { return windows };
        after = Some(*last);
        windows.push(window);
    }
}

#[test]
fn a_pass_visits_every_session_once_in_windows_of_a_thousand() {
    for count in [0, 1, 999, 1_000, 1_001, 2_500] {
        let state = crowd(count).build();
        let windows = pass(&state);
        assert!(windows.iter().all(|window| window.len() <= SWEEP_BATCH_MAX));
        let visited = windows.concat();
        assert_eq!(visited, state.sessions().map(|session| session.id).collect::<Vec<_>>(), "{count}");
    }
}

/// What a window forgets is gone when the next one begins, and the pass goes on behind it.
#[test]
fn a_pass_of_commands_forgets_every_expired_session_and_no_other() {
    let young = a_customer().id(9_999).email("young@example.org");
    let account = crowd(2_500).customer(young).session(a_session().id(9_999).of(9_999).opened_at(START.plus_days(1)));
    let mut world = World::of(account.build());
    world.set(START.plus_days(30));
    let mut after = None;
    while let Some(last) = world.state().sweep_window(after).last().map(|session| session.id) {
        world.ask(&ask::sweep(after, ClockTrust::Confirmed)).unwrap();
        after = Some(last);
    }
    assert_eq!(world.state().sessions().map(|session| session.id).collect::<Vec<_>>(), [ids::session(9_999)]);
}

#[test]
fn a_session_is_forgotten_when_it_is_over_and_not_a_millisecond_before() {
    let mut world = World::of(crowd(1).build());
    world.set(START.plus_days(30)).step(-1);
    assert_eq!(world.ask(&ask::sweep(None, ClockTrust::Confirmed)), Ok(Vec::new()));
    assert_eq!(world.step(1).must(&ask::sweep(None, ClockTrust::Confirmed)).len(), 1);
}

#[test]
fn an_unconfirmed_clock_forgets_nothing_however_far_ahead_it_is() {
    let state = crowd(50).session(a_session().id(5_000).ended(EndReason::LoggedOut)).build();
    let mut world = World::of(state.clone());
    for days in [31, 365, 36_500] {
        world.set(START.plus_millis(days * DAY_MS));
        assert_eq!(world.ask(&ask::sweep(None, ClockTrust::Unconfirmed)), Ok(Vec::new()));
    }
    assert_eq!(world.state(), &state);
}

/// Two logins each of customers 1 and 2, at sites 1 and 2; the rule is then switched on at site 1.
fn superseded() -> World<State> {
    let bob = a_customer().id(2).email("bob@example.org");
    let account = an_account().site(a_site()).site(a_site().id(2)).customer(a_customer()).customer(bob);
    let mut world = World::of(account.build());
    for (customer, site, n) in [(1, 1, 1), (1, 2, 2), (1, 1, 3), (2, 1, 4), (2, 2, 5)] {
        world.step(1).must(&ask::log_in(customer, site, n));
    }
    let rule = Settings { single_user_authentication: true.into(), ..Settings::default() };
    world.must(&ask::set_settings(1, rule));
    world
}

#[test]
fn a_sweep_ends_what_the_rule_refuses_at_the_site_it_was_opened_on() {
    for clock in [ClockTrust::Confirmed, ClockTrust::Unconfirmed] {
        let mut world = superseded();
        let [event] = &world.must(&ask::sweep(None, clock))[..] else { panic!("one event") };
        let sessions = vec![ids::session(1), ids::session(4)];
        assert_eq!(event.change, Change::SessionsEnded { sessions, reason: EndReason::Superseded });
        assert_eq!(world.ask(&ask::sweep(None, clock)), Ok(Vec::new()), "a second pass finds nothing");
    }
}

#[test]
fn a_sweep_begins_after_the_session_it_is_told() {
    let mut world = superseded();
    let [event] = &world.must(&ask::sweep(Some(ids::session(1)), ClockTrust::Confirmed))[..] else {
        panic!("one event")
    };
    let sessions = vec![ids::session(4)];
    assert_eq!(event.change, Change::SessionsEnded { sessions, reason: EndReason::Superseded });
}

/// By a clock that may delete, what is over is forgotten rather than ended; by one that may not, it is ended.
#[test]
fn what_is_both_expired_and_superseded_is_forgotten_if_the_clock_may_delete() {
    let mut world = superseded();
    let mut unconfirmed = world.set(START.plus_days(31)).clone();
    let changes = |world: &mut World<State>, clock| {
        world.must(&ask::sweep(None, clock)).into_iter().map(|event| event.change).collect::<Vec<_>>()
    };
    let all = (1..=5).map(ids::session).collect();
    assert_eq!(changes(&mut world, ClockTrust::Confirmed), [Change::SessionsForgotten { sessions: all }]);
    let sessions = vec![ids::session(1), ids::session(4)];
    let ended = Change::SessionsEnded { sessions, reason: EndReason::Superseded };
    assert_eq!(changes(&mut unconfirmed, ClockTrust::Unconfirmed), [ended]);
}
