//! The rules of the house, held by reading the sources: which room may use which, how long a file or function may be, what
//! no text may hold. Each rule is a function from text to findings; beside it stand a test that runs it over the tree and
//! one that sees it fail on a planted violation. Must never guess at what only running the code can tell.

mod api;
mod crates;
mod documents;
mod layout;
mod length;
mod paths;
mod rooms;
mod sessions;
mod source;
mod text;

pub(crate) use source::{Finding, Source, assert_none, rust};
