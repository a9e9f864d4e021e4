//! The integration tests, one binary, mirrored on the URL tree; and the rules of the house, which are tests too.

mod security_map;
#[path = "../sim/simulation.rs"]
mod sim;
mod tidy;
