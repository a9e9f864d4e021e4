//! The integration tests, one binary, mirrored on the URL tree; and the rules of the house, which are tests too.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod golden;
mod server;

mod accounts;
mod openapi;
mod sdk;
mod sessions;

mod clock;
mod counts;
mod crash;
mod draws;
mod guesses;
mod hostile;
mod journeys;
mod passwords;
mod races;
mod read_only;
mod revocation;
mod uniform;

mod cli;
mod released;
mod security_map;
#[path = "../sim/simulation.rs"]
mod sim;
mod tidy;
