//! docs/api.md against the route table, the fields and statuses that the routes describe, and every code that the sources give an error.

use std::collections::BTreeSet;

use serde_json::Value;
use syn::visit::{self, Visit};

use super::source::{Finding, Source, assert_none, rust};

const DOCUMENT: &str = "docs/api.md";

/// Routes that the description leaves out because not every server has them.
const UNDESCRIBED: &[&str] = &["GET /metrics"];

/// One operation: `GET /path`, its fields, the codes that its description names by status.
struct Operation {
    heading: String,
    fields: BTreeSet<String>,
    statuses: Vec<(String, String)>,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&doorward::http::api::description().unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = operation.pointer("/requestBody/content/application~1json/schema/properties");
            let fields = body.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone());
            let responses = operation["responses"].as_object().unwrap().iter();
            let statuses = responses.map(|(status, response)| (status.clone(), response["description"].to_string()));
            let heading = format!("{} {path}", method.to_uppercase());
            operations.push(Operation { heading, fields: fields.collect(), statuses: statuses.collect() });
        }
    }
    operations
}

/// The part of the document below `### heading`.
fn section<'d>(document: &'d Source, heading: &str) -> Option<&'d str> {
    let (_, rest) = document.text.split_once(&format!("\n### `{heading}`\n"))?;
    Some(rest.split("\n##").next().unwrap_or(rest))
}

