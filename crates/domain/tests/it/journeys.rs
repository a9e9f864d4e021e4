//! What follows from each command: the events, in their order, with their reasons; and what is left as it was.

use doorward_domain::account::command::{
    Command, NewSession, ProfilePatch, RegisterCustomer, SetEntitlements, SetPassword, UpdateCustomer, UpdateSite,
};
use doorward_domain::account::customer::{EmailConfirm, Entitlement, Profile, Status};
use doorward_domain::account::event::Change;
use doorward_domain::account::session::{EndReason, Method};
use doorward_domain::account::{Authority, Customer, Event, Refusal, Rejection, State};
use doorward_domain::ids::{CredentialRev, SessionId};
use doorward_domain::metadata::MetadataPatch;
use doorward_domain::text::Device;
use doorward_domain::time::HOUR_MS;
use doorward_domain::{Aggregate, Ctx};
use doorward_testkit::build::{email, hash, origin, phone, signing_key, text, username};
use doorward_testkit::{START, World, a_customer, a_site, an_account, ask, ids};

/// Site 1 with single-user authentication, site 2 without; customers 1 (ada) and 2 (bob).
fn world() -> World<State> {
    let account = an_account().site(a_site().single_user()).site(a_site().id(2)).customer(a_customer());
    World::of(account.customer(a_customer().id(2).email("bob@example.org")).build())
}

/// Customer 1 with three sessions at site 2, customer 2 with one.
fn logged_in() -> World<State> {
    let mut world = world();
    for (customer, n) in [(1, 1), (1, 2), (1, 3), (2, 4)] {
        world.step(1).must(&ask::log_in(customer, 2, n));
    }
    world.step(1);
    world
}

fn changes(events: Vec<Event>) -> Vec<Change> {
    events.into_iter().map(|event| event.change).collect()
}

fn ended<const N: usize>(sessions: [u64; N], reason: EndReason) -> Change {
    Change::SessionsEnded { sessions: sessions.map(ids::session).to_vec(), reason }
}

fn customer(world: &World<State>, id: u64) -> Customer {
    (**world.state().customer(ids::customer(id)).unwrap()).clone()
}

fn update(customer: u64) -> UpdateCustomer {
    ask::update(Authority::Operator, customer)
}

fn must_update(world: &mut World<State>, update: UpdateCustomer) -> Vec<Event> {
    world.must(&Command::UpdateCustomer(Box::new(update)))
}

#[test]
fn an_account_is_opened_once_with_its_first_key() {
    let mut world = World::of(State::blank(doorward_domain::ids::AccountId(1)));
    assert!(!world.state().is_open());
    let open = ask::open_account("Gazette", signing_key("key-1"));
    assert_eq!(world.must(&open).len(), 2);
    assert!(world.state().is_open());
    let root = world.state().root();
    assert_eq!((root.created_at, root.last_stamp, &root.signing_keys[..]), (START, START, &[signing_key("key-1")][..]));
    assert_eq!(world.step(1).ask(&open), Ok(Vec::new()));
    assert_eq!(world.ask(&ask::open_account("Other", signing_key("key-1"))), Err(Rejection::AccountExists));
}

#[test]
fn a_known_signing_key_is_not_added_again() {
    let mut world = world();
    world.must(&ask::add_signing_key(signing_key("key-2")));
    assert_eq!(world.ask(&ask::add_signing_key(signing_key("key-1"))), Ok(Vec::new()));
    let kids: Vec<_> = world.state().root().signing_keys.iter().map(|key| key.kid.clone()).collect();
    assert_eq!(kids, [text("key-1"), text("key-2")], "oldest first, the last one signs");
}

