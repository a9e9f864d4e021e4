//! The one table: every path this server knows, with its name, its bounds, its handler and its description.
//!
//! From the same rows come the look-up, `405` and `Allow`, preflights, metrics' labels and `openapi.json`. A request costs one
//! look-up, never a chain of filters.

mod door;
mod path;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use utoipa::openapi::path::Operation;

pub use self::door::{Door, Doorway};
use super::admission::Work;
use super::body::BodyPolicy;
use super::cors::Cors;
use super::error::Outcome;
use super::request::Request;

/// A handler's answer in the making.
pub type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A handler, whatever its future's type.
pub type Handler<C> = Arc<dyn Fn(Arc<C>, Request) -> Answer + Send + Sync>;

/// One row of the table.
pub struct Route<C> {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) handler: Handler<C>,
    pub(super) operation: fn() -> Operation,
    pub(super) body: BodyPolicy,
    pub(super) work: Work,
    pub(super) cors: Cors,
    pub(super) promises_errors: bool,
}

impl<C> Route<C> {
    /// A row for reading: no body, not counted as a write, open to the pages of registered origins.
    ///
    /// `path` is literal; one segment may be `{name}`. `name` is the label in metrics and log, and the operation's id.
    pub fn get<F, R>(path: &'static str, name: &'static str, handler: F, operation: fn() -> Operation) -> Self
    where
        F: Fn(Arc<C>, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            method: Method::GET,
            path,
            name,
            handler: Arc::new(move |context, request| Box::pin(handler(context, request))),
            operation,
            body: BodyPolicy::Ignored,
            work: Work::Read,
            cors: Cors::Sites,
            promises_errors: false,
        }
    }

    /// A row for `POST`: takes fields, counts as a write.
    pub fn post<F, R>(path: &'static str, name: &'static str, handler: F, operation: fn() -> Operation) -> Self
    where
        F: Fn(Arc<C>, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let method = Method::POST;
        Self { method, body: BodyPolicy::FIELDS, work: Work::Write, ..Self::get(path, name, handler, operation) }
    }

    /// A row for `PUT`: as `post`.
    pub fn put<F, R>(path: &'static str, name: &'static str, handler: F, operation: fn() -> Operation) -> Self
    where
        F: Fn(Arc<C>, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self { method: Method::PUT, ..Self::post(path, name, handler, operation) }
    }

    /// A row for `DELETE`: as `post`, with the body ignored.
    pub fn delete<F, R>(path: &'static str, name: &'static str, handler: F, operation: fn() -> Operation) -> Self
    where
        F: Fn(Arc<C>, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self { method: Method::DELETE, body: BodyPolicy::Ignored, ..Self::post(path, name, handler, operation) }
    }

    /// Draws from another pool.
    #[must_use]
    pub fn work(mut self, work: Work) -> Self {
        self.work = work;
        self
    }

    /// Reads bodies differently.
    #[must_use]
    pub fn body(mut self, body: BodyPolicy) -> Self {
        self.body = body;
        self
    }

    /// Opens to other pages.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = cors;
        self
    }

    /// Promises an `errors` object in every refusal (clients of register read it without asking).
    #[must_use]
    pub fn promising_errors(mut self) -> Self {
        self.promises_errors = true;
        self
    }
}

/// The table, ready for look-ups.
pub struct Table<C> {
    routes: Vec<Route<C>>,
    literal: HashMap<&'static str, Path>,
    patterns: Vec<(Pattern, Path)>,
}

/// The rows of one path, by method.
type Path = Vec<(Method, usize)>;

/// A path with one parameter.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    before: &'static str,
    after: &'static str,
}

/// Why a table cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Two rows for one method and path.
    #[error("two routes for {0}")]
    Twice(&'static str),
    /// A path that does not begin with a slash, ends with one, or has more than one parameter.
    #[error("the path {0} is not one the table can hold")]
    Path(&'static str),
}

/// What a path leads to.
pub(super) struct Matched<'a, C> {
    /// The rows of the path.
    pub(super) rows: Vec<&'a Route<C>>,
    /// What stood for the parameter.
    pub(super) param: &'a str,
}

impl<C> Table<C> {
    /// Builds the table.
    ///
    /// # Errors
    /// For rows that contradict each other.
    pub fn new(routes: Vec<Route<C>>) -> Result<Self, TableError> {
        let mut literal: HashMap<&'static str, Path> = HashMap::new();
        let mut patterns: Vec<(Pattern, Path)> = Vec::new();
        for (row, route) in routes.iter().enumerate() {
            let path = match pattern(route.path)? {
                None => literal.entry(route.path).or_default(),
                Some(pattern) => {
                    let at = patterns.iter().position(|(known, _)| *known == pattern).unwrap_or_else(|| {
                        patterns.push((pattern, Path::new()));
                        patterns.len() - 1
                    });
                    let (_, path) = patterns.get_mut(at).ok_or(TableError::Path(route.path))?;
                    path
                }
            };
            if path.iter().any(|(method, _)| *method == route.method) {
                return Err(TableError::Twice(route.path));
            }
            path.push((route.method.clone(), row));
        }
        Ok(Self { routes, literal, patterns })
    }

    /// The rows, in the order they were given.
    pub fn routes(&self) -> impl Iterator<Item = &Route<C>> {
        self.routes.iter()
    }

    /// The largest body any route takes: the cap of the accept loop.
    #[must_use]
    pub fn body_len_max(&self) -> usize {
        let lens = self.routes.iter().map(|route| match route.body {
            BodyPolicy::Ignored => 0,
            BodyPolicy::Fields { len_max } => len_max,
        });
        lens.max().unwrap_or(0)
    }

    /// Looks a decoded path up; a slash at its end is forgiven.
    pub(super) fn find<'a>(&'a self, path: &'a str) -> Option<Matched<'a, C>> {
        let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        if let Some(rows) = self.literal.get(path) {
            return Some(self.matched(rows, ""));
        }
        self.patterns.iter().find_map(|(pattern, rows)| {
            let param = path.strip_prefix(pattern.before)?.strip_suffix(pattern.after)?;
            let is_one_segment = !param.is_empty() && !param.contains('/');
            is_one_segment.then(|| self.matched(rows, param))
        })
    }

    fn matched<'a>(&'a self, rows: &Path, param: &'a str) -> Matched<'a, C> {
        Matched { rows: rows.iter().filter_map(|(_, row)| self.routes.get(*row)).collect(), param }
    }
}

fn pattern(path: &'static str) -> Result<Option<Pattern>, TableError> {
    let wrong = TableError::Path(path);
    if !path.starts_with('/') || (path.ends_with('/') && path != "/") {
        return Err(wrong);
    }
    let Some((before, rest)) = path.split_once('{') else {
        return Ok(None);
    };
    let (_, after) = rest.split_once('}').ok_or(wrong)?;
    let is_one_segment = before.ends_with('/') && (after.is_empty() || after.starts_with('/')) && !after.contains('{');
    if is_one_segment { Ok(Some(Pattern { before, after })) } else { Err(wrong) }
}
