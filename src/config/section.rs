//! Reads the values of a TOML document, remembers which keys there are, and collects what is wrong. A value that is wrong counts as
//! its default from there on, so that reading goes on to the next.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest;
use super::problem::{Fault, Problem};
use crate::throttle::Quota;

const HOUR: Duration = Duration::from_secs(3_600);
const OFF_OR_QUOTA: &str = "\"off\" or a table as { burst = 10, per_hour = 3 }";

/// A document while it is being read.
pub(super) struct Document<'a> {
    text: &'a str,
    root: &'a DeTable<'a>,
    /// What relative paths count from.
    base: &'a Path,
    known: Vec<(&'static str, Vec<&'static str>)>,
    problems: Vec<Problem>,
}

/// A section while it is being read.
pub(super) struct Section<'d, 'a> {
    document: &'d mut Document<'a>,
    name: &'static str,
    table: Option<&'a DeTable<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, root: &'a DeTable<'a>, base: &'a Path) -> Self {
        Self { text, root, base, known: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn refuse_syntax(&mut self, errors: Vec<toml::de::Error>) {
        for error in errors {
            let line = error.span().map(|span| self.line_at(span.start));
            self.problems.push(Problem { key: String::new(), line, fault: Fault::Syntax(Box::new(error)) });
        }
    }

    /// Begins a section. One that is not there reads as an empty one.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_, 'a> {
        self.known.push((name, Vec::new()));
        let table = self.root.get(name).and_then(|value| match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                let fault = Fault::Type { expected: "a section", found: other.type_str() };
                self.refuse(name.to_owned(), Some(value), fault);
                None
            }
        });
        Section { document: self, name, table }
    }

    /// Everything that is wrong, in the order of the lines. Call it when every section has been read: what was not asked for is unknown.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.refuse_unknown();
        let is_toml = !self.problems.iter().any(|problem| matches!(problem.fault, Fault::Syntax(_)));
        // What was lost to a syntax error is not missing.
        self.problems.retain(|problem| is_toml || !matches!(problem.fault, Fault::Missing(_)));
        self.problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        self.problems
    }

    fn refuse_unknown(&mut self) {
        let mut unknown = Vec::new();
        for (name, value) in self.root {
            let section = self.known.iter().find(|(known, _)| known == name.get_ref());
            match (section, value.get_ref()) {
                (Some((section, keys)), DeValue::Table(table)) => {
                    for (key, _) in table.iter().filter(|(key, _)| !keys.iter().any(|known| known == key.get_ref())) {
                        unknown.push((format!("{section}.{}", key.get_ref()), key.span().start));
                    }
                }
                (Some(_), _) => {}
                (None, _) => unknown.push((name.get_ref().to_string(), name.span().start)),
            }
        }
        for (key, at) in unknown {
            let line = Some(self.line_at(at));
            let fault = match key.as_str() {
                "keys.master_key" => Fault::SecretInFile("master_key"),
                key => Fault::Unknown { nearest: nearest::known_key(key, &self.known) },
            };
            self.problems.push(Problem { key, line, fault });
        }
    }

    fn refuse(&mut self, key: String, at: Option<&Spanned<DeValue<'_>>>, fault: Fault) {
        let line = at.map(|value| self.line_at(value.span().start));
        self.problems.push(Problem { key, line, fault });
    }

    fn line_at(&self, byte: usize) -> usize {
        self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
    }
}

