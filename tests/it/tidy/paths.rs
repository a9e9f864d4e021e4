//! The paths a file mentions (`use` trees, expressions, types, inside macros too), resolved to the root of the crate. Read
//! from tokens, so that nothing that compiles is overlooked; `#[cfg(test)]` items are left out.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::Source;

/// One mention of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) line: usize,
    /// Begins with `crate`, or with the name the path begins with (an external crate, or something in scope).
    pub(super) segments: Vec<String>,
}

/// The module path of a file below a `src/`: `src/http/sdk/auth.rs` is `http`, `sdk`, `auth`.
pub(super) fn module_of(path: &str) -> Vec<String> {
    let below = path.split_once("src/").map_or(path, |(_, below)| below);
    let below = below.strip_suffix(".rs").unwrap_or(below);
    below.split('/').filter(|part| !matches!(*part, "lib" | "main")).map(str::to_owned).collect()
}

/// All mentions of a file, tests excluded.
pub(super) fn mentions(source: &Source) -> Vec<Mention> {
    let tokens: TokenStream = source.text.parse().unwrap_or_else(|error| source.unreadable(&error));
    let mut reader = Reader { module: module_of(&source.path), found: Vec::new() };
    reader.read(&tokens.into_iter().collect::<Vec<_>>());
    reader.found
}

/// Every identifier of a file with its line, tests excluded.
pub(super) fn identifiers(source: &Source) -> Vec<(usize, String)> {
    let tokens: TokenStream = source.text.parse().unwrap_or_else(|error| source.unreadable(&error));
    let mut found = Vec::new();
    collect_identifiers(&tokens.into_iter().collect::<Vec<_>>(), &mut found);
    found
}

fn collect_identifiers(tokens: &[TokenTree], found: &mut Vec<(usize, String)>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = past_test_item(tokens, at).unwrap_or(at + 1);
        match token {
            TokenTree::Ident(ident) => found.push((ident.span().start().line, ident.to_string())),
            TokenTree::Group(group) => collect_identifiers(&group.stream().into_iter().collect::<Vec<_>>(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

struct Reader {
    /// Where we are, for `super` and `self`.
    module: Vec<String>,
    found: Vec<Mention>,
}

impl Reader {
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some(next) = past_test_item(tokens, at) {
                at = next;
                continue;
            }
            at = match token {
                TokenTree::Ident(ident) if ident == "mod" => self.module(tokens, at),
                TokenTree::Ident(ident) if ident == "use" => self.path(tokens, at + 1, &[], Place::Use),
                TokenTree::Ident(_) => self.path(tokens, at, &[], Place::Elsewhere),
                TokenTree::Group(group) => {
                    self.read(&group.stream().into_iter().collect::<Vec<_>>());
                    at + 1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// Reads `mod name { … }` with its own `super`; returns the index after it.
    fn module(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) = (tokens.get(at + 1), tokens.get(at + 2)) {
            self.module.push(name.to_string());
            self.read(&body.stream().into_iter().collect::<Vec<_>>());
            self.module.pop();
            return at + 3;
        }
        at + 2
    }

    /// Reads one path from `at` on, behind `prefix`; returns the index after it.
    fn path(&mut self, tokens: &[TokenTree], at: usize, prefix: &[String], place: Place) -> usize {
        let mut segments = prefix.to_vec();
        let mut at = if joined(tokens, at) { at + 2 } else { at };
        let mut line = 0;
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => {
                    line = ident.span().start().line;
                    segments.push(ident.to_string());
                    at += 1;
                }
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' && place == Place::Use => {
                    line = punct.span().start().line;
                    segments.push("*".to_owned());
                    at += 1;
                    break;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && place == Place::Use => {
                    self.tree(&group.stream().into_iter().collect::<Vec<_>>(), &segments);
                    return at + 1;
                }
                _ => break,
            }
            if !joined(tokens, at) {
                break;
            }
            at += 2;
        }
        if line > 0 && (segments.len() > 1 || place == Place::Use) {
            let segments = self.resolved(segments);
            self.found.push(Mention { line, segments });
        }
        at.max(1)
    }

    /// Reads the branches of a `use` tree.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for branch in tokens.split(is_comma).filter(|branch| !branch.is_empty()) {
            self.path(branch, 0, prefix, Place::Use);
        }
    }

    /// `self::x` and `super::x` as `crate::…::x`.
    fn resolved(&self, segments: Vec<String>) -> Vec<String> {
        let mut module = self.module.clone();
        let steps = segments.iter().take_while(|segment| matches!(segment.as_str(), "self" | "super")).count();
        if steps == 0 {
            return segments;
        }
        for step in segments.iter().take(steps).filter(|segment| *segment == "super") {
            debug_assert_eq!(step, "super");
            module.pop();
        }
        std::iter::once("crate".to_owned()).chain(module).chain(segments.into_iter().skip(steps)).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Use,
    Elsewhere,
}

/// Whether `::` stands at `at`.
fn joined(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// The index after the item that `#[cfg(test)]` at `at` guards.
fn past_test_item(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let (Some(TokenTree::Punct(hash)), Some(TokenTree::Group(attribute))) = (tokens.get(at), tokens.get(at + 1)) else {
        return None;
    };
    let words: String = attribute.stream().to_string().split_whitespace().collect();
    if hash.as_char() != '#' || !(words == "cfg(test)" || words.starts_with("cfg(all(test,")) {
        return None;
    }
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    let rest = tokens.get(at + 2..).unwrap_or_default();
    Some(rest.iter().position(ends).map_or(tokens.len(), |end| at + 2 + end + 1))
}

#[test]
fn mentions_are_read_from_use_trees_expressions_macros_and_nested_modules() {
    let text = "use crate::{flows::login, http as door};\nuse sled;\nfn f() { let x = super::super::actors::Handle::new(); }\n\
                mod inner {\n fn g() { select! { y = super::deep::z() => argon2::run(y) } }\n}\n\
                #[cfg(test)]\nmod tests { use crate::storage::Disk; }\n#[cfg(not(test))]\nfn h(a: bincode::Error) {}\n";
    let found = mentions(&Source::planted("src/flows/login.rs", text));
    let shown: Vec<String> =
        found.iter().map(|mention| format!("{} {}", mention.line, mention.segments.join("::"))).collect();
    let wanted = [
        "1 crate::flows::login",
        "1 crate::http",
        "2 sled",
        "3 crate::actors::Handle::new",
        "5 crate::flows::login::deep::z",
        "5 argon2::run",
        "10 bincode::Error",
    ];
    assert_eq!(shown, wanted);
}

#[test]
fn globs_and_leading_colons_are_mentions_too() {
    let found = mentions(&Source::planted(
        "src/mail.rs",
        "use crate::*;\nuse ::sled::{self, Db};\nfn f() { ::warp::serve() }\n",
    ));
    let shown: Vec<String> = found.iter().map(|mention| mention.segments.join("::")).collect();
    assert_eq!(shown, ["crate::*", "sled::self", "sled::Db", "warp::serve"]);
}
