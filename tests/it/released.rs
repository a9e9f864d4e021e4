//! Every on-disk format that was ever released is opened again: `snapshots/vN/data` is a data directory that version wrote, with a base,
//! a delta to fall back from, and a journal behind them; `snapshots/vN/expected.txt` says what it must read as.
//!
//! A format that has no directory yet gets one made by this test, which then fails, so that somebody reads it before it is committed.

#![expect(clippy::unwrap_used, clippy::redundant_closure_for_method_calls, reason = "tests")]

use doorward::domain::account::{self, Command};
use doorward::domain::ids::{AccountId, AggregateRef, SiteId};
use doorward::domain::metadata::MetadataPatch;
use doorward::domain::{Aggregate, platform};
use doorward::storage::{
    Batch, Completion, Layout, NoProgress, Opened, Options, Outcome, Preparation, Seq, Store, Value, Write, open,
    verify,
};
use doorward_testkit::build::{self, a_customer, a_site, text};
use doorward_testkit::{START, World, ask};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// The format this version writes.
const PRESENT: &str = "v1";

/// How much all directories of one format may take, in bytes.
const LEN_MAX: u64 = 2 * 1024 * 1024;

fn released() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")
}

fn options() -> Options {
    Options {
        layout: Layout { segment_len: 64 * 1024, preparation: Preparation::Inline },
        snapshot_after_len: u64::MAX,
        snapshot_interval: Duration::from_secs(3_600),
        queue_len_max: 100,
    }
}

fn opened(dir: &Path) -> Opened {
    open(dir, &options(), &mut |lineage| lineage.copy_from_slice(b"released format!"), &mut NoProgress).unwrap()
}

fn copy(from: &Path, to: &Path) -> u64 {
    fs::create_dir_all(to).unwrap();
    let mut len = 0;
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        len +=
            if entry.path().is_dir() { copy(&entry.path(), &target) } else { fs::copy(entry.path(), target).unwrap() };
    }
    len
}

#[test]
fn every_released_format_reads_as_it_was_written() {
    let present = released().join(PRESENT);
    let is_there = present.join("data").exists();
    if !is_there {
        make(&present);
    }
    assert!(is_there, "{} was made: read its expected.txt, then commit it", present.display());
    let mut formats = 0;
    for entry in fs::read_dir(released()).unwrap() {
        let format = entry.unwrap().path();
        if !format.join("data").is_dir() {
            continue;
        }
        formats += 1;
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("data");
        assert!(copy(&format.join("data"), &dir) <= LEN_MAX, "{} is too large", format.display());
        let found = verify(&dir, temp.path(), &mut NoProgress).unwrap();
        assert!(found.is_sound(), "{:?}", found.findings);
        let expected = fs::read_to_string(format.join("expected.txt")).unwrap();
        let first = opened(&dir);
        assert!(first.report.snapshots >= 2 && first.report.records >= 2, "{:?}", first.report);
        assert_eq!(render(&first), expected, "{}", format.display());
        first.running.stop().unwrap();
        // And what this version made of it is read again.
        assert_eq!(render(&opened(&dir)), expected, "{}", format.display());
    }
    assert!(formats > 0);
}

/// Makes a directory of the present format: one of each entity, one of each kind of record that the domain can lead to.
fn make(format: &Path) {
    let data = format.join("data");
    let mut author = Author::new();
    let first = opened(&data);
    author.begin(&first.store);
    first.running.stop().unwrap();
    let second = opened(&data);
    author.go_on(&second.store);
    second.running.stop().unwrap();
    let third = opened(&data);
    author.end(&third.store);
    drop(third);
    let temp = tempfile::tempdir().unwrap();
    copy(&data, &temp.path().join("data"));
    fs::write(format.join("expected.txt"), render(&opened(&temp.path().join("data")))).unwrap();
}

struct Author {
    platform: World<platform::State>,
    account: World<account::State>,
    seqs: [u64; 2],
}

struct Teller(Sender<Outcome>);

impl Completion for Teller {
    fn publish(&mut self, _seq: Seq) {}

    fn settle(self: Box<Self>, outcome: Outcome) {
        self.0.send(outcome).unwrap();
    }
}

