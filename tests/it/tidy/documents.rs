//! What the documents assert about the code: each figure, pathway and algorithm they name is the one that is compiled.

use std::collections::BTreeSet;

use super::paths::identifiers;
use super::source::{Finding, Source, all, assert_none, rust};

/// What a session is opened with: whoever names one of these is a pathway, or draws sessions for one.
const OPENS: &[&str] = &["OpenSession", "NewSession", "draw_session"];

/// The enum that names what is sealed for the disk.
const SEALED: &str = "Purpose";

/// How the names of cryptographic algorithms begin in the crates we use.
const ALGORITHMS: &[&str] = &[
    "AES_",
    "CHACHA20_",
    "ECDH_",
    "ECDSA_",
    "ED25519",
    "HKDF_",
    "HMAC_",
    "PBKDF2_",
    "RSA_",
    "SHA1",
    "SHA256",
    "SHA384",
    "SHA512",
];

/// Words of the same look that are sizes or kinds, not algorithms.
const SIZES: &[&str] = &["_LEN", "_BYTES", "_MAX", "_BITS"];

/// Each flow that opens a session is a row of docs/auth-pathways.md.
fn is_a_written_pathway(source: &Source, document: &Source) -> Vec<Finding> {
    if !source.path.starts_with("src/flows") || source.is_test() {
        return Vec::new();
    }
    let opens = identifiers(source).into_iter().find(|(_, name)| OPENS.contains(&name.as_str()));
    let written = document.text.contains(&format!("`{}`", source.path));
    opens
        .filter(|_| !written)
        .map(|(line, _)| source.finding(line, format!("opens a session but is not in {}", document.path)))
        .into_iter()
        .collect()
}

/// Each algorithm that the sources name is in the inventory.
fn is_in_the_inventory(source: &Source, document: &Source) -> Vec<Finding> {
    if !source.path.starts_with("src/") || source.is_test() {
        return Vec::new();
    }
    let is_algorithm = |name: &str| {
        ALGORITHMS.iter().any(|start| name.starts_with(start)) && !SIZES.iter().any(|end| name.ends_with(end))
    };
    let mut missing = identifiers(source)
        .into_iter()
        .filter(|(_, name)| is_algorithm(name) && !document.text.contains(&format!("`{name}`")));
    missing
        .next()
        .map(|(line, name)| source.finding(line, format!("`{name}` is not in {}", document.path)))
        .into_iter()
        .collect()
}

/// Each kind of secret that is sealed for the disk is in the inventory.
fn says_what_it_seals(source: &Source, document: &Source) -> Vec<Finding> {
    if !source.path.starts_with("src/tokens") {
        return Vec::new();
    }
    let file = syn::parse_file(&source.text).unwrap_or_else(|error| source.unreadable(&error));
    let purposes = file.items.iter().filter_map(|item| match item {
        syn::Item::Enum(item) if item.ident == SEALED => Some(&item.variants),
        _ => None,
    });
    let missing = purposes.flatten().filter(|variant| !document.text.contains(&format!("`{}`", variant.ident)));
    let what = |variant: &syn::Variant| format!("what is sealed as `{}` is not in {}", variant.ident, document.path);
    missing.map(|variant| source.finding(variant.ident.span().start().line, what(variant))).collect()
}

/// Each `NAME = value` in backticks of a document is a constant of the sources with that very value.
fn quotes_constants_as_they_are(document: &Source, sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, text) in document.lines() {
        for (name, value) in quoted(text) {
            let declared = declarations(&name, sources);
            if declared.is_empty() {
                found.push(document.finding(line, format!("`{name}` is no constant")));
            } else if !declared.contains(&value) {
                found.push(document.finding(line, format!("`{name}` is {}, not {value}", declared.join(" or "))));
            }
        }
    }
    found
}

/// The paths in backticks that a document says exist, do.
fn names_files_that_exist(document: &Source, files: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, text) in document.lines() {
        for path in text.split('`').skip(1).step_by(2).filter(|word| word.starts_with("src/") && word.ends_with(".rs"))
        {
            if !files.iter().any(|file| file == path) {
                found.push(document.finding(line, format!("`{path}` is no file")));
            }
        }
    }
    found
}

/// Each metric that the sources count is a row of docs/operating.md, and each row is counted.
fn lists_the_metrics(document: &Source, sources: &[Source]) -> Vec<Finding> {
    let is_name = |word: &str| word.starts_with("doorward_") && word.contains("_http_");
    let counted = |source: &Source| -> Vec<String> {
        source.text.split('"').skip(1).step_by(2).filter(|word| is_name(word)).map(str::to_owned).collect()
    };
    let product = sources.iter().filter(|source| source.path.starts_with("src/") && !source.is_test());
    let names: BTreeSet<String> = product.flat_map(counted).collect();
    let rows: BTreeSet<String> = document
        .text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
        .collect();
    let rows: BTreeSet<String> = rows.into_iter().filter(|row| is_name(row)).collect();
    names
        .symmetric_difference(&rows)
        .map(|name| document.finding(1, format!("`{name}` stands in one of the two")))
        .collect()
}

