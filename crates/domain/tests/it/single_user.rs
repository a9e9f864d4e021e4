//! Single-user authentication, as a table: what the first and the last of two logins open, by the sites they were made on, the site they are
//! presented at, what the rule was when, and who has logged out since.

use doorward_domain::account::command::ClockTrust;
use doorward_domain::account::session::EndReason;
use doorward_domain::account::settings::Switch;
use doorward_domain::account::{Refusal, Settings, State};
use doorward_testkit::{World, a_customer, a_site, an_account, ask, ids};

/// The site the rule is about.
const R: u32 = 1;
/// Another site of the account.
const P: u32 = 2;

/// What the rule was at R. At P it is off, except in the rows of `BothOn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Off,
    On,
    /// Off during both logins, switched on afterwards.
    OnAfter,
    /// The same, and housekeeping has passed.
    OnAndSwept,
    /// On during both logins, switched off afterwards.
    OffAfter,
    /// Off during the first login, on during the second.
    OnBetween,
    BothOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logout {
    None,
    /// The last session logs out where it was opened.
    Last,
    /// The first session tries to log out at P.
    First,
}

/// What opens: four letters, for the first session at R and at P, and for the last session at R and at P.
/// `A` accepted · `S` refused, because the customer has logged in again since · `E` ended by the later login · `L` logged out.
type Answers = &'static str;

/// rule, first login, last login, then the answers after no logout, after the last one's, after the first one's attempt.
const TABLE: [(Rule, u32, u32, [Answers; 3]); 28] = [
    (Rule::Off, R, R, ["AAAA", "AALL", "LLAA"]),
    (Rule::Off, R, P, ["AAAA", "AALL", "LLAA"]),
    (Rule::Off, P, R, ["AAAA", "AALL", "LLAA"]),
    (Rule::Off, P, P, ["AAAA", "AALL", "LLAA"]),
    (Rule::On, R, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::On, R, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::On, P, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::On, P, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAfter, R, R, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAfter, R, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAfter, P, R, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAfter, P, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAndSwept, R, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::OnAndSwept, R, P, ["EEAA", "EELL", "EEAA"]),
    (Rule::OnAndSwept, P, R, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnAndSwept, P, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::OffAfter, R, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::OffAfter, R, P, ["AAAA", "AALL", "LLAA"]),
    (Rule::OffAfter, P, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::OffAfter, P, P, ["AAAA", "AALL", "LLAA"]),
    (Rule::OnBetween, R, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::OnBetween, R, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::OnBetween, P, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::OnBetween, P, P, ["SAAA", "SALL", "LLAA"]),
    (Rule::BothOn, R, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::BothOn, R, P, ["EEAA", "EELL", "EEAA"]),
    (Rule::BothOn, P, R, ["EEAA", "EELL", "EEAA"]),
    (Rule::BothOn, P, P, ["EEAA", "EELL", "EEAA"]),
];

#[test]
fn the_table_of_single_user_authentication_holds() {
    for (rule, first, last, expected) in TABLE {
        for (logout, expected) in [Logout::None, Logout::Last, Logout::First].into_iter().zip(expected) {
            let answers = answers(rule, (first, last), logout);
            assert_eq!(answers, expected, "{rule:?}, first at {first}, last at {last}, logout {logout:?}");
        }
    }
}

#[test]
fn the_table_has_every_case_once() {
    let mut cases: Vec<_> = TABLE.iter().map(|(rule, first, last, _)| (*rule as u8, *first, *last)).collect();
    cases.sort_unstable();
    cases.dedup();
    assert_eq!(cases.len(), 7 * 2 * 2);
}

fn answers(rule: Rule, (first, last): (u32, u32), logout: Logout) -> String {
    let site = |id, on: bool| if on { a_site().id(id).single_user() } else { a_site().id(id) };
    let is_on_at_first = matches!(rule, Rule::On | Rule::OffAfter | Rule::BothOn);
    let account = an_account().site(site(R, is_on_at_first)).site(site(P, rule == Rule::BothOn));
    let mut world = World::of(account.customer(a_customer()).build());
    world.must(&ask::log_in(1, first, 1));
    if rule == Rule::OnBetween {
        switch(&mut world, Switch::On);
    }
    world.must(&ask::log_in(1, last, 2));
    match rule {
        Rule::OnAfter => switch(&mut world, Switch::On),
        Rule::OffAfter => switch(&mut world, Switch::Off),
        Rule::OnAndSwept => {
            switch(&mut world, Switch::On);
            let _swept = world.ask(&ask::sweep(None, ClockTrust::Confirmed)).unwrap();
        }
        Rule::Off | Rule::On | Rule::OnBetween | Rule::BothOn => {}
    }
    match logout {
        Logout::None => {}
        Logout::Last => _ = world.must(&ask::log_out(2, last)),
        Logout::First => _ = world.ask(&ask::log_out(1, P)),
    }
    [(1, R), (1, P), (2, R), (2, P)].map(|(token, site)| letter(world.state(), token, site)).concat()
}

fn switch(world: &mut World<State>, rule: Switch) {
    let settings = Settings { single_user_authentication: rule, ..Settings::default() };
    world.step(1).must(&ask::set_settings(R, settings));
}

fn letter(state: &State, token: u64, site: u32) -> &'static str {
    match state.check(ids::token(token), ids::site(site), doorward_testkit::START.plus_millis(2)) {
        Ok(_) => "A",
        Err(Refusal::Superseded) => "S",
        Err(Refusal::Ended(EndReason::Superseded)) => "E",
        Err(Refusal::Ended(EndReason::LoggedOut)) => "L",
        Err(_) => "?",
    }
}

/// Customers do not end each other's sessions, and what a login ends it ends at every site of the account.
#[test]
fn a_login_under_the_rule_ends_all_other_sessions_of_that_customer_alone() {
    let account = an_account().site(a_site().id(R).single_user()).site(a_site().id(P)).site(a_site().id(3));
    let bob = a_customer().id(2).email("bob@example.org");
    let mut world = World::of(account.customer(a_customer()).customer(bob).build());
    for (customer, site, n) in [(1, P, 1), (1, 3, 2), (2, R, 3), (1, P, 4), (1, R, 5)] {
        world.step(1).must(&ask::log_in(customer, site, n));
    }
    let live: Vec<_> = world.state().sessions().filter(|s| s.end.is_none()).map(|s| s.id).collect();
    assert_eq!(live, [ids::session(3), ids::session(5)]);
}

/// The end of the last opened session revives no other, however it ends, and not when it is forgotten.
#[test]
fn the_end_of_the_last_session_revives_no_other() {
    let ends = [ask::log_out(2, P), ask::revoke(doorward_domain::account::Authority::Operator, 2)];
    for end in ends {
        let account = an_account().site(a_site().id(R).single_user()).site(a_site().id(P).ttl_days(1));
        let mut world = World::of(account.customer(a_customer()).build());
        let account_of = |world: &World<State>| letter(world.state(), 1, R);
        world.must(&ask::log_in(1, R, 1));
        world.step(1).must(&ask::log_in(1, P, 2));
        assert_eq!(account_of(&world), "S");
        world.must(&end);
        assert_eq!(account_of(&world), "S", "after {end:?}");
        world.step(doorward_domain::time::DAY_MS).must(&ask::sweep(Some(ids::session(1)), ClockTrust::Confirmed));
        assert_eq!(world.state().session(ids::session(2)), None);
        assert_eq!(account_of(&world), "S", "after {end:?} is forgotten");
    }
}