impl Author {
    fn new() -> Self {
        let platform = platform::State::assemble(platform::State::blank(AggregateRef::Platform));
        Self { platform: World::of(platform), account: World::of(account::State::blank(AccountId(1))), seqs: [0, 0] }
    }

    fn begin(&mut self, store: &Store) {
        let id = AccountId(1);
        self.register(store, &platform::Command::RegisterAccount { id, name: text("Gazette") });
        for site in [1, 2] {
            self.register(store, &platform::Command::RegisterSite { id: SiteId(site), account: id });
        }
        let full = a_customer().id(1).email("Ada@Bücher.example").username("Ada_L").with(|customer| {
            customer.profile.first_name = Some(text("Ada"));
            customer.profile.organization = Some(text("Maß & Söhne"));
            customer.profile.phone = Some(build::phone("4930123456"));
        });
        let mut register = full.register();
        register.metadata = MetadataPatch(vec![("about".to_owned(), Some(format!("\"{}\"", "ä".repeat(3_000))))]);
        for command in [
            ask::open_account("Gazette", build::signing_key("key-1")),
            a_site().id(1).single_user().origins(2).create(),
            a_site().id(2).ttl_days(365).create(),
            Command::RegisterCustomer(Box::new(register)),
            Command::RegisterCustomer(Box::new(a_customer().id(2).email("bob@example.org").register())),
            Command::RegisterCustomer(Box::new(a_customer().id(3).email("cy@example.org").register())),
            ask::log_in(1, 1, 1),
            ask::log_in(2, 2, 2),
            ask::log_in(2, 2, 3),
        ] {
            self.ask(store, &command);
        }
    }

    fn go_on(&mut self, store: &Store) {
        for command in [
            ask::log_out(2, 2),
            ask::delete(account::Authority::Operator, 3),
            ask::log_in(1, 1, 4),
            ask::add_signing_key(build::signing_key("key-2")),
        ] {
            self.ask(store, &command);
        }
    }

    fn end(&mut self, store: &Store) {
        for command in [
            ask::refresh(3, 2, 5),
            ask::entitle(2, 2),
            ask::rehash(1, "1", "2"),
            ask::set_status(2, account::customer::Status::Locked),
        ] {
            self.ask(store, &command);
        }
        self.register(store, &platform::Command::RegisterSite { id: SiteId(3), account: AccountId(1) });
    }

    fn register(&mut self, store: &Store, command: &platform::Command) {
        let events = Batch::Platform(self.platform.must(command));
        let value = Value::Platform(Arc::new(self.platform.state().clone()));
        self.write(store, 0, value, events);
    }

    fn ask(&mut self, store: &Store, command: &Command) {
        let events = Batch::Account(self.account.step(3_700_000).must(command));
        let value = Value::Account(Arc::new(self.account.state().clone()));
        self.write(store, 1, value, events);
    }

    fn write(&mut self, store: &Store, which: usize, value: Value, events: Batch) {
        let seq = self.seqs.get_mut(which).unwrap();
        *seq += 1;
        let (told, outcome) = channel();
        let completion = Box::new(Teller(told));
        store.submit(Write { value, aggregate_seq: *seq, recorded_at: START, events, completion });
        assert_eq!(outcome.recv().unwrap(), Outcome::Durable);
    }
}

/// Every field of everything, in the words of this test: it may not depend on what the domain prints.
fn render(opened: &Opened) -> String {
    let mut out = String::new();
    writeln!(out, "platform after {} records", opened.platform.aggregate_seq).unwrap();
    let known = opened.platform.state.entities();
    writeln!(out, "last_stamp {}", known.last_stamp.millis()).unwrap();
    for account in known.accounts.values() {
        let (name, at) = (account.name.as_str(), account.registered_at.millis());
        writeln!(out, "account {} {name:?} registered_at {at}", account.id).unwrap();
    }
    for site in known.sites.values() {
        writeln!(out, "site {} of {} registered_at {}", site.id, site.account, site.registered_at.millis()).unwrap();
    }
    for account in &opened.accounts {
        writeln!(out, "\naccount {} after {} records", account.state.root().id, account.aggregate_seq).unwrap();
        render_account(&account.state, &mut out);
    }
    out
}

