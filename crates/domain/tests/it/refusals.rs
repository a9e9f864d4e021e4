//! Why a token is refused: the order of the reasons, and each of them at its bound.

use doorward_domain::account::session::EndReason;
use doorward_domain::account::{Refusal, Session, Settings, State};
use doorward_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use doorward_testkit::{START, World, a_customer, a_session, a_site, an_account, ask, ids};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NoSite,
    NoToken,
    PastItsTime,
    Ended,
    Idle,
    NoCustomer,
    LoggedInSince,
    OtherSite,
}

/// A token is refused for the first of these. One that is past its time says so even when it was ended before: its reason is kept only that
/// long. One that was ended says so even when it would be idle by now.
const ORDER: [(Fault, Refusal); 8] = [
    (Fault::NoSite, Refusal::UnknownSite),
    (Fault::NoToken, Refusal::UnknownToken),
    (Fault::PastItsTime, Refusal::Expired),
    (Fault::Ended, Refusal::Ended(EndReason::RevokedByOperator)),
    (Fault::Idle, Refusal::Expired),
    (Fault::NoCustomer, Refusal::Ended(EndReason::CustomerDeleted)),
    (Fault::LoggedInSince, Refusal::Superseded),
    (Fault::OtherSite, Refusal::OtherSite),
];

#[test]
fn the_reasons_are_given_in_a_fixed_order() {
    for cured in 0..=ORDER.len() {
        let left = &ORDER[cured..];
        let has = |fault| left.iter().any(|(other, _)| *other == fault);
        let now = START.plus_days(10);
        let state = broken(&has, now);
        let site = ids::site(if has(Fault::NoSite) { 9 } else { 2 });
        let token = ids::token(if has(Fault::NoToken) { 9 } else { 1 });
        let answer = state.check(token, site, now).map(|accepted| accepted.session.id);
        assert_eq!(
            answer,
            left.first().map_or_else(|| Ok(ids::session(1)), |(_, refusal)| Err(*refusal)),
            "{:?}",
            left.first()
        );
    }
}

fn broken(has: &dyn Fn(Fault) -> bool, now: Timestamp) -> State {
    let session = a_session().on(if has(Fault::OtherSite) { 1 } else { 2 });
    let session = session.expires_at(if has(Fault::PastItsTime) { now } else { now.plus_millis(1) });
    let session = session.refreshed_at(now.plus_millis(if has(Fault::Idle) { -DAY_MS } else { 1 - DAY_MS }));
    let session = if has(Fault::Ended) { session.ended(EndReason::RevokedByOperator) } else { session };
    let mut account =
        an_account().site(a_site().idle_days(1)).site(a_site().id(2).single_user().own_sessions_only().idle_days(1));
    if !has(Fault::NoCustomer) {
        account = account.customer(a_customer());
    }
    account = account.session(session);
    if has(Fault::LoggedInSince) {
        account = account.session(a_session().id(2));
    }
    account.build()
}

fn check(state: &State, site: u32, now: Timestamp) -> Result<(), Refusal> {
    state.check(ids::token(1), ids::site(site), now).map(|_| ())
}

#[test]
fn a_session_is_over_at_its_end_and_not_a_millisecond_before() {
    let state = an_account().site(a_site().idle_days(365)).customer(a_customer()).session(a_session()).build();
    let end = START.plus_days(30);
    assert_eq!(check(&state, 1, end.plus_millis(-1)), Ok(()));
    assert_eq!(check(&state, 1, end), Err(Refusal::Expired));
}

#[test]
fn idle_time_counts_from_the_last_refresh_by_the_setting_of_the_site_it_was_opened_on() {
    let refreshed = START.plus_days(1);
    let account = an_account().site(a_site().idle_days(2)).site(a_site().id(2).idle_days(20)).customer(a_customer());
    let mut world = World::of(account.session(a_session().refreshed_at(refreshed)).build());
    let end = refreshed.plus_days(2);
    for site in [1, 2] {
        assert_eq!(check(world.state(), site, end.plus_millis(-1)), Ok(()), "at {site}");
        assert_eq!(check(world.state(), site, end), Err(Refusal::Expired), "at {site}");
    }
    let longer = Settings { idle_days: 3, ..Settings::default() };
    world.set(end).must(&ask::set_settings(1, longer));
    assert_eq!(check(world.state(), 1, end), Ok(()), "the setting acts at once");
}

#[test]
fn a_refresh_prolongs_idle_time_and_never_the_session() {
    let mut world = World::of(an_account().site(a_site().idle_days(2)).customer(a_customer()).build());
    world.must(&ask::log_in(1, 1, 1));
    for n in 2..=30 {
        world.step(DAY_MS).must(&ask::refresh(n - 1, 1, n));
    }
    assert_eq!(world.now(), START.plus_days(29));
    let newest = |now| world.state().check(ids::token(30), ids::site(1), now).map(|_| ());
    assert_eq!(newest(START.plus_days(30).plus_millis(-1)), Ok(()));
    assert_eq!(newest(START.plus_days(30)), Err(Refusal::Expired));
    let mut world = world.clone();
    let expired = Err(doorward_domain::account::Rejection::Refused(Refusal::Expired));
    assert_eq!(world.set(START.plus_days(30)).ask(&ask::refresh(30, 1, 31)), expired);
}

#[test]
fn a_site_may_accept_only_its_own_sessions() {
    let account = an_account().site(a_site()).site(a_site().id(2).own_sessions_only()).site(a_site().id(3));
    let mut world = World::of(account.customer(a_customer()).build());
    world.must(&ask::log_in(1, 1, 1));
    world.must(&ask::log_in(1, 2, 2));
    let check = |token, site| world.state().check(ids::token(token), ids::site(site), START).map(|_| ());
    assert_eq!([check(1, 1), check(1, 2), check(1, 3)], [Ok(()), Err(Refusal::OtherSite), Ok(())]);
    assert_eq!([check(2, 1), check(2, 2), check(2, 3)], [Ok(()); 3]);
}

#[test]
fn what_is_accepted_names_the_session_the_customer_and_the_age_of_the_token() {
    let mut world = World::of(an_account().site(a_site()).customer(a_customer()).build());
    world.must(&ask::log_in(1, 1, 1));
    world.step(HOUR_MS).must(&ask::refresh(1, 1, 2));
    let ages = [1, 2].map(|n| world.state().check(ids::token(n), ids::site(1), world.now()).unwrap().issued_at);
    assert_eq!(ages, [START, START.plus_millis(HOUR_MS)]);
    let accepted = world.state().check(ids::token(2), ids::site(1), world.now()).unwrap();
    assert_eq!((accepted.session.id, accepted.customer.id), (ids::session(1), ids::customer(1)));
}

#[test]
fn a_usable_session_has_neither_ended_nor_expired_nor_been_idle() {
    let account = an_account().site(a_site().idle_days(2)).customer(a_customer());
    let state = account.session(a_session()).build();
    let good = a_session().expires_at(START.plus_days(3)).build();
    let (idle_end, end) = (START.plus_days(2), START.plus_days(3));
    assert_eq!(state.idle_end(&good), idle_end);
    assert!(state.is_usable(&good, idle_end.plus_millis(-1)) && !state.is_usable(&good, idle_end));
    assert!(good.is_live(end.plus_millis(-1)) && !good.is_live(end));
    let fresh = Session { refreshed_at: end, ..good.clone() };
    assert!(state.is_usable(&fresh, end.plus_millis(-1)) && !state.is_usable(&fresh, end));
    let ended = a_session().ended(EndReason::LoggedOut).build();
    assert!(!ended.is_live(START) && !state.is_usable(&ended, START));
}
