//! Which external crate may be named where. Every dependency has a line: one home, a few, or everywhere. What is named in one
//! room only can be replaced in one room only.

use super::paths::{mentions, module_of};
use super::rooms::room_of;
use super::source::{Finding, Source, assert_none, rust};

/// May be named in every room that is not closed.
const EVERYWHERE: &[&str] = &["*"];

/// Each dependency of the root package and the rooms (or modules) that may name it, beside those that put rooms together.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli"]),
    ("arc_swap", EVERYWHERE),
    ("argon2", &["hashing"]),
    ("aws_lc_rs", &["entropy", "tokens", "throttle", "hashing", "storage", "webhooks"]),
    ("base64", EVERYWHERE),
    ("bincode", &["storage::record"]),
    ("bytes", &["http", "webhooks"]),
    ("clap", &["cli"]),
    ("crc32fast", &["storage"]),
    ("doorward_domain", EVERYWHERE),
    ("futures_core", &["http"]),
    ("governor", &["throttle"]),
    ("http", &["http", "webhooks"]),
    ("http_body", &["http"]),
    ("http_body_util", &["http", "webhooks"]),
    ("hyper", &["http", "webhooks"]),
    ("hyper_util", &["http", "webhooks"]),
    ("indicatif", &["cli"]),
    ("jsonwebtoken", &["tokens"]),
    ("metrics", &["telemetry", "http"]),
    ("metrics_exporter_prometheus", &["telemetry", "http::ops"]),
    ("papaya", EVERYWHERE),
    ("percent_encoding", &["http"]),
    ("precis_profiles", &["hashing"]),
    ("ractor", &["actors"]),
    ("rayon", &["storage"]),
    ("rustix", &["storage", "hashing", "cli", "clock"]),
    ("rustls", &["webhooks"]),
    ("rustls_native_certs", &["webhooks"]),
    ("serde", &["http", "config", "tokens", "cli", "webhooks"]),
    ("serde_json", &["http", "tokens", "cli", "webhooks"]),
    ("sled", &["storage::snapshot"]),
    ("subtle", &["tokens", "hashing"]),
    ("thiserror", EVERYWHERE),
    ("tokio", EVERYWHERE),
    ("tokio_rustls", &["webhooks"]),
    ("toml", &["config"]),
    ("tower_service", &["http"]),
    ("tracing", EVERYWHERE),
    ("tracing_subscriber", &["telemetry"]),
    ("url", &["http", "config", "webhooks"]),
    ("utoipa", &["http"]),
    ("warp", &["http"]),
    ("zeroize", EVERYWHERE),
    ("zxcvbn", &["hashing"]),
];

/// Rooms that name the standard library and these crates only.
const CLOSED: &[(&str, &[&str])] = &[
    ("clock", &["doorward_domain", "rustix"]),
    ("entropy", &["aws_lc_rs", "thiserror", "zeroize"]),
    ("telemetry", &["tracing", "tracing_subscriber", "metrics", "metrics_exporter_prometheus", "thiserror"]),
];

/// What the core may depend on; Cargo then holds that it names nothing else.
const CORE: &[&str] = &["idna", "imbl", "thiserror", "unicode-normalization", "unicode-script", "zeroize"];

/// What would run text as a program, or a pattern that a client could choose (1.2.9, 1.3.2, 1.3.12). No package depends on one.
const INTERPRETERS: &[&str] = &[
    "boa_engine",
    "deno_core",
    "evalexpr",
    "fancy-regex",
    "mlua",
    "onig",
    "pcre2",
    "pyo3",
    "regex",
    "regex-automata",
    "rhai",
    "rquickjs",
    "rune",
    "wasmi",
    "wasmtime",
];

/// Rooms that put the others together.
const FREE: &[&str] = &["lib", "app"];

fn names_crates_in_their_homes_only(source: &Source) -> Vec<Finding> {
    let Some(room) = room_of(&source.path).filter(|room| !FREE.contains(&room.as_str()) && !source.is_test()) else {
        return Vec::new();
    };
    let room = if source.path == "src/main.rs" { "cli".to_owned() } else { room };
    let module = module_of(&source.path).join("::");
    let mut found = Vec::new();
    for mention in mentions(source) {
        let Some(name) = mention.segments.first() else { continue };
        let Some((_, homes)) = HOMES.iter().find(|(krate, _)| krate == name) else { continue };
        let at_home = homes.iter().any(|home| *home == "*" || *home == room || is_within(&module, home));
        let open =
            CLOSED.iter().find(|(closed, _)| *closed == room).is_none_or(|(_, may)| may.contains(&name.as_str()));
        if !at_home || !open {
            found.push(source.finding(mention.line, format!("`{name}` is not named in `{module}`")));
        }
    }
    found
}

fn is_within(module: &str, home: &str) -> bool {
    module == home || module.strip_prefix(home).is_some_and(|rest| rest.starts_with("::"))
}