fn render_account(state: &account::State, out: &mut String) {
    let root = state.root();
    let name = root.name.as_ref().map(|name| name.as_str());
    writeln!(out, "name {name:?} created_at {} last_stamp {}", root.created_at.millis(), root.last_stamp.millis())
        .unwrap();
    for key in &root.signing_keys {
        writeln!(out, "key {:?} sealed {:?} added_at {}", key.kid.as_str(), key.sealed, key.added_at.millis()).unwrap();
    }
    for site in state.sites() {
        let (profile, settings) = (&site.profile, &site.settings);
        let origins: Vec<_> = profile.origins.iter().map(|origin| origin.as_str()).collect();
        writeln!(
            out,
            "site {} {:?} host {:?} origins {origins:?}",
            site.id,
            profile.name.as_str(),
            profile.host.as_str()
        )
        .unwrap();
        let switches = [settings.single_user_authentication, settings.auth_token_in_body, settings.own_sessions_only];
        writeln!(out, "  single, body, own {:?}", switches.map(|switch| switch.is_on())).unwrap();
        writeln!(out, "  ttl {} idle {} days", settings.auth_token_ttl_days, settings.idle_days).unwrap();
        let (password, lock_out) = (&settings.password, &settings.lock_out);
        let composition = password.composition;
        writeln!(out, "  password {} {} {composition:?}", password.length_min, password.score_min).unwrap();
        writeln!(out, "  lock_out {} in {} s", lock_out.failures_max, lock_out.window_secs).unwrap();
        writeln!(out, "  created_at {} updated_at {}", site.created_at.millis(), site.updated_at.millis()).unwrap();
    }
    for customer in state.customers() {
        render_customer(customer, out);
    }
    for session in state.sessions() {
        writeln!(out, "session {} of {} on {} {:?}", session.id, session.customer, session.site, session.method)
            .unwrap();
        for token in &session.tokens {
            writeln!(out, "  token {:?} issued_at {}", token.digest.0, token.issued_at.millis()).unwrap();
        }
        let device = session.device.as_ref().map(|device| device.as_str());
        writeln!(out, "  device {device:?} address {:?}", session.address).unwrap();
        let times = [session.opened_at, session.refreshed_at, session.expires_at].map(|at| at.millis());
        writeln!(out, "  opened, refreshed, expires {times:?}").unwrap();
        writeln!(out, "  end {:?}", session.end.map(|end| (end.at.millis(), end.reason))).unwrap();
    }
}

fn render_customer(customer: &account::Customer, out: &mut String) {
    let email = (customer.email.as_str(), customer.email.stored_key());
    writeln!(out, "customer {} {email:?} {:?} {:?}", customer.id, customer.email_confirm, customer.status).unwrap();
    let username = customer.username.as_ref().map(|name| name.as_str());
    writeln!(out, "  username {username:?} registered_on {:?}", customer.registered_on.map(|site| site.0)).unwrap();
    let profile = &customer.profile;
    let names = [&profile.first_name, &profile.last_name, &profile.display_name, &profile.salutation, &profile.title];
    let names = names.map(|name| name.as_ref().map(|name| name.as_str()));
    let phone = profile.phone.as_ref().map(|phone| phone.as_str());
    let organization = profile.organization.as_ref().map(|name| name.as_str());
    writeln!(out, "  names {names:?} phone {phone:?} organization {organization:?}").unwrap();
    for (key, value) in customer.metadata.iter() {
        writeln!(out, "  metadata {key:?} {value:?}").unwrap();
    }
    let credential = &customer.credential;
    let hash = credential.hash.as_ref().map(|hash| hash.as_str());
    writeln!(out, "  hash {hash:?} rev {} changed_at {}", credential.rev.0, credential.changed_at.millis()).unwrap();
    for entitlement in &customer.entitlements {
        let end = entitlement.expires_at.map(|at| at.millis());
        writeln!(out, "  entitled to {:?} until {end:?}", entitlement.name.as_str()).unwrap();
    }
    let times = [customer.created_at, customer.updated_at].map(|at| at.millis());
    let last_open = customer.last_open.map(|session| session.to_string());
    let last_login_at = customer.last_login_at.map(|at| at.millis());
    writeln!(out, "  created, updated {times:?} last login {last_login_at:?} by {last_open:?}").unwrap();
}