#[test]
fn a_site_is_created_once_and_changed_in_part() {
    let mut world = world();
    let created = world.step(1).must(&a_site().id(3).create());
    assert_eq!(created.len(), 1);
    let site = (**world.state().site(ids::site(3)).unwrap()).clone();
    assert_eq!((site.created_at, site.updated_at), (world.now(), world.now()));
    assert_eq!(world.ask(&a_site().id(3).create()), Ok(Vec::new()));
    for other in [a_site().id(3).named("Other"), a_site().id(3).ttl_days(1)] {
        assert_eq!(world.ask(&other.create()), Err(Rejection::SiteExists));
    }
    let profile = a_site().named("Other").build().profile;
    let rename = Command::UpdateSite(UpdateSite { id: site.id, profile: Some(profile.clone()), settings: None });
    world.step(1).must(&rename);
    let renamed = (**world.state().site(site.id).unwrap()).clone();
    let updated_at = site.created_at.plus_millis(1);
    assert_eq!(renamed, doorward_domain::account::Site { profile, updated_at, ..site.clone() });
    assert_eq!(world.ask(&rename), Ok(Vec::new()));
    let settings = a_site().ttl_days(7).build().settings;
    world.must(&ask::set_settings(3, settings.clone()));
    let changed = (**world.state().site(site.id).unwrap()).clone();
    assert_eq!((changed.profile, changed.settings), (renamed.profile, settings));
}

#[test]
fn a_registration_makes_a_customer_and_logs_in_at_the_same_site() {
    let mut world = world();
    let session = NewSession { method: Method::Register, ..ask::new_session(2, 1) };
    let profile = Profile { first_name: Some(text("Cy")), ..Profile::default() };
    let metadata = MetadataPatch(vec![("plan".to_owned(), Some("1".to_owned()))]);
    let registration = a_customer().id(3).email("Cy@example.org").username("cy").register();
    let command = RegisterCustomer { session: Some(session), profile: profile.clone(), metadata, ..registration };
    let events = world.step(1).must(&Command::RegisterCustomer(Box::new(command)));
    assert_eq!(events.len(), 2);
    let found = customer(&world, 3);
    assert_eq!((found.email.as_str(), found.username), ("Cy@example.org", Some(username("cy"))));
    assert_eq!(
        (found.email_confirm, found.status, found.profile),
        (EmailConfirm::Unconfirmed, Status::Active, profile)
    );
    assert_eq!(found.metadata.iter().collect::<Vec<_>>(), [("plan", "1")]);
    assert_eq!((found.credential.hash, found.credential.rev), (Some(hash("1")), CredentialRev(1)));
    assert_eq!(found.credential.changed_at, world.now());
    assert_eq!(
        (found.created_at, found.updated_at, found.registered_on),
        (world.now(), world.now(), Some(ids::site(1)))
    );
    assert_eq!((found.last_open, found.last_login_at), (Some(ids::session(1)), Some(world.now())));
    let session = world.state().session(ids::session(1)).unwrap();
    assert_eq!((session.site, session.method, session.customer), (ids::site(1), Method::Register, ids::customer(3)));
    let by_username = world.state().customer_by_username(&username("CY").key()).map(|customer| customer.id);
    assert_eq!(by_username, Some(ids::customer(3)));
}

#[test]
fn a_customer_without_a_session_has_never_logged_in() {
    let mut world = world();
    let registration = a_customer().id(3).email("cy@example.org").register();
    assert_eq!(world.must(&Command::RegisterCustomer(Box::new(registration))).len(), 1);
    let found = customer(&world, 3);
    assert_eq!((found.last_open, found.last_login_at), (None, None));
}

/// Until their sessions are forgotten, the id of a deleted customer is not given to another: that customer would inherit them.
#[test]
fn the_id_of_a_deleted_customer_is_free_once_no_session_is_left() {
    let mut world = logged_in();
    world.must(&ask::delete(Authority::Operator, 2));
    let again = Command::RegisterCustomer(Box::new(a_customer().id(2).email("new@example.org").register()));
    assert_eq!(world.ask(&again), Err(Rejection::IdTaken));
    let clock = doorward_domain::account::command::ClockTrust::Confirmed;
    world.set(START.plus_days(31)).must(&ask::sweep(None, clock));
    world.must(&again);
}

#[test]
fn a_login_ends_the_others_under_the_rule_and_none_without_it() {
    let mut world = logged_in();
    let [event] = &world.must(&ask::log_in(1, 2, 5))[..] else { panic!("one event") };
    assert!(matches!(&event.change, Change::SessionOpened { session } if session.id == ids::session(5)));
    let events = changes(world.must(&ask::log_in(1, 1, 6)));
    assert_eq!(events[0], ended([1, 2, 3, 5], EndReason::Superseded));
    assert!(matches!(&events[1], Change::SessionOpened { session } if session.id == ids::session(6)));
    assert_eq!(events.len(), 2);
}

