//! The import table: which room of `src/` may use which. A room is a top-level module; the table is that of ARCHITECTURE.md.
//! Tests inside a room may reach further than the room itself.

use super::paths::{identifiers, mentions, module_of};
use super::source::{Finding, Source, assert_none, rust};

/// Rooms that may use every other room, because they put them together.
const FREE: &[&str] = &["lib", "main", "app", "cli"];

/// What every room below the flows may use: time, randomness and logs by trait.
const GROUND: &[&str] = &["clock", "entropy", "telemetry"];

/// Each room and the rooms it may use beside itself. A new room, or a new edge, has a note in docs/decisions.
const ROOMS: &[(&str, &[&[&str]])] = &[
    ("clock", &[]),
    ("entropy", &[]),
    ("telemetry", &[]),
    // Each section becomes its room's own type (docs/decisions/0012); no room knows where its settings came from.
    ("config", &[&["telemetry", "actors", "hashing", "http", "storage", "throttle", "tokens"]]),
    ("hashing", &[GROUND]),
    ("tokens", &[GROUND]),
    ("storage", &[GROUND]),
    ("federation", &[GROUND]),
    ("mail", &[GROUND]),
    ("webhooks", &[GROUND]),
    ("throttle", &[GROUND]),
    // The journal's handle is all that an actor knows of storage.
    ("actors", &[&["clock", "telemetry", "storage"]]),
    ("flows", &[GROUND, &["actors", "hashing", "tokens", "federation", "mail", "webhooks", "throttle"]]),
    ("http", &[&["flows", "telemetry"]]),
    // The public face: typed handles over the journeys, opened by the composition root.
    ("doorward", &[GROUND, &["app", "flows", "storage", "hashing", "tokens", "throttle"]]),
];

/// Locks and lock-based maps, which guard no business state: one actor decides.
const LOCKS: &[&str] =
    &["Mutex", "RwLock", "ReentrantLock", "Condvar", "parking_lot", "DashMap", "dashmap", "OnceLock", "LazyLock"];

/// The rooms in which they are banned. The core has the ban in its clippy.toml as well.
const LOCK_FREE: &[&str] = &["src/actors", "src/flows", "crates/domain/src"];

/// The room a file of the root package belongs to.
pub(super) fn room_of(path: &str) -> Option<String> {
    let module = module_of(path.strip_prefix("src/").map(|_| path)?);
    Some(module.into_iter().next().unwrap_or_else(|| "lib".to_owned()))
}

fn reaches_no_further_than_the_table(source: &Source) -> Vec<Finding> {
    let Some(room) = room_of(&source.path).filter(|room| !FREE.contains(&room.as_str()) && !source.is_test()) else {
        return Vec::new();
    };
    let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![source.finding(1, format!("`{room}` is not a room of the table"))];
    };
    let mentions =
        mentions(source).into_iter().filter(|mention| mention.segments.first().is_some_and(|first| first == "crate"));
    mentions
        .filter_map(|mention| Some((mention.line, mention.segments.get(1)?.clone())))
        .filter(|(_, target)| *target != room && !may.iter().any(|group| group.contains(&target.as_str())))
        .map(|(line, target)| source.finding(line, format!("`{room}` must not use `crate::{target}`")))
        .collect()
}

fn guards_no_state_with_a_lock(source: &Source) -> Vec<Finding> {
    let is_lock_free = LOCK_FREE
        .iter()
        .any(|room| source.path.starts_with(&format!("{room}/")) || source.path == format!("{room}.rs"));
    if !is_lock_free || source.is_test() {
        return Vec::new();
    }
    let locks = identifiers(source).into_iter().filter(|(_, name)| LOCKS.contains(&name.as_str()));
    locks
        .map(|(line, name)| source.finding(line, format!("`{name}` guards no business state: one actor decides")))
        .collect()
}

#[test]
fn no_room_reaches_where_the_table_says_never() {
    assert_none(&rust().iter().flat_map(reaches_no_further_than_the_table).collect::<Vec<_>>());
}

#[test]
fn a_planted_edge_that_the_table_does_not_hold_is_found() {
    let cases = [
        ("src/flows/login.rs", "use crate::storage::Journal;", "`flows` must not use `crate::storage`"),
        ("src/flows/login.rs", "fn f() { crate::http::serve() }", "`flows` must not use `crate::http`"),
        ("src/http/sdk/auth/login.rs", "use crate::actors::Handle;", "`http` must not use `crate::actors`"),
        ("src/http.rs", "use super::hashing::Pool;", "`http` must not use `crate::hashing`"),
        ("src/hashing/pool.rs", "use crate::{clock::Clock, tokens::Key};", "`hashing` must not use `crate::tokens`"),
        ("src/tokens.rs", "use crate::flows;", "`tokens` must not use `crate::flows`"),
        ("src/storage/journal.rs", "type A = crate::actors::Handle;", "`storage` must not use `crate::actors`"),
        ("src/actors/shell.rs", "use crate::tokens::Key;", "`actors` must not use `crate::tokens`"),
        ("src/doorward/site.rs", "use crate::http::routes;", "`doorward` must not use `crate::http`"),
        ("src/clock.rs", "use crate::telemetry::log;", "`clock` must not use `crate::telemetry`"),
        ("src/mail.rs", "use crate::*;", "`mail` must not use `crate::*`"),
        ("src/mail.rs", "use crate::Doorward;", "`mail` must not use `crate::Doorward`"),
        ("src/helpers.rs", "fn f() {}", "`helpers` is not a room of the table"),
    ];
    for (path, text, wanted) in cases {
        let found = reaches_no_further_than_the_table(&Source::planted(path, text));
        let found: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(found, [wanted], "{path}: {text}");
    }
}

#[test]
fn an_edge_of_the_table_and_a_test_that_reaches_further_are_left_alone() {
    let cases = [
        ("src/flows/login.rs", "use crate::actors::Handle;\nuse crate::hashing::Pool;\nuse super::register;"),
        ("src/http/sdk.rs", "use crate::flows::login;\nuse crate::http::admission;"),
        ("src/app.rs", "use crate::{storage, http, actors};"),
        ("src/hashing/pool.rs", "#[cfg(test)]\nmod tests { use crate::flows::login; }"),
        ("src/hashing/pool/tests.rs", "use crate::flows::login;"),
    ];
    for (path, text) in cases {
        assert_none(&reaches_no_further_than_the_table(&Source::planted(path, text)));
    }
}

#[test]
fn no_lock_guards_business_state() {
    assert_none(&rust().iter().flat_map(guards_no_state_with_a_lock).collect::<Vec<_>>());
}

#[test]
fn a_planted_lock_is_found_in_the_rooms_that_decide() {
    for path in ["src/actors/shell.rs", "src/actors.rs", "src/flows/login.rs", "crates/domain/src/account/state.rs"] {
        let found =
            guards_no_state_with_a_lock(&Source::planted(path, "struct S {\n    inner: std::sync::Mutex<u8>,\n}"));
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{path}");
    }
    assert_none(&guards_no_state_with_a_lock(&Source::planted("src/hashing/pool.rs", "use std::sync::Mutex;")));
}
