//! What no line may hold: unfinished work, silenced lints, skipped or sleeping tests, the paths and hosts of one machine.
//! The words are put together from halves here, or this file would be a finding.

use super::source::{Finding, Source, all, assert_none, rust};

/// Words that mark work left undone.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Directories and settings that exist on one machine only.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("C:\\", "Users"),
    concat!("replace-", "with"),
    concat!("index-", "url"),
    concat!("--ind", "ex "),
];

/// Where the lock files may take packages from.
const REGISTRIES: [&str; 2] = ["registry+https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

const SLEEPS: &[&str] =
    &[concat!("thread::sl", "eep"), concat!("time::sl", "eep"), concat!("sl", "eep_until("), concat!("\"sl", "eep\"")];

fn begins_with_what_it_owns(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    if first.starts_with("//! ") { Vec::new() } else { vec![source.finding(1, "does not begin with `//!`")] }
}

fn silences_no_lint(source: &Source) -> Vec<Finding> {
    let words = [concat!("#[al", "low("), concat!("#![al", "low("), concat!("cfg_attr(test, al", "low(")];
    lines_with(source, &words, "`#[expect(…, reason)]` says why and ends when it is no longer needed")
}

fn skips_no_test(source: &Source) -> Vec<Finding> {
    lines_with(source, &[concat!("#[ig", "nore")], "a test that does not run is not a test")
}

fn names_tests_as_sentences(source: &Source) -> Vec<Finding> {
    lines_with(source, &[concat!("fn te", "st_")], "a test's name is a sentence")
}

fn sleeps_in_no_test(source: &Source) -> Vec<Finding> {
    let from = if source.is_test() { 0 } else { source.tests_from_line() };
    let found = lines_with(source, SLEEPS, "wait for the event itself, or advance paused time");
    found.into_iter().filter(|finding| finding.line >= from).collect()
}

fn leaves_no_work_undone(source: &Source) -> Vec<Finding> {
    let is_marked = |line: &str| {
        line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| MARKERS.contains(&word))
    };
    let marked = source.lines().filter(|(_, line)| is_marked(line));
    marked.map(|(number, _)| source.finding(number, "work left undone belongs in an issue")).collect()
}

fn names_no_machine(source: &Source) -> Vec<Finding> {
    if source.path.ends_with(".lock") || source.path.ends_with("-lock.json") {
        return takes_packages_from_the_public_registries(source);
    }
    lines_with(source, MACHINE, "names a directory or registry of one machine")
}

fn takes_packages_from_the_public_registries(source: &Source) -> Vec<Finding> {
    let names_a_source =
        |line: &str| line.trim_start().starts_with("source = ") || line.trim_start().starts_with("\"resolved\":");
    let foreign =
        source.lines().filter(|(_, line)| names_a_source(line) && !REGISTRIES.iter().any(|known| line.contains(known)));
    foreign.map(|(number, _)| source.finding(number, "a package from elsewhere than the public registry")).collect()
}

fn lines_with(source: &Source, words: &[&str], what: &str) -> Vec<Finding> {
    let hits = source.lines().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    hits.map(|(number, _)| source.finding(number, what)).collect()
}

type Rule = fn(&Source) -> Vec<Finding>;

fn hold(sources: &[Source], rule: Rule) {
    assert_none(&sources.iter().flat_map(rule).collect::<Vec<_>>());
}

fn planted(rule: Rule, path: &str, bad: &str, good: &str) {
    assert_eq!(rule(&Source::planted(path, bad)).len(), 1, "{bad}");
    assert_none(&rule(&Source::planted(path, good)));
}

#[test]
fn each_file_begins_with_what_it_owns() {
    hold(&rust(), begins_with_what_it_owns);
    planted(begins_with_what_it_owns, "src/a.rs", "use std::fs;\n//! Late.", "//! What it owns.\nuse std::fs;");
    planted(begins_with_what_it_owns, "src/a.rs", "", "//! What it owns.");
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    hold(&rust(), silences_no_lint);
    planted(silences_no_lint, "src/a.rs", concat!("#[al", "low(dead_code)]"), "#[expect(dead_code, reason = \"why\")]");
    planted(silences_no_lint, "src/a.rs", concat!("#![al", "low(missing_docs)]"), "#![deny(missing_docs)]");
}

#[test]
fn no_test_is_skipped() {
    hold(&rust(), skips_no_test);
    planted(skips_no_test, "src/a.rs", concat!("#[ig", "nore = \"slow\"]"), "#[test]");
}

#[test]
fn names_of_tests_are_sentences() {
    hold(&rust(), names_tests_as_sentences);
    planted(names_tests_as_sentences, "src/a.rs", concat!("fn te", "st_login() {}"), "fn login_fails() {}");
}

#[test]
fn no_test_sleeps() {
    hold(&rust(), sleeps_in_no_test);
    let sleep = concat!("thread::sl", "eep(one_second)");
    planted(sleeps_in_no_test, "tests/it/a.rs", sleep, "receiver.recv()");
    planted(
        sleeps_in_no_test,
        "src/a.rs",
        &format!("#[cfg(test)]\nmod tests {{ {sleep} }}"),
        &format!("#[cfg(test)]\nmod tests;\nfn f() {{ {sleep} }}"),
    );
    planted(
        sleeps_in_no_test,
        "crates/testkit/src/a.rs",
        concat!("tokio::time::sl", "eep(d).await"),
        "tokio::time::advance(d).await",
    );
}

#[test]
fn no_work_is_left_undone_in_the_tree() {
    hold(&all(), leaves_no_work_undone);
    planted(leaves_no_work_undone, "docs/a.md", concat!("TO", "DO: later"), "Not to do.");
    planted(leaves_no_work_undone, "src/a.rs", concat!("// FIX", "ME(me)"), concat!("const TO", "DOS: u8 = 1;"));
}

#[test]
fn no_file_names_one_machine() {
    hold(&all(), names_no_machine);
    planted(names_no_machine, "docs/a.md", concat!("see /wo", "rk/main"), "see docs/api.md and /workspace");
    planted(names_no_machine, ".cargo/config.toml", concat!("replace-", "with = \"mirror\""), "[alias]");
    let foreign = "source = \"registry+https://mirror.example/index\"";
    let public = REGISTRIES.map(|registry| format!("source = \"{registry}\"")).join("\n");
    planted(names_no_machine, "Cargo.lock", foreign, &public);
}