#[test]
fn a_session_knows_where_it_came_from_and_how_long_it_lives() {
    let state = an_account().site(a_site().ttl_days(7)).customer(a_customer()).build();
    let device: Option<Device> = Some(text("a browser"));
    let ctx = Ctx { device: device.clone(), address: Some([192, 0, 2, 1].into()), ..Ctx::at(START.plus_millis(5)) };
    let state = state.clone().evolve_all(&state.decide(&ask::log_in(1, 1, 1), &ctx).unwrap());
    let session = state.session(ids::session(1)).unwrap();
    assert_eq!((&session.device, session.address), (&device, ctx.address));
    assert_eq!((session.opened_at, session.refreshed_at), (ctx.now, ctx.now));
    assert_eq!((session.expires_at, session.end), (ctx.now.plus_days(7), None));
    assert_eq!(session.newest_token().map(|token| (token.digest, token.issued_at)), Some((ids::token(1), ctx.now)));
    let customer = state.customer(ids::customer(1)).unwrap();
    assert_eq!((customer.last_open, customer.last_login_at), (Some(session.id), Some(ctx.now)));
    assert_eq!(customer.updated_at, START, "a login is no change of the customer");
}

#[test]
fn a_refresh_adds_a_token_and_moves_idle_time() {
    let mut world = world();
    world.must(&ask::log_in(1, 2, 1));
    world.step(HOUR_MS).must(&ask::refresh(1, 2, 2));
    let session = world.state().session(ids::session(1)).unwrap();
    assert_eq!((session.opened_at, session.refreshed_at, session.tokens.len()), (START, world.now(), 2));
    assert_eq!(session.newest_token().unwrap().digest, ids::token(2));
    for n in [1, 2] {
        assert_eq!(world.state().session_by_token(ids::token(n)).map(|session| session.id), Some(ids::session(1)));
    }
}

