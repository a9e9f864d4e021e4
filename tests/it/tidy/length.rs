//! How long a file and a function may be, and the few that may be longer, each with its reason. The table only shrinks.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::source::{Finding, Source, assert_none, rust};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// A file that may be longer, or hold a longer function, for a reason that stands beside it.
struct Exception {
    path: &'static str,
    file_lines: usize,
    function_lines: usize,
}

const EXCEPTIONS: &[Exception] = &[];

fn is_short_enough(source: &Source) -> Vec<Finding> {
    let exception = EXCEPTIONS.iter().find(|exception| exception.path == source.path);
    let (file_max, function_max) = exception
        .map_or((FILE_LINES_MAX, FUNCTION_LINES_MAX), |exception| (exception.file_lines, exception.function_lines));
    let mut found = Vec::new();
    let lines = source.lines().count();
    if lines > file_max {
        found.push(source.finding(lines, format!("a file of {lines} lines; split it by meaning ({file_max} at most)")));
    }
    for function in functions(source).into_iter().filter(|function| function.lines > function_max) {
        let what = format!("`{}` has {} lines ({function_max} at most)", function.name, function.lines);
        found.push(source.finding(function.line, what));
    }
    found
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

fn functions(source: &Source) -> Vec<Function> {
    let file = syn::parse_file(&source.text).unwrap_or_else(|error| source.unreadable(&error));
    let mut visitor = Functions(Vec::new());
    visitor.visit_file(&file);
    visitor.0
}

struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.fn_token.span().start().line;
        let lines = block.brace_token.span.close().end().line + 1 - line;
        self.0.push(Function { name: signature.ident.to_string(), line, lines });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn files_and_functions_are_short() {
    assert_none(&rust().iter().flat_map(is_short_enough).collect::<Vec<_>>());
}

#[test]
fn each_exception_is_still_needed() {
    for exception in EXCEPTIONS {
        let source = Source::read(exception.path);
        let longest = functions(&source).iter().map(|function| function.lines).max().unwrap_or(0);
        let needed = source.lines().count() > FILE_LINES_MAX || longest > FUNCTION_LINES_MAX;
        assert!(needed, "{} no longer needs its exception", exception.path);
    }
}

#[test]
fn a_planted_long_file_and_long_functions_are_found() {
    let long_file = Source::planted("src/a.rs", &"//\n".repeat(FILE_LINES_MAX + 1));
    assert_eq!(is_short_enough(&long_file).len(), 1);
    assert_none(&is_short_enough(&Source::planted("src/a.rs", &"//\n".repeat(FILE_LINES_MAX))));

    let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
    for wrap in ["{}", "impl A {\n{}}\n", "trait A {\n{}}\n", "mod m {\n{}}\n", "fn outer() -> u8 {\n    1\n}\n{}"] {
        let planted = |lines| Source::planted("src/a.rs", &wrap.replace("{}", &function(lines)));
        assert_eq!(is_short_enough(&planted(FUNCTION_LINES_MAX + 1)).len(), 1, "{wrap}");
        assert_none(&is_short_enough(&planted(FUNCTION_LINES_MAX)));
    }
}