/// The words in backticks of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of a section's tables: cells without the outer bars.
fn rows(section: &str) -> impl Iterator<Item = Vec<&str>> {
    section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("|--"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

fn has_every_route(document: &Source, operations: &[Operation]) -> Vec<Finding> {
    let routes = operations.iter().map(|operation| operation.heading.as_str()).chain(UNDESCRIBED.iter().copied());
    let routes: BTreeSet<&str> = routes.collect();
    let headings: BTreeSet<&str> =
        document.text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let missing = routes.difference(&headings).map(|route| document.finding(1, format!("`{route}` has no heading")));
    let stale = headings.difference(&routes).map(|route| document.finding(1, format!("`{route}` is no route")));
    missing.chain(stale).collect()
}

fn tells_fields_and_statuses(document: &Source, operation: &Operation) -> Vec<Finding> {
    let Some(section) = section(document, &operation.heading) else { return Vec::new() };
    let mut found = Vec::new();
    let mut refuse = |what: String| found.push(document.finding(1, format!("{}: {what}", operation.heading)));
    let is_status = |cell: &str| cell.len() == 3 && cell.bytes().all(|byte| byte.is_ascii_digit());
    let told: BTreeSet<String> = rows(section)
        .filter(|row| row[0].starts_with('`'))
        .flat_map(|row| quoted(row[0]).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for field in operation.fields.symmetric_difference(&told) {
        refuse(format!("`{field}` stands in one of the two only"));
    }
    for (status, description) in operation.statuses.iter().filter(|(status, _)| status.as_str() >= "400") {
        let row = rows(section).find(|row| row[0] == status);
        match row {
            None if section.contains(status) && quoted(description).next().is_none() => {}
            None => refuse(format!("{status} is not told")),
            Some(row) => {
                for code in quoted(description)
                    .filter(|code| !["errors", "report_id"].contains(code) && !row[1].contains(&format!("`{code}`")))
                {
                    refuse(format!("{status} `{code}` is not told"));
                }
            }
        }
    }
    for row in rows(section).filter(|row| is_status(row[0])) {
        if operation.statuses.iter().all(|(status, _)| *status != row[0]) {
            refuse(format!("{} is no answer of it", row[0]));
        }
    }
    found
}

/// Every code that the sources give an error: the argument of what makes one, of `coded` and of `too_many`, and the first half of a
/// pair of code and message.
#[derive(Default)]
struct Codes(BTreeSet<String>);

impl Codes {
    fn take(&mut self, expression: Option<&syn::Expr>) {
        if let Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) = expression {
            self.0.insert(text.value());
        }
    }
}

impl<'ast> Visit<'ast> for Codes {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func {
            let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let is_maker = names.len() == 2 && ["ApiError", "Self"].contains(&names[0].as_str());
            match names.last().map(String::as_str) {
                Some("refused" | "protocol" | "new") if is_maker => self.take(call.args.iter().nth(1)),
                Some("too_many") if is_maker => self.take(call.args.first()),
                // A closure that fixes the status.
                Some("refused") if names.len() == 1 => self.take(call.args.first()),
                _ => {}
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "coded" {
            self.take(call.args.first());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_tuple(&mut self, tuple: &'ast syn::ExprTuple) {
        let texts: Vec<String> = tuple
            .elems
            .iter()
            .filter_map(|element| match element {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            })
            .collect();
        let is_code = |text: &str| text.starts_with(|letter: char| letter.is_ascii_lowercase()) && !text.contains(' ');
        let is_sentence = |text: &str| text.contains(' ') && text.starts_with(char::is_uppercase);
        if let [code, message] = texts.as_slice()
            && tuple.elems.len() == 2
            && is_code(code)
            && is_sentence(message)
        {
            self.0.insert(code.clone());
        }
        visit::visit_expr_tuple(self, tuple);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }
}

fn codes(sources: &[Source]) -> BTreeSet<String> {
    let mut codes = Codes::default();
    for source in sources.iter().filter(|source| source.path.starts_with("src/http") && !source.is_test()) {
        codes.visit_file(&syn::parse_file(&source.text).unwrap_or_else(|error| source.unreadable(&error)));
    }
    codes.0
}

/// The second column of the two tables under "Errors".
fn has_every_code(document: &Source, codes: &BTreeSet<String>) -> Vec<Finding> {
    let errors = document.text.split_once("\n### Errors\n").map_or("", |(_, rest)| rest);
    let errors = errors.split("\n###").next().unwrap_or_default();
    let told: BTreeSet<String> =
        rows(errors).filter_map(|row| Some(row.get(1)?.strip_prefix('`')?.strip_suffix('`')?.to_owned())).collect();
    let told: BTreeSet<String> = told.into_iter().filter(|code| code != "code").collect();
    let missing = codes.difference(&told).map(|code| document.finding(1, format!("`{code}` is not in the tables")));
    let stale = told.difference(codes).map(|code| document.finding(1, format!("no error has the code `{code}`")));
    missing.chain(stale).collect()
}

/// The examples that are files of their own stand in the document letter by letter.
fn shows(document: &Source, language: &str, file: &Source) -> Vec<Finding> {
    let is_there = document.text.contains(&format!("```{language}\n{}```\n", file.text));
    if is_there { Vec::new() } else { vec![document.finding(1, format!("{} is not in it as it is", file.path))] }
}

#[test]
fn the_written_routes_fields_statuses_and_codes_are_those_of_the_code() {
    let document = Source::read(DOCUMENT);
    let operations = operations();
    assert_none(&has_every_route(&document, &operations));
    let found = operations.iter().flat_map(|operation| tells_fields_and_statuses(&document, operation));
    assert_none(&found.collect::<Vec<_>>());
    let codes = codes(&rust());
    assert!(codes.len() > 30, "{codes:?}");
    assert_none(&has_every_code(&document, &codes));
    assert_none(&shows(&document, "python", &Source::read("examples/verify_token.py")));
    assert_none(&shows(&document, "js", &Source::read("examples/verify_token.mjs")));
}

#[test]
fn a_planted_difference_is_found() {
    let text =
        "# x\n\n### Errors\n\n| 404 | `gone` | x |\n\n### `GET /a`\n\n| `site_id` | integer | |\n\n| 404 | `gone` |\n";
    let operation = |field: &str, status: &str| Operation {
        heading: "GET /a".to_owned(),
        fields: BTreeSet::from([field.to_owned()]),
        statuses: vec![(status.to_owned(), "`gone`.".to_owned())],
    };
    let document = Source::planted(DOCUMENT, text);
    assert_none(&tells_fields_and_statuses(&document, &operation("site_id", "404")));
    assert_eq!(tells_fields_and_statuses(&document, &operation("email", "404")).len(), 2);
    assert_eq!(tells_fields_and_statuses(&document, &operation("site_id", "403")).len(), 2);
    let other = Source::planted(DOCUMENT, &text.replace("| 404 | `gone` |\n", "| 404 | `went` |\n"));
    assert_eq!(tells_fields_and_statuses(&other, &operation("site_id", "404")).len(), 1);
    assert_eq!(has_every_route(&document, &[]).len(), 2, "a stale heading, and /metrics");

    let source = "fn f() { ApiError::refused(S, \"gone\", \"Gone.\"); x.coded(\"taken\"); let y = (\"late\", \"It is late.\"); }";
    let codes = codes(&[Source::planted("src/http/a.rs", source)]);
    assert_eq!(codes.iter().map(String::as_str).collect::<Vec<_>>(), ["gone", "late", "taken"]);
    assert_eq!(has_every_code(&document, &codes).len(), 2);
    assert_eq!(has_every_code(&document, &BTreeSet::new()).len(), 1);
}
