//! Every bound of the account, at the bound and one past it. Those of single values (e-mail, text, metadata, settings, passwords) stand
//! beside the values. Two bounds no test fills, as they do not fit: [`doorward_domain::limits::CUSTOMERS_MAX`], twenty million, and
//! [`doorward_domain::limits::PLATFORM_SITES_MAX`], ten million.

use doorward_domain::account::command::ClockTrust;
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::session::EndReason;
use doorward_domain::account::state::SealedKey;
use doorward_domain::account::{Command, Refusal, Rejection, Settings, State};
use doorward_domain::limits::{
    CLOCK_BEHIND_MAX_MS, ENDED_SESSIONS_MAX, ENTITLEMENTS_MAX, LIVE_SESSIONS_MAX, METADATA_BYTES_MAX, ORIGINS_MAX,
    SEALED_KEY_BYTES_MAX, SIGNING_KEYS_MAX, SITES_MAX, SWEEP_BATCH_MAX, TOKEN_ECHO_MS, TOKENS_PER_SESSION_MAX,
};
use doorward_domain::time::{HOUR_MS, MINUTE_MS};
use doorward_testkit::build::{AccountBuilder, signing_key, text};
use doorward_testkit::{START, World, a_customer, a_session, a_site, an_account, ask, ids};

/// Site 1 without the rule, customer 1.
fn world() -> World<State> {
    World::of(an_account().site(a_site()).customer(a_customer()).build())
}

fn live(world: &World<State>) -> usize {
    world.state().sessions_of(ids::customer(1)).filter(|session| session.end.is_none()).count()
}

fn ended(world: &World<State>) -> usize {
    world.state().sessions_of(ids::customer(1)).filter(|session| session.end.is_some()).count()
}

fn check(world: &World<State>, token: u64) -> Result<(), Refusal> {
    world.state().check(ids::token(token), ids::site(1), world.now()).map(|_| ())
}

#[test]
fn the_numbers_are_those_of_the_design() {
    assert_eq!((LIVE_SESSIONS_MAX, ENDED_SESSIONS_MAX, TOKENS_PER_SESSION_MAX), (100, 100, 9));
    assert_eq!((TOKEN_ECHO_MS, CLOCK_BEHIND_MAX_MS), (3_600_000, 300_000));
    assert_eq!((SWEEP_BATCH_MAX, SITES_MAX, ORIGINS_MAX), (1_000, 1_000, 50));
    assert_eq!(METADATA_BYTES_MAX, 16_384);
    assert_eq!((SIGNING_KEYS_MAX, SEALED_KEY_BYTES_MAX, ENTITLEMENTS_MAX), (32, 1_024, 200));
}

#[test]
fn a_hundred_sessions_live_and_then_the_oldest_goes() {
    let mut world = world();
    for n in 1..=100 {
        assert_eq!(world.step(1).must(&ask::log_in(1, 1, n)).len(), 1, "login {n} ends nothing");
    }
    assert_eq!((live(&world), check(&world, 1)), (100, Ok(())));
    world.step(1).must(&ask::log_in(1, 1, 101));
    assert_eq!((live(&world), check(&world, 1)), (100, Err(Refusal::Ended(EndReason::TooMany))));
    assert_eq!((check(&world, 2), check(&world, 101)), (Ok(()), Ok(())));
}

/// The clock stands still, so that all have one stamp; the order of the journal still says which is the newest.
#[test]
fn the_last_opened_session_is_not_the_one_that_goes_when_the_clock_stands_still() {
    let mut world = world();
    for n in (1..=100).rev() {
        world.must(&ask::log_in(1, 1, n));
    }
    world.must(&ask::log_in(1, 1, 101));
    assert_eq!((live(&world), check(&world, 1), check(&world, 101)), (100, Ok(()), Ok(())));
}

