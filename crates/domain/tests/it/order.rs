//! The order of rejections. Each row is a command on a state that breaks several guards at once; the first one must be named. Then that one is
//! cured, the next one must be named, and so on, until the command is accepted.

use doorward_domain::account::command::{
    Command, CreateSite, OpenAccount, RegisterCustomer, SetPassword, UpdateCustomer, UpdateSite,
};
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::settings::SettingsError;
use doorward_domain::account::state::SealedKey;
use doorward_domain::account::{Authority, Refusal, Rejection, Settings, State};
use doorward_domain::metadata::{MetadataError, MetadataPatch};
use doorward_domain::time::{HOUR_MS, MINUTE_MS};
use doorward_domain::{Aggregate, Ctx};
use doorward_testkit::build::{AccountBuilder, SiteBuilder, email, signing_key, text, username};
use doorward_testkit::{START, a_customer, a_session, a_site, an_account, ask, ids};

/// What is wrong, in the order in which it must be said: existence, authority, limits, state, content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    NotOpened,
    NoCustomer,
    NoSite,
    NoSession,
    /// The token that asks is unknown.
    Refused,
    /// The token that asks is another customer's. To that customer, this one does not exist.
    Foreign,
    /// The credential revision is an old one.
    Stale,
    /// Something as large as its bound allows, and larger.
    TooLarge,
    /// As many as there may be.
    Full,
    Locked,
    OtherName,
    SiteTaken,
    ClockBehind,
    CustomerTaken,
    SessionTaken,
    TokenTaken,
    EmailTaken,
    UsernameTaken,
    BadSettings,
    BadMetadata,
}

use Fault::*;

const UNKNOWN_TOKEN: u64 = 99;
/// The other customer's session and token.
const TAKEN: u64 = 2;
const FRESH: u64 = 50;

type Has<'h> = &'h dyn Fn(Fault) -> bool;

