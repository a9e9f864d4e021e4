//! The map from security rules to what checks them, `docs/security-map.toml`, checked itself: every required line is there,
//! every line names evidence, and all the evidence it names exists.

use crate::tidy::{Finding, Source, assert_none};
use std::collections::BTreeSet;

/// The lines of the specification that what is built so far must answer for: ASVS 5.0.0 requirements by number, lines
/// of NIST SP 800-63B-4, our decisions (D) and known attacks (A).
const REQUIRED: &[&str] = &[
    "1.1.1",
    "1.2.5",
    "1.2.9",
    "1.3.2",
    "1.3.10",
    "1.3.12",
    "1.4.1",
    "1.4.2",
    "1.4.3",
    "1.5.2",
    "1.5.3",
    "2.1.1",
    "2.1.2",
    "2.1.3",
    "2.2.1",
    "2.2.2",
    "2.2.3",
    "2.3.1",
    "2.3.2",
    "2.3.3",
    "2.3.4",
    "2.4.1",
    "4.1.1",
    "4.1.2",
    "4.1.3",
    "4.1.4",
    "4.2.1",
    "4.2.2",
    "4.2.3",
    "4.2.4",
    "6.1.1",
    "6.1.2",
    "6.1.3",
    "6.2.1",
    "6.2.2",
    "6.2.3",
    "6.2.4",
    "6.2.5",
    "6.2.8",
    "6.2.9",
    "6.2.10",
    "6.2.11",
    "6.2.12",
    "6.3.1",
    "6.3.2",
    "6.3.4",
    "6.4.2",
    "7.1.1",
    "7.1.2",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.2.4",
    "7.3.1",
    "7.3.2",
    "7.4.1",
    "7.4.2",
    "7.4.3",
    "7.4.5",
    "7.5.2",
    "9.1.1",
    "9.1.2",
    "9.1.3",
    "9.2.1",
    "9.2.2",
    "9.2.3",
    "9.2.4",
    "11.1.1",
    "11.1.2",
    "11.2.1",
    "11.2.3",
    "11.2.4",
    "11.3.1",
    "11.3.2",
    "11.3.3",
    "11.3.4",
    "11.4.1",
    "11.4.2",
    "11.4.3",
    "11.4.4",
    "11.5.1",
    "11.6.1",
    "13.3.1",
    "13.4.5",
    "15.1.1",
    "15.1.2",
    "15.1.3",
    "15.2.1",
    "15.2.2",
    "15.2.3",
    "15.2.4",
    "15.3.1",
    "15.3.3",
    "15.3.4",
    "15.3.5",
    "15.3.7",
    "15.4.1",
    "15.4.2",
    "15.4.3",
    "15.4.4",
    "NIST-2.1.3",
    "NIST-3.1.1.2",
    "NIST-3.2.2",
    "NIST-5",
    "D1",
    "D2",
    "D3",
    "D4",
    "D6",
    "D8",
    "D9",
    "D10",
    "D11",
    "D15",
    "A01",
    "A02",
    "A03",
    "A13",
    "A21",
    "A22",
    "A23",
    "A24",
    "A25",
    "A27",
    "A28",
    "A29",
    "A30",
    "A31",
    "A34",
    "A35",
    "A40",
    "A41",
    "A42",
    "A43",
    "A44",
    "A45",
    "A47",
    "A48",
    "A49",
];

const MAP: &str = "docs/security-map.toml";

/// What the evidence is looked up in.
struct Tree {
    rust: Vec<Source>,
    /// Every test there is.
    tests: BTreeSet<String>,
    /// Manifests and lint settings: the root's, the core's.
    settings: Vec<Source>,
}

impl Tree {
    fn of(rust: Vec<Source>, settings: Vec<Source>) -> Self {
        let tests = rust.iter().flat_map(names_of_tests).collect();
        Self { rust, tests, settings }
    }
}

/// Whether evidence of this name exists.
type Lookup = fn(&Tree, &str) -> bool;