#[test]
fn the_ninth_refresh_names_the_token_that_falls_out() {
    let mut world = world();
    world.must(&ask::log_in(1, 2, 1));
    for n in 2..=10 {
        let events = changes(world.step(HOUR_MS).must(&ask::refresh(n - 1, 2, n)));
        let [Change::TokenIssued { session, tokens, dropped }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((*session, tokens.len()), (ids::session(1), usize::try_from(n).unwrap().min(9)));
        let dropped: Vec<_> = dropped.iter().map(|token| token.digest).collect();
        assert_eq!(dropped, if n == 10 { vec![ids::token(1)] } else { vec![] });
    }
    assert_eq!(world.state().session_by_token(ids::token(1)), None);
}

#[test]
fn the_reason_of_an_end_says_who_asked() {
    let by = ask::by(1, 2);
    let cases = [
        (ask::revoke(by, 1), ended([1], EndReason::LoggedOut)),
        (ask::revoke(by, 2), ended([2], EndReason::RevokedByCustomer)),
        (ask::revoke(Authority::Operator, 2), ended([2], EndReason::RevokedByOperator)),
        (ask::revoke_others(1, 2), ended([2, 3], EndReason::RevokedByCustomer)),
        (ask::revoke_all(by, 1), ended([1, 2, 3], EndReason::RevokedByCustomer)),
        (ask::revoke_all(Authority::Operator, 1), ended([1, 2, 3], EndReason::RevokedByOperator)),
        (ask::end_every_session(), ended([1, 2, 3, 4], EndReason::Restored)),
    ];
    for (command, expected) in cases {
        let mut world = logged_in();
        assert_eq!(changes(world.must(&command)), [expected], "{command:?}");
        let repeated = match &command {
            Command::RevokeSession(_) | Command::EndEverySession(_) => ask::end_every_session(),
            _ => ask::revoke_all(Authority::Operator, 1),
        };
        let _all_ended = world.ask(&repeated).unwrap();
        assert_eq!(world.ask(&repeated), Ok(Vec::new()), "nothing is left to end");
    }
}

#[test]
fn to_end_what_has_ended_changes_nothing() {
    let mut world = logged_in();
    world.must(&ask::log_out(2, 2));
    assert_eq!(world.ask(&ask::revoke(Authority::Operator, 2)), Ok(Vec::new()));
    assert_eq!(world.ask(&ask::revoke(ask::by(1, 2), 2)), Ok(Vec::new()));
    let refused = Err(Rejection::Refused(Refusal::Ended(EndReason::LoggedOut)));
    assert_eq!(world.ask(&ask::log_out(2, 2)), refused, "an ended session asks nothing");
}

#[test]
fn a_customer_sees_nothing_of_another() {
    let mut world = logged_in();
    let by = ask::by(4, 2);
    assert_eq!(world.ask(&ask::revoke(by, 1)), Err(Rejection::SessionNotFound));
    for command in [ask::revoke_all(by, 1), ask::delete(by, 1), ask::set_email(by, 1, "x@example.org")] {
        assert_eq!(world.ask(&command), Err(Rejection::CustomerNotFound), "{command:?}");
    }
    world.must(&ask::revoke_all(by, 2));
}

#[test]
fn a_lock_ends_all_sessions_and_an_unlock_revives_none() {
    let mut world = logged_in();
    let locked = Change::StatusSet { customer: ids::customer(1), status: Status::Locked };
    assert_eq!(changes(world.must(&ask::lock(1))), [ended([1, 2, 3], EndReason::CustomerLocked), locked]);
    assert_eq!(customer(&world, 1).updated_at, world.now());
    assert_eq!(world.ask(&ask::lock(1)), Ok(Vec::new()));
    assert_eq!(world.ask(&ask::log_in(1, 2, 5)), Err(Rejection::CustomerLocked));
    let unlocked = Change::StatusSet { customer: ids::customer(1), status: Status::Active };
    assert_eq!(changes(world.must(&ask::unlock(1))), [unlocked]);
    assert_eq!(world.ask(&ask::unlock(1)), Ok(Vec::new()));
    let refusal = world.state().check(ids::token(1), ids::site(2), world.now()).unwrap_err();
    assert_eq!(refusal, Refusal::Ended(EndReason::CustomerLocked));
    world.must(&ask::log_in(1, 2, 5));
}

#[test]
fn a_deletion_ends_all_sessions_and_frees_the_names() {
    for by in [Authority::Operator, ask::by(1, 2)] {
        let mut world = logged_in();
        let gone = Change::CustomerDeleted { customer: ids::customer(1) };
        assert_eq!(changes(world.must(&ask::delete(by, 1))), [ended([1, 2, 3], EndReason::CustomerDeleted), gone]);
        assert_eq!(world.state().customer_by_email(&email("ada@example.org").key()), None);
        let refusal = world.state().check(ids::token(1), ids::site(2), world.now()).unwrap_err();
        assert_eq!(refusal, Refusal::Ended(EndReason::CustomerDeleted));
        world.must(&ask::set_email(Authority::Operator, 2, "ada@example.org"));
    }
}

#[test]
fn a_new_password_ends_every_session_but_the_one_that_asks() {
    let mut world = logged_in();
    let command = SetPassword { token: Some(ids::token(9)), ..ask::set_password(ask::by(2, 2), 1, 1) };
    let events = changes(world.must(&Command::SetPassword(command.clone())));
    assert_eq!(events[0], ended([1, 3], EndReason::PasswordChanged));
    assert!(matches!(&events[1], Change::PasswordSet { .. }));
    assert!(matches!(&events[2], Change::TokenIssued { session, .. } if *session == ids::session(2)));
    assert_eq!(events.len(), 3);
    let found = customer(&world, 1);
    assert_eq!((found.credential.hash, found.credential.rev), (Some(hash("2")), CredentialRev(2)));
    assert_eq!((found.credential.changed_at, found.updated_at), (world.now(), world.now()));
    assert!(world.state().check(ids::token(9), ids::site(2), world.now()).is_ok());
    assert_eq!(world.ask(&Command::SetPassword(command)), Err(Rejection::CredentialChanged));
    assert_eq!(world.ask(&ask::log_in(1, 2, 7)), Err(Rejection::CredentialChanged), "the old password was verified");
    world.must(&ask::log_in_with(1, 2, ask::new_session(2, 7)));
}

#[test]
fn a_password_that_an_operator_sets_ends_every_session_and_issues_no_token() {
    let mut world = logged_in();
    let command = SetPassword { token: Some(ids::token(9)), ..ask::set_password(Authority::Operator, 1, 1) };
    let events = changes(world.must(&Command::SetPassword(command)));
    assert_eq!((&events[0], events.len()), (&ended([1, 2, 3], EndReason::PasswordChanged), 2));
    assert_eq!(world.state().session_by_token(ids::token(9)), None);
}

#[test]
fn a_stronger_hash_leaves_the_revision_and_the_sessions() {
    let mut world = logged_in();
    let before = customer(&world, 1);
    world.must(&ask::rehash(1, "1", "stronger"));
    let mut expected = before;
    expected.credential.hash = Some(hash("stronger"));
    assert_eq!(customer(&world, 1), expected);
    assert_eq!(world.ask(&ask::rehash(1, "1", "other")), Ok(Vec::new()), "the hash that was verified is no more");
    assert_eq!(world.ask(&ask::rehash(1, "stronger", "stronger")), Ok(Vec::new()));
    world.must(&ask::log_in(1, 2, 9));
}

#[test]
fn grants_are_set_as_a_whole_and_end_when_they_say() {
    let mut world = world();
    let grant = |name: &str, expires_at| Entitlement { name: text(name), expires_at };
    let entitlements = vec![grant("paper", None), grant("archive", Some(START.plus_days(1)))];
    let command = Command::SetEntitlements(SetEntitlements { customer: ids::customer(1), entitlements });
    world.step(1).must(&command);
    assert_eq!(world.ask(&command), Ok(Vec::new()));
    let found = customer(&world, 1);
    assert_eq!(found.updated_at, world.now());
    let end = START.plus_days(1);
    assert!(found.is_entitled_to("paper", end) && !found.is_entitled_to("other", START));
    assert!(found.is_entitled_to("archive", end.plus_millis(-1)) && !found.is_entitled_to("archive", end));
    world.must(&ask::entitle(1, 0));
    assert_eq!(customer(&world, 1).entitlements, []);
}

#[test]
fn an_update_that_changes_nothing_is_no_event() {
    let mut world = world();
    let same = UpdateCustomer { email: Some(email("ada@example.org")), username: Some(None), ..update(1) };
    for nothing in [update(1), same] {
        assert_eq!(world.ask(&Command::UpdateCustomer(Box::new(nothing))), Ok(Vec::new()));
    }
}

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    type Part = (ProfilePatch, fn(&mut Profile));
    let named = || Some(Some(text("New")));
    let parts: [Part; 7] = [
        (ProfilePatch { first_name: named(), ..ProfilePatch::default() }, |p| p.first_name = Some(text("New"))),
        (ProfilePatch { last_name: named(), ..ProfilePatch::default() }, |p| p.last_name = Some(text("New"))),
        (ProfilePatch { display_name: named(), ..ProfilePatch::default() }, |p| p.display_name = Some(text("New"))),
        (ProfilePatch { phone: Some(Some(phone("123"))), ..ProfilePatch::default() }, |p| p.phone = Some(phone("123"))),
        (ProfilePatch { salutation: named(), ..ProfilePatch::default() }, |p| p.salutation = Some(text("New"))),
        (ProfilePatch { title: named(), ..ProfilePatch::default() }, |p| p.title = Some(text("New"))),
        (ProfilePatch { organization: Some(None), ..ProfilePatch::default() }, |p| p.organization = None),
    ];
    let old = |customer: &mut Customer| customer.profile.organization = Some(text("Old"));
    let start = an_account().site(a_site()).customer(a_customer().username("ada").with(old)).build();
    for (patch, change) in parts {
        let mut world = World::of(start.clone());
        let mut expected = customer(&world, 1);
        change(&mut expected.profile);
        expected.updated_at = START.plus_millis(1);
        world.step(1);
        must_update(&mut world, UpdateCustomer { profile: patch.clone(), ..update(1) });
        assert_eq!(customer(&world, 1), expected, "{patch:?}");
    }
    let mut world = World::of(start);
    must_update(&mut world, UpdateCustomer { username: Some(None), ..update(1) });
    assert_eq!(world.state().customer_by_username(&username("ada").key()), None);
    let metadata = MetadataPatch(vec![("plan".to_owned(), Some("1".to_owned()))]);
    must_update(&mut world, UpdateCustomer { metadata, ..update(1) });
    assert_eq!(customer(&world, 1).metadata.iter().collect::<Vec<_>>(), [("plan", "1")]);
}