fn walk(name: &str, faults: &[(Fault, Rejection)], set: impl Fn(Has<'_>) -> (AccountBuilder, Command)) {
    assert!(faults.is_sorted_by_key(|(fault, _)| *fault), "{name}: the row is in the order of the guards");
    for cured in 0..=faults.len() {
        let left = &faults[cured..];
        let (account, command) = set(&|fault| left.iter().any(|(other, _)| *other == fault));
        let answer = account.build().decide(&command, &Ctx::at(START));
        match left.first() {
            Some((fault, rejection)) => assert_eq!(answer, Err(*rejection), "{name}: {fault:?}"),
            None => assert!(answer.as_ref().is_ok_and(|events| !events.is_empty()), "{name}: {answer:?}"),
        }
    }
}

/// Site 1; customer 1 with session and token 1, two hours old; customer 2, bob, with session and token 2.
fn account(has: Has<'_>) -> AccountBuilder {
    let opened_at = START.plus_millis(-2 * HOUR_MS);
    let mut account = an_account();
    if has(NotOpened) {
        account = account.unopened();
    }
    if !has(NoSite) {
        account = account.site(a_site());
    }
    if !has(NoCustomer) {
        let customer = a_customer().credential_rev(if has(Stale) { 2 } else { 1 });
        account = account.customer(if has(Locked) { customer.locked() } else { customer });
    }
    if !has(NoSession) {
        account = account.session(a_session().opened_at(opened_at));
    }
    account = account.customer(a_customer().id(2).email("bob@example.org").username("bob"));
    account = account.session(a_session().id(TAKEN).of(2).opened_at(opened_at));
    if has(ClockBehind) {
        account = account.last_stamp(START.plus_millis(5 * MINUTE_MS + 1));
    }
    account
}

fn by(has: Has<'_>) -> Authority {
    ask::by(asking_token(has), 1)
}

fn asking_token(has: Has<'_>) -> u64 {
    match (has(Refused), has(Foreign)) {
        (true, _) => UNKNOWN_TOKEN,
        (false, true) => TAKEN,
        (false, false) => 1,
    }
}

fn new_token(has: Has<'_>) -> u64 {
    if has(TokenTaken) { TAKEN } else { FRESH }
}

fn key(kid: &str, has: Has<'_>) -> SealedKey {
    let bytes = if has(TooLarge) { 1_025 } else { 1_024 };
    SealedKey { sealed: vec![0; bytes].into(), ..signing_key(kid) }
}

fn new_site(id: u32, has: Has<'_>) -> SiteBuilder {
    let site = a_site().id(id).named("New").origins(if has(TooLarge) { 51 } else { 50 });
    if has(BadSettings) { site.ttl_days(0) } else { site }
}

fn metadata(has: Has<'_>) -> MetadataPatch {
    MetadataPatch(vec![(if has(BadMetadata) { String::new() } else { "plan".to_owned() }, Some("1".to_owned()))])
}

const NOT_OPENED: (Fault, Rejection) = (NotOpened, Rejection::AccountNotFound);
const NO_CUSTOMER: (Fault, Rejection) = (NoCustomer, Rejection::CustomerNotFound);
const NO_SITE: (Fault, Rejection) = (NoSite, Rejection::SiteNotFound);
const REFUSED: (Fault, Rejection) = (Refused, Rejection::Refused(Refusal::UnknownToken));
const FOREIGN: (Fault, Rejection) = (Foreign, Rejection::CustomerNotFound);
const STALE: (Fault, Rejection) = (Stale, Rejection::CredentialChanged);
const ORIGINS: (Fault, Rejection) = (TooLarge, Rejection::LimitReached(Limit::Origins));
const SEALED: (Fault, Rejection) = (TooLarge, Rejection::LimitReached(Limit::SealedKeyBytes));
const LOCKED: (Fault, Rejection) = (Locked, Rejection::CustomerLocked);
const CLOCK: (Fault, Rejection) = (ClockBehind, Rejection::ClockBehind);
const SESSION_TAKEN: (Fault, Rejection) = (SessionTaken, Rejection::IdTaken);
const TOKEN_TAKEN: (Fault, Rejection) = (TokenTaken, Rejection::IdTaken);
const EMAIL: (Fault, Rejection) = (EmailTaken, Rejection::EmailTaken);
const USERNAME: (Fault, Rejection) = (UsernameTaken, Rejection::UsernameTaken);
const SETTINGS: (Fault, Rejection) = (BadSettings, Rejection::Settings(SettingsError::AuthTokenTtlDays));
const METADATA: (Fault, Rejection) = (BadMetadata, Rejection::Metadata(MetadataError::Key));

#[test]
fn the_account_and_its_sites_reject_in_order() {
    walk("open the account", &[SEALED, (OtherName, Rejection::AccountExists)], |has| {
        let account = if has(OtherName) { an_account() } else { an_account().unopened() };
        (account, Command::OpenAccount(OpenAccount { name: text("Other"), signing_key: key("new", has) }))
    });
    let full = (Full, Rejection::LimitReached(Limit::SigningKeys));
    walk("add a signing key", &[NOT_OPENED, SEALED, full, CLOCK], |has| {
        let mut entities = account(has).entities();
        if has(Full) {
            let keys = (0..32).map(|n| signing_key(&format!("key-{n}"))).collect();
            std::sync::Arc::make_mut(&mut entities.root).signing_keys = keys;
        }
        let root = doorward_domain::account::Entity::Root(entities.root);
        (account(has).entity(root), ask::add_signing_key(key("new", has)))
    });
    let full = (Full, Rejection::LimitReached(Limit::Sites));
    walk("create a site", &[NOT_OPENED, ORIGINS, full, CLOCK, SETTINGS], |has| {
        let others = if has(Full) { 2..=1_001 } else { 2..=3 };
        let account = others.fold(account(has), |account, id| account.site(a_site().id(id)));
        (account, new_site(5_000, has).create())
    });
    let taken = (SiteTaken, Rejection::SiteExists);
    walk("create a site again", &[NOT_OPENED, ORIGINS, taken, CLOCK, SETTINGS], |has| {
        let Command::CreateSite(create) = new_site(1, has).create() else { unreachable!() };
        let id = ids::site(if has(SiteTaken) { 1 } else { 2 });
        (account(has), Command::CreateSite(CreateSite { id, ..create }))
    });
    walk("update a site", &[NOT_OPENED, NO_SITE, ORIGINS, SETTINGS], |has| {
        let site = new_site(1, has).build();
        let (profile, settings) = (Some(site.profile), Some(site.settings));
        (account(has), Command::UpdateSite(UpdateSite { id: site.id, profile, settings }))
    });
}

#[test]
fn commands_about_customers_reject_in_order() {
    let taken = (CustomerTaken, Rejection::IdTaken);
    let faults = [NOT_OPENED, NO_SITE, CLOCK, taken, SESSION_TAKEN, TOKEN_TAKEN, EMAIL, USERNAME, METADATA];
    walk("register", &faults, |has| {
        let mut session = ask::new_session(1, if has(SessionTaken) { TAKEN } else { FRESH });
        session.token = ids::token(new_token(has));
        let id = if has(CustomerTaken) { 1 } else { 3 };
        let address = if has(EmailTaken) { "BOB@example.org" } else { "cy@example.org" };
        let name = if has(UsernameTaken) { "Bob" } else { "cy" };
        let registration = a_customer().id(id).email(address).username(name).register();
        let registration = RegisterCustomer { session: Some(session), metadata: metadata(has), ..registration };
        (account(has), Command::RegisterCustomer(Box::new(registration)))
    });
    let faults = [NOT_OPENED, NO_CUSTOMER, REFUSED, FOREIGN, CLOCK, TOKEN_TAKEN, EMAIL, USERNAME, METADATA];
    walk("update", &faults, |has| {
        let address = if has(EmailTaken) { "BOB@example.org" } else { "ada@example.net" };
        let name = if has(UsernameTaken) { "Bob" } else { "ada" };
        let update = UpdateCustomer {
            email: Some(email(address)),
            username: Some(Some(username(name))),
            metadata: metadata(has),
            token: Some(ids::token(new_token(has))),
            ..ask::update(by(has), 1)
        };
        (account(has), Command::UpdateCustomer(Box::new(update)))
    });
    walk("delete", &[NOT_OPENED, NO_CUSTOMER, REFUSED, FOREIGN], |has| (account(has), ask::delete(by(has), 1)));
    let full = (Full, Rejection::LimitReached(Limit::Entitlements));
    walk("entitle", &[NOT_OPENED, NO_CUSTOMER, full], |has| {
        (account(has), ask::entitle(1, if has(Full) { 201 } else { 200 }))
    });
    walk("lock", &[NOT_OPENED, NO_CUSTOMER], |has| (account(has), ask::lock(1)));
    let faults = [NOT_OPENED, NO_CUSTOMER, REFUSED, FOREIGN, STALE, LOCKED, CLOCK, TOKEN_TAKEN];
    walk("set a password", &faults, |has| {
        let token = Some(ids::token(new_token(has)));
        (account(has), Command::SetPassword(SetPassword { token, ..ask::set_password(by(has), 1, 1) }))
    });
    walk("rehash", &[NOT_OPENED, NO_CUSTOMER], |has| (account(has), ask::rehash(1, "1", "stronger")));
}

#[test]
fn commands_about_sessions_reject_in_order() {
    let faults = [NOT_OPENED, NO_CUSTOMER, NO_SITE, STALE, LOCKED, CLOCK, SESSION_TAKEN, TOKEN_TAKEN];
    walk("log in", &faults, |has| {
        let mut session = ask::new_session(1, if has(SessionTaken) { TAKEN } else { FRESH });
        session.token = ids::token(new_token(has));
        (account(has), ask::log_in_with(1, 1, session))
    });
    walk("refresh", &[NOT_OPENED, REFUSED, CLOCK, TOKEN_TAKEN], |has| {
        (account(has), ask::refresh(asking_token(has), 1, new_token(has)))
    });
    let foreign = (Foreign, Rejection::SessionNotFound);
    walk("revoke", &[NOT_OPENED, (NoSession, Rejection::SessionNotFound), REFUSED, foreign], |has| {
        (account(has), ask::revoke(by(has), 1))
    });
    walk("revoke the others", &[NOT_OPENED, REFUSED], |has| {
        let other = a_session().id(3).opened_at(START.plus_millis(-HOUR_MS));
        (account(has).session(other), ask::revoke_others(asking_token(has), 1))
    });
    walk("revoke all", &[NOT_OPENED, NO_CUSTOMER, REFUSED, FOREIGN], |has| (account(has), ask::revoke_all(by(has), 1)));
    walk("sweep", &[NOT_OPENED], |has| {
        let account = account(has).session(a_session().id(3).expires_at(START));
        (account, ask::sweep(None, doorward_domain::account::command::ClockTrust::Confirmed))
    });
}

/// The settings are named in the order in which they stand.
#[test]
fn settings_are_rejected_in_the_order_they_stand() {
    type Break = fn(&mut Settings);
    let faults: [(Break, SettingsError); 6] = [
        (|s| s.auth_token_ttl_days = 0, SettingsError::AuthTokenTtlDays),
        (|s| s.idle_days = 0, SettingsError::IdleDays),
        (|s| s.password.length_min = 0, SettingsError::PasswordLengthMin),
        (|s| s.password.score_min = 9, SettingsError::PasswordScoreMin),
        (|s| s.lock_out.failures_max = 0, SettingsError::LockOutFailures),
        (|s| s.lock_out.window_secs = 0, SettingsError::LockOutWindow),
    ];
    for cured in 0..faults.len() {
        let mut settings = Settings::default();
        faults[cured..].iter().for_each(|(break_it, _)| break_it(&mut settings));
        assert_eq!(settings.check(), Err(faults[cured].1));
    }
}

/// An account that the platform knows but that was not opened is as good as none to each of its commands.
#[test]
fn an_unopened_account_ends_no_session_because_it_has_none() {
    let state: State = an_account().unopened().build();
    assert_eq!(state.decide(&ask::end_every_session(), &Ctx::at(START)), Ok(Vec::new()));
}
