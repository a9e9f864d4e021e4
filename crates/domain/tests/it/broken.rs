//! Every invariant of the account, seen to fail on a state that breaks it and nothing else. The one about indexes cannot be broken from outside; its
//! test stands beside it.

use doorward_domain::Aggregate;
use doorward_domain::account::session::{EndReason, Method};
use doorward_domain::account::{Customer, Session, State};
use doorward_domain::ids::AccountId;
use doorward_testkit::build::AccountBuilder;
use doorward_testkit::{START, a_customer, a_session, a_site, an_account, ids};

const EMAIL: &str = "an e-mail names at most one customer";
const USERNAME: &str = "a user name names at most one customer";
const SESSION: &str = "a live session belongs to an active customer and a known site";
const TOKEN: &str = "a token stands for one session, and a session has one to nine tokens";
const BOUNDED: &str = "the sessions of a customer are bounded";
const LAST_OPEN: &str = "the last opened session is the customer's own and the newest";
const STAMP: &str = "no stamp is later than the last stamp";
const SETTINGS: &str = "settings are in range";

/// Site 1, customers 1 and 2.
fn account() -> AccountBuilder {
    let bob = a_customer().id(2).email("bob@example.org").username("bob");
    an_account().site(a_site()).customer(a_customer().username("ada")).customer(bob)
}

fn broken_rule(state: &State) -> Option<&'static str> {
    state.check_invariants().err().map(|violation| violation.rule)
}

fn check(account: AccountBuilder, rule: &'static str) {
    assert_eq!(broken_rule(&account.build()), Some(rule));
}

fn holds(account: AccountBuilder) {
    assert_eq!(account.build().check_invariants(), Ok(()));
}

fn many(account: AccountBuilder, live: u64, ended: u64) -> AccountBuilder {
    let live_ones = (0..live).map(|n| a_session().id(1_000 + n));
    let ended_ones = (0..ended).map(|n| a_session().id(2_000 + n).ended(EndReason::LoggedOut));
    ended_ones.chain(live_ones).fold(account, AccountBuilder::session)
}

#[test]
fn a_good_account_breaks_nothing() {
    holds(account());
    holds(account().session(a_session()).session(a_session().id(2).of(2)));
    holds(an_account().unopened());
}

#[test]
fn two_customers_with_one_email_are_seen() {
    check(account().customer(a_customer().id(3).email("ADA@example.org")), EMAIL);
}

#[test]
fn two_customers_with_one_username_are_seen() {
    check(account().customer(a_customer().id(3).email("cy@example.org").username("Bob")), USERNAME);
}

#[test]
fn a_live_session_without_an_active_customer_or_a_site_is_seen() {
    check(account().session(a_session().of(9)), SESSION);
    check(account().session(a_session().on(9)), SESSION);
    check(account().session(a_session().on(9).ended(EndReason::LoggedOut)), SESSION);
    check(account().customer(a_customer().id(3).email("cy@example.org").locked()).session(a_session().of(3)), SESSION);
    holds(account().session(a_session().of(9).ended(EndReason::CustomerDeleted)));
}

#[test]
fn a_shared_token_and_a_wrong_number_of_tokens_are_seen() {
    check(account().session(a_session()).session(a_session().id(2).tokens([2, 1])), TOKEN);
    check(account().session(a_session().tokens([7, 7])), TOKEN);
    check(account().session(a_session().tokens([])), TOKEN);
    check(account().session(a_session().tokens(1..=10)), TOKEN);
    holds(account().session(a_session().tokens(1..=9)));
}

#[test]
fn too_many_sessions_are_seen() {
    holds(many(account(), 100, 100));
    check(many(account(), 101, 0), BOUNDED);
    check(many(account(), 100, 101), BOUNDED);
    holds(many(account(), 0, 200));
    check(many(account(), 0, 201), BOUNDED);
}

#[test]
fn a_last_open_that_is_foreign_or_not_the_newest_is_seen() {
    let foreign = |customer: &mut Customer| customer.last_open = Some(ids::session(2));
    let bobs = account().session(a_session().id(2).of(2));
    check(bobs.customer(a_customer().with(foreign)), LAST_OPEN);
    let newer = a_session().id(2).opened_at(START.plus_millis(1));
    check(account().session(newer.clone()).session(a_session()), LAST_OPEN);
    holds(account().session(a_session()).session(newer));
    let forgotten = |customer: &mut Customer| customer.last_open = Some(ids::session(99));
    holds(account().customer(a_customer().with(forgotten)).customer(a_customer().username("ada")));
}

#[test]
fn a_stamp_after_the_last_one_is_seen() {
    let late = START.plus_millis(1);
    check(account().customer(a_customer().with(|c| c.updated_at = late)).last_stamp(START), STAMP);
    check(account().customer(a_customer().with(|c| c.created_at = late)).last_stamp(START), STAMP);
    check(account().session(a_session().refreshed_at(late)).last_stamp(START), STAMP);
    check(account().session(a_session().with(|s: &mut Session| s.opened_at = late)).last_stamp(START), STAMP);
    holds(account().session(a_session().refreshed_at(late)).last_stamp(late));
}

#[test]
fn settings_out_of_range_are_seen() {
    check(account().site(a_site().id(2).ttl_days(366)), SETTINGS);
}

#[test]
fn a_violation_names_where_it_is() {
    let state = account().session(a_session().with(|session| session.method = Method::Register).of(9)).build();
    let violation = state.check_invariants().unwrap_err();
    assert_eq!(violation.aggregate, doorward_domain::ids::AggregateRef::Account(AccountId(1)));
    assert_eq!(violation.subject, ids::session(1).to_string());
    assert_eq!(violation.to_string(), format!("Account(AccountId(1)): {SESSION}: {}", ids::session(1)));
}
