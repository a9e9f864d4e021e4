//! One random command that suits what has happened so far, or that does not.

use super::scattered;
use crate::build::{a_customer, a_site, email, hash, signing_key, username};
use crate::model::Model;
use crate::{ask, ids};
use doorward_domain::account::command::{
    ClockTrust, Command, NewSession, RefreshSession, RegisterCustomer, RevokeOtherSessions, RevokeSession, SetPassword,
    UpdateCustomer,
};
use doorward_domain::account::customer::Status;
use doorward_domain::account::session::Method;
use doorward_domain::account::{Authority, Settings};
use doorward_domain::ids::{CredentialRev, SessionId, SiteId, TokenDigest};
use proptest::prelude::*;
use proptest::sample::select;

const EMAILS: [&str; 10] = [
    "ada@example.org",
    "Ada@Example.org",
    "bob@example.org",
    "BOB@example.org",
    "cy@example.org",
    "cy@EXAMPLE.ORG",
    "dee@example.org",
    "Dee@example.org",
    "eve@example.org",
    "eVe@example.org",
];
const USERNAMES: [&str; 6] = ["ada", "ADA", "bob", "Bob", "cy", "Cy"];

pub(super) fn commands(model: &Model) -> BoxedStrategy<Command> {
    prop_oneof![
        24 => log_in(model),
        10 => register(model),
        12 => (tokens(model), sites(), new_tokens(model))
            .prop_map(|(token, site, new_token)| Command::RefreshSession(RefreshSession { token, site, new_token })),
        8 => (by(model), sessions(model))
            .prop_map(|(by, session)| Command::RevokeSession(RevokeSession { by, session })),
        3 => (tokens(model), sites())
            .prop_map(|(token, site)| Command::RevokeOtherSessions(RevokeOtherSessions { token, site })),
        2 => own(model).prop_map(|(by, customer)| ask::revoke_all(by, customer)),
        2 => own(model).prop_map(|(by, customer)| ask::delete(by, customer)),
        3 => (customers(model), select(vec![Status::Active, Status::Active, Status::Locked]))
            .prop_map(|(customer, status)| ask::set_status(customer, status)),
        5 => set_password(model),
        8 => update(model),
        10 => (sites(), settings()).prop_map(|(site, settings)| ask::set_settings(site.0, settings)),
        4 => (prop::option::of(sessions(model)), trust()).prop_map(|(after, clock)| ask::sweep(after, clock)),
        4 => rare(model),
    ]
    .boxed()
}

fn rare(model: &Model) -> impl Strategy<Value = Command> + use<> {
    prop_oneof![
        2 => (customers(model), 0..3_usize).prop_map(|(customer, count)| ask::entitle(customer, count)),
        2 => (customers(model), select(vec!["1", "2", "3"]), select(vec!["1", "2"]))
            .prop_map(|(customer, from, to)| ask::rehash(customer, from, to)),
        1 => Just(ask::end_every_session()),
        1 => select(vec!["key-1", "key-2", "key-3"]).prop_map(|kid| ask::add_signing_key(signing_key(kid))),
        1 => (1_u32..=3, settings())
            .prop_map(|(id, settings)| a_site().id(id).settings(|own| *own = settings).create()),
        1 => select(vec!["Gazette", "Other"]).prop_map(|name| ask::open_account(name, signing_key("key-1"))),
    ]
}

/// Mostly customers that exist.
fn customers(model: &Model) -> BoxedStrategy<u64> {
    let known: Vec<_> = model.people.iter().map(|person| person.id.get()).collect();
    if known.is_empty() { any_customer().boxed() } else { prop_oneof![9 => select(known), 1 => any_customer()].boxed() }
}

fn any_customer() -> impl Strategy<Value = u64> {
    1_u64..=4
}

fn sites() -> impl Strategy<Value = SiteId> {
    prop_oneof![8 => Just(1), 8 => Just(2), 4 => Just(3), 1 => Just(4)].prop_map(SiteId)
}

fn trust() -> impl Strategy<Value = ClockTrust> {
    select(vec![ClockTrust::Confirmed, ClockTrust::Unconfirmed])
}

/// Mostly the newest tokens of sessions that are kept, some older ones, some that are dropped, forgotten or were never issued.
fn tokens(model: &Model) -> BoxedStrategy<TokenDigest> {
    let unknown = Just(ids::token(u64::MAX));
    let newest: Vec<_> = model.logins.iter().rev().take(6).filter_map(|l| l.tokens.last()).map(|t| t.0).collect();
    let all: Vec<_> = model.tokens.iter().copied().collect();
    if newest.is_empty() {
        return unknown.boxed();
    }
    prop_oneof![14 => select(newest), 5 => select(all), 1 => unknown].boxed()
}

fn new_tokens(model: &Model) -> BoxedStrategy<TokenDigest> {
    let next = u64::try_from(model.tokens.len()).unwrap_or_default() + 1;
    prop_oneof![14 => Just(ids::token(next)), 1 => tokens(model)].boxed()
}