#[test]
fn another_mailbox_is_unconfirmed_and_another_spelling_is_not() {
    let confirmed = |customer: &mut Customer| customer.email_confirm = EmailConfirm::Confirmed;
    let mut world = World::of(an_account().site(a_site()).customer(a_customer().with(confirmed)).build());
    for (typed, confirm) in [
        ("ADA@example.org", EmailConfirm::Confirmed),
        ("ada@example.net", EmailConfirm::Unconfirmed),
        ("ada@example.org", EmailConfirm::Unconfirmed),
    ] {
        must_update(&mut world, UpdateCustomer { email: Some(email(typed)), ..update(1) });
        let found = customer(&world, 1);
        assert_eq!((found.email.as_str(), found.email_confirm), (typed, confirm));
    }
}

#[test]
fn an_update_by_a_session_may_bring_it_a_token() {
    let mut world = logged_in();
    let by = ask::by(1, 2);
    let update = UpdateCustomer { by, token: Some(ids::token(9)), ..update(1) };
    let events = changes(must_update(&mut world, update.clone()));
    assert!(matches!(&events[..], [Change::TokenIssued { session, .. }] if *session == ids::session(1)));
    let by_operator = UpdateCustomer { by: Authority::Operator, token: Some(ids::token(10)), ..update };
    assert_eq!(world.ask(&Command::UpdateCustomer(Box::new(by_operator))), Ok(Vec::new()));
}