/// The kinds of evidence a line may name, and how each is looked up.
const EVIDENCE: &[(&str, Lookup)] = &[
    ("tests", has_test),
    ("steps", has_step),
    ("bans", |tree, name| has_setting(tree, &format!("path = \"{name}\""))),
    ("lints", |tree, name| has_setting(tree, &format!("\n{name} = "))),
    ("settings", |tree, line| has_setting(tree, &format!("\n{line}\n"))),
];

fn check(map: &Source, required: &[&str], tree: &Tree) -> Vec<Finding> {
    let parsed: toml::Table = map.text.parse().unwrap_or_else(|error| map.unreadable(&error));
    let missing = required.iter().filter(|id| !parsed.contains_key(**id));
    let mut found: Vec<Finding> = missing.map(|id| map.finding(1, format!("{id} is not in the map"))).collect();
    for (id, entry) in &parsed {
        let line =
            map.lines().find(|(_, line)| line.contains(&format!("\"{id}\"")) || line.contains(&format!("[{id}]")));
        let line = line.map_or(1, |(number, _)| number);
        let entry = entry.as_table().cloned().unwrap_or_default();
        found.extend(faults(id, &entry, tree).into_iter().map(|what| map.finding(line, format!("{id}: {what}"))));
    }
    found
}

fn faults(id: &str, entry: &toml::Table, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_id(id) {
        faults.push("is neither a requirement, a decision nor an attack".to_owned());
    }
    if entry.get("rule").and_then(toml::Value::as_str).is_none_or(str::is_empty) {
        faults.push("says no rule".to_owned());
    }
    let mut evidence = 0;
    for (kind, value) in entry.iter().filter(|(kind, _)| !matches!(kind.as_str(), "rule" | "note")) {
        let Some((_, exists)) = EVIDENCE.iter().find(|(known, _)| known == kind) else {
            faults.push(format!("`{kind}` is no kind of evidence"));
            continue;
        };
        for name in value.as_array().into_iter().flatten().filter_map(toml::Value::as_str) {
            evidence += 1;
            if !exists(tree, name) {
                faults.push(format!("{kind}: `{name}` is gone"));
            }
        }
    }
    if evidence == 0 {
        faults.push("names no evidence".to_owned());
    }
    faults
}

/// `6.2.1`, `NIST-3.1.1.2`, `D10` or `A01`.
fn is_id(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit());
    let lettered = id.strip_prefix(['A', 'D']).is_some_and(is_number);
    let nist = id.strip_prefix("NIST-").is_some_and(|section| section.split('.').all(is_number));
    lettered || nist || (id.split('.').count() == 3 && id.split('.').all(is_number))
}

fn has_test(tree: &Tree, name: &str) -> bool {
    tree.tests.contains(name)
}

/// The names of the functions that stand below a test attribute.
fn names_of_tests(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let declared = |line: &str| {
        let (_, rest) = line.split_once("fn ").filter(|(before, _)| matches!(*before, "" | "async " | "pub "))?;
        rest.split_once('(').map(|(name, _)| name.to_owned())
    };
    let is_test = |at: usize| {
        let above = lines.get(..at).unwrap_or_default().iter().rev();
        let attributes =
            above.take_while(|line| line.starts_with("#[") || line.starts_with("//") || line.ends_with(")]"));
        attributes.filter(|line| line.starts_with("#[")).any(|line| line.contains("test"))
    };
    let names = lines.iter().enumerate().filter_map(|(at, line)| declared(line).map(|name| (at, name)));
    names.filter(|(at, _)| is_test(*at)).map(|(_, name)| name).collect()
}

/// Whether `cargo xtask test` has a step of this name.
fn has_step(tree: &Tree, name: &str) -> bool {
    let steps = tree.rust.iter().find(|source| source.path == "xtask/src/test.rs");
    steps.is_some_and(|steps| steps.text.contains(&format!("name: \"{name}\"")))
}