impl<'a> Section<'_, 'a> {
    /// The value of a key, if it is there. From now on the key is known.
    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if let Some((_, keys)) = self.document.known.last_mut() {
            keys.push(key);
        }
        self.table?.get(key)
    }

    /// Notes that a key is wrong.
    pub(super) fn refuse(&mut self, key: &str, fault: Fault) {
        let at = self.table.and_then(|table| table.get(key));
        self.document.refuse(format!("{}.{key}", self.name), at, fault);
    }

    /// Whether the section itself has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// A whole number.
    pub(super) fn number<N>(&mut self, key: &'static str, range: RangeInclusive<N>, default: N) -> N
    where
        N: Copy + PartialOrd + TryFrom<u64> + TryInto<u64>,
    {
        let Some(value) = self.take(key) else { return default };
        let number = match integer(value.get_ref()) {
            Ok(number) => number.and_then(|number| N::try_from(number).ok()).filter(|number| range.contains(number)),
            Err(fault) => {
                self.refuse(key, fault);
                return default;
            }
        };
        number.unwrap_or_else(|| {
            let end = |end: N| end.try_into().unwrap_or(u64::MAX);
            self.refuse(key, Fault::Range { min: end(*range.start()), max: end(*range.end()) });
            default
        })
    }

    /// A number of seconds.
    pub(super) fn secs(&mut self, key: &'static str, range: RangeInclusive<u64>, default: Duration) -> Duration {
        Duration::from_secs(self.number(key, range, default.as_secs()))
    }

    /// A switch that is off unless the file says otherwise.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        match self.take(key).map(Spanned::get_ref) {
            None => false,
            Some(DeValue::Boolean(flag)) => *flag,
            Some(other) => {
                self.refuse(key, Fault::Type { expected: "true or false", found: other.type_str() });
                false
            }
        }
    }

    /// A text that `parse` understands.
    pub(super) fn text<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let value = self.take(key)?;
        let parsed = match value.get_ref() {
            DeValue::String(text) => parse(text),
            other => Err(Fault::Type { expected: "a text in quotes", found: other.type_str() }),
        };
        parsed.map_err(|fault| self.refuse(key, fault)).ok()
    }

    /// A text that must be there; `example` is what to write.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if !self.has(key) {
            self.refuse(key, Fault::Missing(example));
        }
        self.text(key, parse)
    }

    /// A list of texts.
    pub(super) fn texts<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, Fault>) -> Vec<T> {
        let items = match self.take(key).map(Spanned::get_ref) {
            None => return Vec::new(),
            Some(DeValue::Array(items)) => items,
            Some(other) => {
                self.refuse(key, Fault::Type { expected: "a list in brackets", found: other.type_str() });
                return Vec::new();
            }
        };
        let mut parsed = Vec::new();
        for item in items {
            let read = match item.get_ref() {
                DeValue::String(text) => parse(text),
                other => Err(Fault::Type { expected: "a list of texts in quotes", found: other.type_str() }),
            };
            match read {
                Ok(item) => parsed.push(item),
                Err(fault) => self.document.refuse(format!("{}.{key}", self.name), Some(item), fault),
            }
        }
        parsed
    }

    /// A path, counted from the directory of the file.
    pub(super) fn resolve(&self, path: &str) -> Result<PathBuf, Fault> {
        if path.is_empty() { Err(Fault::Not("a path")) } else { Ok(self.document.base.join(path)) }
    }

    /// `"off"`, or so many at once and so many an hour.
    pub(super) fn quota(&mut self, key: &'static str, default: Option<Quota>) -> Option<Quota> {
        let Some(value) = self.take(key) else { return default };
        let table = match value.get_ref() {
            DeValue::String(text) if text == "off" => return None,
            DeValue::Table(table) => table,
            DeValue::String(_) => {
                self.refuse(key, Fault::Not(OFF_OR_QUOTA));
                return default;
            }
            other => {
                self.refuse(key, Fault::Type { expected: OFF_OR_QUOTA, found: other.type_str() });
                return default;
            }
        };
        let path = format!("{}.{key}", self.name);
        let is_known = |(key, _): &(&Spanned<_>, _)| matches!(key.get_ref() as &str, "burst" | "per_hour");
        for (unknown, value) in table.iter().filter(|entry| !is_known(entry)) {
            let fault = Fault::Unknown { nearest: None };
            self.document.refuse(format!("{path}.{}", unknown.get_ref()), Some(value), fault);
        }
        let [burst, per_hour] = ["burst", "per_hour"].map(|part| self.part(&path, value, part));
        Some(Quota { burst: burst?, every: HOUR / per_hour?.get() })
    }

    fn part(&mut self, path: &str, table: &Spanned<DeValue<'_>>, part: &'static str) -> Option<NonZeroU32> {
        const MAX: u32 = 3_600_000;
        let value = table.get_ref().get(part);
        let read = match value.map(|value| integer(value.get_ref())) {
            None => Err(Fault::Missing(OFF_OR_QUOTA)),
            Some(Err(fault)) => Err(fault),
            Some(Ok(number)) => {
                let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= MAX);
                number.and_then(NonZeroU32::new).ok_or(Fault::Range { min: 1, max: MAX.into() })
            }
        };
        read.map_err(|fault| self.document.refuse(format!("{path}.{part}"), value.or(Some(table)), fault)).ok()
    }
}

/// `None` for an integer that is negative or far too large.
fn integer(value: &DeValue<'_>) -> Result<Option<u64>, Fault> {
    match value {
        DeValue::Integer(number) => Ok(u64::from_str_radix(number.as_str(), number.radix()).ok()),
        other => Err(Fault::Type { expected: "a whole number", found: other.type_str() }),
    }
}