fn sessions(model: &Model) -> BoxedStrategy<SessionId> {
    let unknown = Just(ids::session(u64::MAX));
    let newest: Vec<_> = model.logins.iter().rev().take(8).map(|login| login.session).collect();
    if newest.is_empty() {
        return unknown.boxed();
    }
    prop_oneof![14 => select(newest), 1 => unknown].boxed()
}

fn new_session(model: &Model) -> impl Strategy<Value = NewSession> + use<> {
    let next = Just(scattered(model.logins.len() + 1));
    let taken: Vec<_> = model.logins.iter().filter(|login| !login.is_forgotten).map(|login| login.session).collect();
    let ids = if taken.is_empty() { next.boxed() } else { prop_oneof![20 => next, 1 => select(taken)].boxed() };
    let methods = select(vec![Method::Password, Method::Register]);
    (ids, sites(), methods, new_tokens(model)).prop_map(|(id, site, method, token)| NewSession {
        id,
        site,
        method,
        token,
    })
}

fn by(model: &Model) -> impl Strategy<Value = Authority> + use<> {
    let session = (tokens(model), sites()).prop_map(|(token, site)| Authority::Session { token, site });
    prop_oneof![1 => Just(Authority::Operator), 3 => session]
}

/// An authority and a customer whom it mostly may speak for.
fn own(model: &Model) -> impl Strategy<Value = (Authority, u64)> + use<> {
    let owners: Vec<_> = model.logins.iter().flat_map(|l| l.tokens.iter().map(|t| (t.0, l.person.get()))).collect();
    let customers = customers(model);
    by(model).prop_flat_map(move |by| {
        let owner = match by {
            Authority::Session { token, .. } => owners.iter().rfind(|(digest, _)| *digest == token),
            Authority::Operator => None,
        };
        let own = owner.map_or_else(|| customers.clone(), |(_, owner)| Just(*owner).boxed());
        (Just(by), prop_oneof![9 => own, 1 => any_customer()])
    })
}

/// The customer's credential revision as it is, or another one.
fn revs(model: &Model, customer: u64) -> impl Strategy<Value = u64> + use<> {
    let rev = model.people.iter().find(|person| person.id.get() == customer).map_or(1, |person| person.rev);
    prop_oneof![14 => Just(rev), 1 => Just(rev + 1), 1 => Just(rev.saturating_sub(1))]
}

fn log_in(model: &Model) -> impl Strategy<Value = Command> + use<> {
    let model = model.clone();
    let parts =
        customers(&model).prop_flat_map(move |customer| (Just(customer), revs(&model, customer), new_session(&model)));
    parts.prop_map(|(customer, rev, session)| ask::log_in_with(customer, rev, session))
}

fn register(model: &Model) -> impl Strategy<Value = Command> + use<> {
    let session = prop::option::weighted(0.8, new_session(model));
    let names = (select(EMAILS.to_vec()), prop::option::weighted(0.3, select(USERNAMES.to_vec())));
    (any_customer(), sites(), names, session).prop_map(|(customer, site, (email, name), session)| {
        let registration = a_customer().id(customer).email(email).register();
        let username = name.map(username);
        Command::RegisterCustomer(Box::new(RegisterCustomer { site, username, session, ..registration }))
    })
}

fn set_password(model: &Model) -> impl Strategy<Value = Command> + use<> {
    let model = model.clone();
    let parts = own(&model).prop_flat_map(move |(by, customer)| {
        let token = prop::option::of(new_tokens(&model));
        (Just(by), Just(customer), revs(&model, customer), token, select(vec!["1", "2", "3"]))
    });
    parts.prop_map(|(by, customer, rev, token, name)| {
        let customer = ids::customer(customer);
        let hash = hash(name);
        Command::SetPassword(SetPassword { by, customer, credential_rev: CredentialRev(rev), hash, token })
    })
}

fn update(model: &Model) -> impl Strategy<Value = Command> + use<> {
    let email = prop::option::weighted(0.7, select(EMAILS.to_vec()).prop_map(email));
    let name = prop::option::weighted(0.3, prop::option::of(select(USERNAMES.to_vec()).prop_map(username)));
    let token = prop::option::weighted(0.3, new_tokens(model));
    (own(model), email, name, token).prop_map(|((by, customer), email, username, token)| {
        Command::UpdateCustomer(Box::new(UpdateCustomer { email, username, token, ..ask::update(by, customer) }))
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let switches = (any::<bool>(), prop::bool::weighted(0.2));
    (switches, select(vec![30, 30, 30, 30, 2, 2, 0]), select(vec![14, 14, 14, 1])).prop_map(
        |((single, own), ttl, idle)| Settings {
            single_user_authentication: single.into(),
            own_sessions_only: own.into(),
            auth_token_ttl_days: ttl,
            idle_days: idle,
            ..Settings::default()
        },
    )
}