#[test]
fn a_hundred_ended_sessions_are_known_and_then_the_longest_ended_is_forgotten() {
    let mut world = world();
    for n in 1..=100 {
        world.step(1).must(&ask::log_in(1, 1, n));
        assert_eq!(world.step(1).must(&ask::log_out(n, 1)).len(), 1, "logout {n} forgets nothing");
    }
    assert_eq!((ended(&world), check(&world, 1)), (100, Err(Refusal::Ended(EndReason::LoggedOut))));
    world.step(1).must(&ask::log_in(1, 1, 101));
    assert_eq!(ended(&world), 100);
    world.step(1).must(&ask::log_out(101, 1));
    assert_eq!((ended(&world), check(&world, 1)), (100, Err(Refusal::UnknownToken)));
    assert_eq!(check(&world, 2), Err(Refusal::Ended(EndReason::LoggedOut)));
    assert_eq!(check(&world, 101), Err(Refusal::Ended(EndReason::LoggedOut)));
}

/// The rule is switched on and off over and over: each time a sweep ends what it refuses, and ends it for many customers at once, so it does
/// not look at how many ended ones each of them has.
#[test]
fn ended_sessions_stay_bounded_when_sweeps_end_them() {
    let rule = |on: bool| Settings { single_user_authentication: on.into(), ..Settings::default() };
    let mut world = world();
    for round in 0..5 {
        let first = round * 100;
        for n in first + 1..=first + 99 {
            world.step(1).must(&ask::log_in(1, 1, n));
        }
        assert!(ended(&world) <= ENDED_SESSIONS_MAX, "round {round}: {}", ended(&world));
        world.must(&ask::set_settings(1, rule(true)));
        world.must(&ask::sweep(None, ClockTrust::Unconfirmed));
        assert!(ended(&world) <= ENDED_SESSIONS_MAX + LIVE_SESSIONS_MAX, "round {round}: {}", ended(&world));
        world.must(&ask::set_settings(1, rule(false)));
    }
}

#[test]
fn ended_sessions_stay_bounded_when_every_session_of_the_account_ends() {
    let mut world = world();
    for round in 0..5 {
        let first = round * 100;
        for n in first + 1..=first + 100 {
            world.step(1).must(&ask::log_in(1, 1, n));
        }
        world.must(&ask::end_every_session());
        assert!(ended(&world) <= ENDED_SESSIONS_MAX + LIVE_SESSIONS_MAX, "round {round}: {}", ended(&world));
    }
}

#[test]
fn an_earlier_token_is_good_until_there_are_eight_newer_ones() {
    let mut world = world();
    world.must(&ask::log_in(1, 1, 1));
    for n in 2..=9 {
        world.step(HOUR_MS).must(&ask::refresh(n - 1, 1, n));
    }
    assert_eq!((check(&world, 1), check(&world, 9)), (Ok(()), Ok(())));
    world.step(HOUR_MS).must(&ask::refresh(9, 1, 10));
    assert_eq!((check(&world, 1), check(&world, 2)), (Err(Refusal::UnknownToken), Ok(())));
    assert_eq!(world.state().session(ids::session(1)).unwrap().tokens.len(), 9);
}

#[test]
fn a_token_is_echoed_until_it_is_an_hour_old() {
    let mut world = world();
    world.must(&ask::log_in(1, 1, 1));
    for (wait, events) in [(0, 0), (HOUR_MS - 1, 0), (1, 1)] {
        assert_eq!(world.step(wait).ask(&ask::refresh(1, 1, 2)).unwrap().len(), events, "{:?}", world.now());
    }
    // The second token is as young as it can be; the first is old, and is replaced again.
    assert_eq!(world.ask(&ask::refresh(2, 1, 3)).unwrap().len(), 0);
    assert_eq!(world.ask(&ask::refresh(1, 1, 3)).unwrap().len(), 1);
}

