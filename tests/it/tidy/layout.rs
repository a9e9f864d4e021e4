//! Where things stand: what the root holds, how modules are filed, that each golden file is compared with by a test.

use super::source::{Finding, Source, all, assert_none, rust, top_level};

/// Everything the root may hold, so that a newcomer meets only what has a place.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".config",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "examples",
    "rustfmt.toml",
    "snapshots",
    "src",
    "tests",
    "web",
    "xtask",
];

fn has_a_place(entries: &[String]) -> Vec<Finding> {
    let unknown = entries.iter().filter(|entry| !TOP_LEVEL.contains(&entry.as_str()));
    unknown.map(|entry| Source::planted(entry, "").finding(1, "has no place at the root")).collect()
}

fn is_filed_by_its_name(source: &Source) -> Vec<Finding> {
    let is_mod = source.path.ends_with(concat!("/mo", "d.rs"));
    if is_mod { vec![source.finding(1, "file a module as foo.rs beside foo/")] } else { Vec::new() }
}

/// Words that say nothing about what a file holds.
const VAGUE: &[&str] = &["utils", "util", "helpers", "helper", "manager", "common", "misc", "data", "info"];

fn says_what_it_holds(source: &Source) -> Vec<Finding> {
    let stem = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
    if VAGUE.contains(&stem) {
        vec![source.finding(1, format!("`{stem}` says nothing about what it holds"))]
    } else {
        Vec::new()
    }
}

fn is_compared_with(golden: &Source, tests: &[Source]) -> Vec<Finding> {
    let name = golden.path.rsplit('/').next().unwrap_or_default();
    // insta names a file `crate__module__name.snap`; the test names the last part.
    let name = name.strip_suffix(".snap").map_or(name, |stem| stem.rsplit("__").next().unwrap_or(stem));
    let is_named = tests.iter().any(|test| test.text.contains(name));
    if is_named { Vec::new() } else { vec![golden.finding(1, "no test compares with it")] }
}

#[test]
fn everything_at_the_root_has_a_place() {
    assert_none(&has_a_place(&top_level()));
    assert_eq!(has_a_place(&["src".to_owned(), "stuff.txt".to_owned()]).len(), 1);
}

#[test]
fn modules_are_filed_by_their_names() {
    assert_none(&rust().iter().flat_map(is_filed_by_its_name).collect::<Vec<_>>());
    assert_eq!(is_filed_by_its_name(&Source::planted(concat!("src/http/mo", "d.rs"), "")).len(), 1);
    assert_none(&rust().iter().flat_map(says_what_it_holds).collect::<Vec<_>>());
    assert_eq!(says_what_it_holds(&Source::planted("src/http/utils.rs", "")).len(), 1);
}

#[test]
fn each_golden_file_is_compared_with_by_a_test() {
    let (golden, rest): (Vec<Source>, Vec<Source>) =
        all().into_iter().partition(|source| source.path.starts_with("tests/golden/"));
    let tests: Vec<Source> = rest.into_iter().filter(Source::is_rust).collect();
    assert_none(&golden.iter().flat_map(|file| is_compared_with(file, &tests)).collect::<Vec<_>>());
}

#[test]
fn a_planted_orphan_is_found() {
    let tests = [Source::planted("tests/it/sdk.rs", "assert_golden(\"login_ok\", &body); golden(\"mail.txt\")")];
    for (path, findings) in [
        ("tests/golden/it__sdk__login_ok.snap", 0),
        ("tests/golden/mail.txt", 0),
        ("tests/golden/it__sdk__gone.snap", 1),
        ("tests/golden/old.json", 1),
    ] {
        assert_eq!(is_compared_with(&Source::planted(path, ""), &tests).len(), findings, "{path}");
    }
}
