//! What the rules read and what they answer: the text files of the tree, and findings with a place.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A text file, named by its path from the root with `/` between the parts.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl Source {
    /// A file that exists only in a test of a rule.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// One file of the tree.
    pub(crate) fn read(path: &str) -> Self {
        let text =
            fs::read_to_string(root().join(path)).unwrap_or_else(|error| Self::planted(path, "").unreadable(&error));
        Self::planted(path, &text)
    }

    /// Ends the test that cannot go on without this file.
    #[expect(clippy::panic, reason = "a rule that cannot read its file holds nothing")]
    pub(crate) fn unreadable(&self, error: &dyn fmt::Display) -> ! {
        panic!("{}: {error}", self.path)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || name == "tests.rs"
            || self.path.starts_with("crates/testkit/")
    }

    /// The line on which the tests inside the file begin (`mod tests {`); past the end if it has none.
    pub(crate) fn tests_from_line(&self) -> usize {
        let is_start = |line: &str| line.starts_with("mod ") && line.contains("tests {");
        self.lines().find(|(_, line)| is_start(line)).map_or(usize::MAX, |(number, _)| number)
    }

    /// The lines with their numbers, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    pub(crate) fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the workspace.
pub(crate) fn rust() -> Vec<Source> {
    all().into_iter().filter(Source::is_rust).collect()
}

/// Every text file of the tree that git would keep.
pub(crate) fn all() -> Vec<Source> {
    let mut paths = Vec::new();
    for entry in top_level() {
        walk(&root().join(&entry), &mut paths);
    }
    paths.sort();
    let sources: Vec<Source> = paths.iter().filter_map(|path| source(path)).collect();
    assert!(sources.len() > 20, "the walk found only {} files: it does not read the tree", sources.len());
    sources
}

/// The entries of the root that `.gitignore` does not name.
pub(crate) fn top_level() -> Vec<String> {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect("the root has a .gitignore");
    let ignored: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('/')).collect();
    let is_ignored = |name: &str| {
        ignored
            .iter()
            .any(|pattern| pattern.strip_suffix('*').map_or(*pattern == name, |start| name.starts_with(start)))
    };
    let entries = fs::read_dir(root()).expect("the root can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".git" && !is_ignored(name));
    names.sort();
    names
}

/// Fails with every finding on a line of its own.
#[track_caller]
pub(crate) fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{} finding(s):\n{}", lines.len(), lines.join("\n"));
}

fn walk(path: &Path, paths: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        paths.push(path.to_path_buf());
        return;
    }
    if path.file_name().is_some_and(|name| name == "node_modules") || path == root().join("target") {
        return;
    }
    for entry in fs::read_dir(path).expect("a directory of the tree can be listed") {
        walk(&entry.expect("an entry").path(), paths);
    }
}

fn source(path: &Path) -> Option<Source> {
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    let path = path.strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/");
    Some(Source { path, text })
}