/// The names below a dependency table of a manifest, as TOML spells them.
fn dependencies(manifest: &Source, table: &str) -> Vec<String> {
    let parsed: toml::Table = manifest.text.parse().unwrap_or_else(|error| manifest.unreadable(&error));
    parsed.get(table).and_then(toml::Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn has_a_home_for_each_dependency(manifest: &Source) -> Vec<Finding> {
    let names = dependencies(manifest, "dependencies");
    let homeless = names.iter().filter(|name| HOMES.iter().all(|(krate, _)| *krate != name.replace('-', "_")));
    homeless.map(|name| manifest.finding(1, format!("`{name}` has no home in tests/it/tidy/crates.rs"))).collect()
}

fn keeps_the_core_pure(manifest: &Source) -> Vec<Finding> {
    let foreign = dependencies(manifest, "dependencies").into_iter().filter(|name| !CORE.contains(&name.as_str()));
    foreign.map(|name| manifest.finding(1, format!("the core does not depend on `{name}`"))).collect()
}

fn interprets_no_text(manifest: &Source) -> Vec<Finding> {
    let names = ["dependencies", "build-dependencies"].into_iter().flat_map(|table| dependencies(manifest, table));
    let interpreters = names.filter(|name| INTERPRETERS.contains(&name.as_str()));
    interpreters.map(|name| manifest.finding(1, format!("`{name}` runs what it is given"))).collect()
}

fn keeps_the_testkit_out_of_products(manifest: &Source) -> Vec<Finding> {
    let tables = ["dependencies", "build-dependencies"];
    let uses =
        tables.iter().filter(|table| dependencies(manifest, table).iter().any(|name| name == "doorward-testkit"));
    uses.map(|table| manifest.finding(1, format!("doorward-testkit stands in [{table}]"))).collect()
}

#[test]
fn external_crates_are_named_in_their_homes_only() {
    assert_none(&rust().iter().flat_map(names_crates_in_their_homes_only).collect::<Vec<_>>());
}

#[test]
fn a_planted_crate_away_from_home_is_found() {
    let cases = [
        ("src/flows/login.rs", "use argon2::Argon2;"),
        ("src/http/sdk.rs", "fn f() { jsonwebtoken::decode() }"),
        ("src/storage/journal.rs", "#[derive(bincode::Encode)]\nstruct A;"),
        ("src/storage/recovery.rs", "use sled::Db;"),
        ("src/actors/shell.rs", "async fn f() { select! { a = warp::serve() => a } }"),
        ("src/flows/login.rs", "use ractor;"),
        ("src/storage/record/v1.rs", "use serde::Serialize;"),
        ("src/clock.rs", "use tokio::time::Instant;"),
        ("src/telemetry.rs", "use serde_json::Value;"),
        ("src/http/error.rs", "type E = anyhow::Error;"),
    ];
    for (path, text) in cases {
        assert_eq!(names_crates_in_their_homes_only(&Source::planted(path, text)).len(), 1, "{path}: {text}");
    }
}

#[test]
fn a_crate_at_home_is_left_alone() {
    let cases = [
        ("src/hashing/argon.rs", "use argon2::Argon2;"),
        ("src/storage/record/v1.rs", "use bincode::Encode;"),
        ("src/storage/snapshot.rs", "use sled::Db;"),
        ("src/http/error.rs", "use http::StatusCode;"),
        ("src/main.rs", "fn main() -> anyhow::Result<()> { Ok(()) }"),
        ("src/flows/login.rs", "#[cfg(test)]\nmod tests { use serde_json::json; }"),
    ];
    for (path, text) in cases {
        assert_none(&names_crates_in_their_homes_only(&Source::planted(path, text)));
    }
}

#[test]
fn each_dependency_has_a_home() {
    assert_none(&has_a_home_for_each_dependency(&Source::read("Cargo.toml")));
}

#[test]
fn a_planted_dependency_without_a_home_is_found() {
    let manifest = Source::read("Cargo.toml");
    let planted = Source::planted(
        "Cargo.toml",
        &manifest.text.replacen("\n[dependencies]\n", "\n[dependencies]\nleft-pad = \"1\"\n", 1),
    );
    let found = has_a_home_for_each_dependency(&planted);
    assert_eq!(
        found.iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>(),
        ["`left-pad` has no home in tests/it/tidy/crates.rs"]
    );
}

#[test]
fn the_core_depends_on_pure_crates_only_and_the_testkit_on_no_product() {
    assert_none(&keeps_the_core_pure(&Source::read("crates/domain/Cargo.toml")));
    for manifest in ["Cargo.toml", "crates/domain/Cargo.toml", "xtask/Cargo.toml"] {
        assert_none(&keeps_the_testkit_out_of_products(&Source::read(manifest)));
    }
}

#[test]
fn a_planted_impure_dependency_is_found() {
    for name in ["tokio", "serde", "bincode", "tracing", "rand"] {
        let planted =
            Source::planted("crates/domain/Cargo.toml", &format!("[dependencies]\nimbl = \"7\"\n{name} = \"1\"\n"));
        assert_eq!(keeps_the_core_pure(&planted).len(), 1, "{name}");
    }
    let planted = Source::planted("Cargo.toml", "[dependencies]\ndoorward-testkit = { path = \"crates/testkit\" }\n");
    assert_eq!(keeps_the_testkit_out_of_products(&planted).len(), 1);
}

#[test]
fn no_package_depends_on_what_runs_text_as_a_program_or_a_pattern() {
    for manifest in ["Cargo.toml", "crates/domain/Cargo.toml"] {
        assert_none(&interprets_no_text(&Source::read(manifest)));
    }
    let planted = Source::planted("Cargo.toml", "[dependencies]\nregex = \"1\"\n");
    assert_eq!(interprets_no_text(&planted).len(), 1);
}