fn quoted(text: &str) -> Vec<(String, String)> {
    let is_name = |name: &str| {
        name.len() > 1
            && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    };
    let spans = text.split('`').skip(1).step_by(2).filter_map(|span| span.split_once(" = "));
    spans.filter(|(name, _)| is_name(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn declarations(name: &str, sources: &[Source]) -> Vec<String> {
    let start = format!("const {name}: ");
    let lines = sources.iter().flat_map(Source::lines).filter_map(|(_, line)| line.split_once(&start));
    lines.filter_map(|(_, rest)| Some(rest.split_once(" = ")?.1.trim_end_matches(';').to_owned())).collect()
}

#[test]
fn each_pathway_that_opens_a_session_is_written_down() {
    let document = Source::read("docs/auth-pathways.md");
    assert_none(&rust().iter().flat_map(|source| is_a_written_pathway(source, &document)).collect::<Vec<_>>());

    let document = Source::planted("docs/auth-pathways.md", "| password | `src/flows/login.rs` |");
    let flow = "fn f() { send(Command::OpenSession { id }) }";
    assert_eq!(is_a_written_pathway(&Source::planted("src/flows/magic_link.rs", flow), &document).len(), 1);
    assert_none(&is_a_written_pathway(&Source::planted("src/flows/login.rs", flow), &document));
    let caller = Source::planted("src/flows/social.rs", "fn f() { self.draw_session(&place)?; }");
    assert_eq!(is_a_written_pathway(&caller, &document).len(), 1);
}

#[test]
fn each_algorithm_is_in_the_inventory() {
    let document = Source::read("docs/crypto.md");
    assert_none(&rust().iter().flat_map(|source| is_in_the_inventory(source, &document)).collect::<Vec<_>>());

    let document = Source::planted("docs/crypto.md", "`SHA256`");
    assert_eq!(
        is_in_the_inventory(&Source::planted("src/tokens.rs", "use aws_lc_rs::digest::SHA512;"), &document).len(),
        1
    );
    assert_none(&is_in_the_inventory(
        &Source::planted("src/tokens.rs", "use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN};"),
        &document,
    ));
}

#[test]
fn each_sealed_secret_is_in_the_inventory() {
    let document = Source::read("docs/crypto.md");
    assert_none(&rust().iter().flat_map(|source| says_what_it_seals(source, &document)).collect::<Vec<_>>());

    let document = Source::planted("docs/crypto.md", "`SigningKey`");
    let sealing =
        |variants: &str| Source::planted("src/tokens/sealing.rs", &format!("pub enum Purpose {{ {variants} }}"));
    assert_none(&says_what_it_seals(&sealing("SigningKey"), &document));
    assert_eq!(says_what_it_seals(&sealing("SigningKey, ClientSecret"), &document).len(), 1);
}

#[test]
fn documents_quote_constants_as_they_are_and_files_that_exist() {
    let (sources, rest): (Vec<Source>, Vec<Source>) = all().into_iter().partition(Source::is_rust);
    let documents = rest.iter().filter(|source| source.path.starts_with("docs/") && source.path.ends_with(".md"));
    let files: Vec<String> = sources.iter().map(|source| source.path.clone()).collect();
    let found = documents.flat_map(|document| {
        [quotes_constants_as_they_are(document, &sources), names_files_that_exist(document, &files)].concat()
    });
    assert_none(&found.collect::<Vec<_>>());
}

#[test]
fn every_metric_is_written_down() {
    let document = Source::read("docs/operating.md");
    assert_none(&lists_the_metrics(&document, &rust()));

    let counted = [Source::planted("src/http/a.rs", "fn f() { counter!(\"doorward_http_new_total\"); }")];
    assert_eq!(lists_the_metrics(&Source::planted("docs/operating.md", ""), &counted).len(), 1);
    assert_eq!(
        lists_the_metrics(&Source::planted("docs/operating.md", "| `doorward_http_old_total` | x |"), &[]).len(),
        1
    );
}

#[test]
fn how_soon_a_hole_is_closed_is_written_down() {
    let text = Source::read("docs/operating.md").text;
    assert!(text.contains("within: critical 48 hours, high 7 days, other 30 days."));
}

#[test]
fn a_planted_wrong_figure_or_file_is_found() {
    let sources =
        [Source::planted("src/limits.rs", "pub const DAYS_MAX: u16 = 365;\nconst HOUR_MS: i64 = 60 * MINUTE_MS;")];
    for (text, findings) in [
        ("at most `DAYS_MAX = 365`", 0),
        ("`HOUR_MS = 60 * MINUTE_MS`", 0),
        ("`DAYS_MAX = 30` days", 1),
        ("`GONE_MAX = 1`", 1),
        ("`site = 3`", 0),
    ] {
        assert_eq!(
            quotes_constants_as_they_are(&Source::planted("docs/a.md", text), &sources).len(),
            findings,
            "{text}"
        );
    }
    let files = ["src/limits.rs".to_owned()];
    assert_eq!(
        names_files_that_exist(&Source::planted("docs/a.md", "`src/limits.rs` and `src/gone.rs`"), &files).len(),
        1
    );
}