#[test]
fn a_clock_five_minutes_behind_still_issues_and_one_further_behind_does_not() {
    let state = an_account().site(a_site()).customer(a_customer()).last_stamp(START.plus_millis(5 * MINUTE_MS)).build();
    let mut world = World::of(state);
    assert_eq!(world.set(START.plus_millis(-1)).ask(&ask::log_in(1, 1, 1)), Err(Rejection::ClockBehind));
    let events = world.set(START).must(&ask::log_in(1, 1, 1));
    assert_eq!(events[0].at, START.plus_millis(5 * MINUTE_MS), "nothing is stamped before the last stamp");
}

#[test]
fn an_account_has_a_thousand_sites() {
    let sites = |count| (1..=count).map(|n| a_site().id(n)).fold(an_account(), AccountBuilder::site);
    let one_more = a_site().id(5_000).create();
    World::of(sites(999).build()).must(&one_more);
    let mut full = World::of(sites(1_000).build());
    assert_eq!(full.ask(&one_more), Err(Rejection::LimitReached(Limit::Sites)));
    assert_eq!(full.ask(&a_site().id(1).create()), Ok(Vec::new()), "one that exists is no further one");
}

#[test]
fn a_site_has_fifty_origins() {
    let mut world = world();
    world.must(&a_site().id(2).origins(50).create());
    let limit = Err(Rejection::LimitReached(Limit::Origins));
    assert_eq!(world.ask(&a_site().id(3).origins(51).create()), limit);
    let update = |count| {
        let profile = Some(a_site().named("Other").origins(count).build().profile);
        Command::UpdateSite(doorward_domain::account::command::UpdateSite { id: ids::site(1), profile, settings: None })
    };
    assert_eq!(world.ask(&update(51)), limit);
    world.must(&update(50));
}

#[test]
fn an_account_keeps_thirty_two_signing_keys() {
    let mut world = World::of(an_account().build());
    for n in 2..=32 {
        world.must(&ask::add_signing_key(signing_key(&format!("key-{n}"))));
    }
    let limit = Err(Rejection::LimitReached(Limit::SigningKeys));
    assert_eq!(world.ask(&ask::add_signing_key(signing_key("key-33"))), limit);
    assert_eq!(
        world.ask(&ask::add_signing_key(signing_key("key-32"))),
        Ok(Vec::new()),
        "a known one is no further one"
    );
    let kids: Vec<_> = world.state().root().signing_keys.iter().map(|key| key.kid.as_str().to_owned()).collect();
    assert_eq!(kids, (1..=32).map(|n| format!("key-{n}")).collect::<Vec<_>>());
}

#[test]
fn a_sealed_key_has_a_thousand_and_twenty_four_bytes() {
    let key = |bytes| SealedKey { kid: text("wide"), sealed: vec![7; bytes].into(), added_at: START };
    let limit = Err(Rejection::LimitReached(Limit::SealedKeyBytes));
    let mut open = World::of(an_account().build());
    assert_eq!(open.ask(&ask::add_signing_key(key(1_025))), limit);
    open.must(&ask::add_signing_key(key(1_024)));
    let mut unopened = World::of(an_account().unopened().build());
    assert_eq!(unopened.ask(&ask::open_account("Gazette", key(1_025))), limit);
    unopened.must(&ask::open_account("Gazette", key(1_024)));
}

#[test]
fn a_customer_has_two_hundred_entitlements() {
    let mut world = world();
    assert_eq!(world.ask(&ask::entitle(1, 201)), Err(Rejection::LimitReached(Limit::Entitlements)));
    world.must(&ask::entitle(1, 200));
}

#[test]
fn a_sweep_looks_at_a_thousand_sessions() {
    let expired = (1..=1_001).map(|n| a_session().id(n).of(n));
    let state = expired.fold(an_account().site(a_site()), |account, session| {
        account.session(session.ended(EndReason::CustomerDeleted))
    });
    let mut world = World::of(state.build());
    world.set(START.plus_days(30)).must(&ask::sweep(None, ClockTrust::Confirmed));
    assert_eq!(world.state().sessions().map(|session| session.id).collect::<Vec<_>>(), [ids::session(1_001)]);
}
