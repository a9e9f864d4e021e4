//! The integration tests, one binary, mirrored on the URL tree; and the rules of the house, which are tests too.

mod released;
mod security_map;
mod tidy;
