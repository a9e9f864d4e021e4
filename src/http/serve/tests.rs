//! The accept loop against raw sockets: what a hostile or broken client gets, and that others do not notice.
#![expect(clippy::unwrap_used, reason = "tests")]

mod corpus;
mod fixture;
mod limits;