/// Journal order orders things, not the clock: under a clock that is behind, the last login is still the last.
#[test]
fn a_clock_that_is_behind_stamps_nothing_before_the_last_stamp() {
    let mut world = world();
    world.step(1_000).must(&ask::log_in(1, 2, 1));
    let events = world.step(-500).must(&ask::log_in(1, 2, 2));
    assert_eq!(events[0].at, START.plus_millis(1_000));
    assert_eq!(customer(&world, 1).last_open, Some(ids::session(2)));
    assert_eq!(world.state().root().last_stamp, START.plus_millis(1_000));
    // What ends things is not held up by a clock that is far behind.
    world.step(-HOUR_MS);
    assert_eq!(world.ask(&ask::log_in(1, 2, 3)), Err(Rejection::ClockBehind));
    world.must(&ask::log_out(1, 2));
    world.must(&ask::lock(1));
}

#[test]
fn sessions_of_a_customer_are_found_under_any_id() {
    let ids_of = |customer, first: [u8; 16], last: [u8; 16]| {
        let session = |id| doorward_testkit::a_session().of(customer).with(move |own| own.id = SessionId(id));
        [session(first).tokens([customer * 2]), session(last).tokens([customer * 2 + 1])]
    };
    let bob = a_customer().id(2).email("bob@example.org");
    let mut account = an_account().site(a_site()).customer(a_customer()).customer(bob);
    let (ada, bob) = (ids_of(1, [0; 16], [255; 16]), ids_of(2, [1; 16], [254; 16]));
    for session in ada.into_iter().chain(bob) {
        account = account.session(session);
    }
    let state = account.build();
    assert_eq!(state.check_invariants(), Ok(()));
    for (customer, firsts) in [(1, [0, 255]), (2, [1, 254])] {
        let found: Vec<_> = state.sessions_of(ids::customer(customer)).map(|session| session.id.0[0]).collect();
        assert_eq!(found, firsts);
    }
    assert_eq!((state.sessions_len(), state.customers_len(), state.sites().count()), (4, 2, 1));
}

#[test]
fn registered_origins_may_read_and_any_may_where_none_is_registered() {
    let shop = origin("https://shop.example.org");
    let site = |origins: &[&str]| {
        let origins = origins.iter().map(|text| origin(text)).collect();
        a_site().with(|site| site.profile.origins = origins).build()
    };
    assert!(site(&[]).lets_read(&shop));
    assert!(site(&["https://a.example", "https://shop.example.org"]).lets_read(&shop));
    for other in ["http://shop.example.org", "https://shop.example.org:8443", "https://a.shop.example.org"] {
        assert!(!site(&[other]).lets_read(&shop), "{other}");
    }
}