fn has_setting(tree: &Tree, text: &str) -> bool {
    tree.settings.iter().any(|source| source.text.contains(text))
}

#[test]
fn every_line_of_the_security_map_has_evidence_that_exists() {
    let settings = ["Cargo.toml", "clippy.toml", "deny.toml", "crates/domain/clippy.toml"].map(Source::read).to_vec();
    let tree = Tree::of(crate::tidy::rust(), settings);
    assert_none(&check(&Source::read(MAP), REQUIRED, &tree));
}

#[test]
fn a_planted_gap_in_the_map_is_found() {
    let rust = vec![
        Source::planted(
            "src/a.rs",
            "#[test]\nfn passwords_are_long() {}\n\nfn helper() {}\n\n#[tokio::test(start_paused = true)]\nasync fn waits() {}\n",
        ),
        Source::planted("xtask/src/test.rs", "Step { name: \"deny\", what: \"…\" }"),
    ];
    let settings = vec![
        Source::planted("Cargo.toml", "[x]\nunsafe_code = \"forbid\"\noverflow-checks = true\n"),
        Source::planted("clippy.toml", "{ path = \"std::fs::read\" }"),
    ];
    let tree = Tree::of(rust, settings);
    let cases: [(&str, &[&str]); 13] = [
        ("[\"6.2.1\"]\nrule = \"long\"\ntests = [\"passwords_are_long\", \"waits\"]", &[]),
        (
            "[\"6.2.1\"]\nrule = \"long\"\nsteps = [\"deny\"]\nbans = [\"std::fs::read\"]\nlints = [\"unsafe_code\"]\nsettings = [\"overflow-checks = true\"]",
            &[],
        ),
        ("", &["6.2.1 is not in the map"]),
        ("[\"6.2.1\"]\nrule = \"long\"", &["6.2.1: names no evidence"]),
        ("[\"6.2.1\"]\nrule = \"long\"\ntests = []", &["6.2.1: names no evidence"]),
        ("[\"6.2.1\"]\ntests = [\"waits\"]", &["6.2.1: says no rule"]),
        ("[\"6.2.1\"]\nrule = \"long\"\ntests = [\"gone\"]", &["6.2.1: tests: `gone` is gone"]),
        ("[\"6.2.1\"]\nrule = \"long\"\ntests = [\"helper\"]", &["6.2.1: tests: `helper` is gone"]),
        ("[\"6.2.1\"]\nrule = \"long\"\nsteps = [\"den\"]", &["6.2.1: steps: `den` is gone"]),
        ("[\"6.2.1\"]\nrule = \"long\"\nbans = [\"std::fs\"]", &["6.2.1: bans: `std::fs` is gone"]),
        ("[\"6.2.1\"]\nrule = \"long\"\nlints = [\"code\"]", &["6.2.1: lints: `code` is gone"]),
        (
            "[\"6.2.1\"]\nrule = \"long\"\ntests = [\"waits\"]\npending = \"later\"",
            &["6.2.1: `pending` is no kind of evidence"],
        ),
        (
            "[\"6.2.1\"]\nrule = \"long\"\ntests = [\"waits\"]\n[B3]\nrule = \"x\"\ntests = [\"waits\"]",
            &["B3: is neither a requirement, a decision nor an attack"],
        ),
    ];
    for (map, wanted) in cases {
        let found = check(&Source::planted(MAP, map), &["6.2.1"], &tree);
        let found: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(found, wanted, "{map}");
    }
}

#[test]
fn ids_are_requirements_decisions_or_attacks() {
    for id in ["6.2.1", "11.2.4", "A01", "D15", "NIST-5", "NIST-3.1.1.2"] {
        assert!(is_id(id), "{id}");
    }
    for id in ["6.2", "6.2.x", "B01", "A", "A1b", "NIST-", "NIST-5.", ""] {
        assert!(!is_id(id), "{id}");
    }
}
