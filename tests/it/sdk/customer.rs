//! The customer whose token it is.

mod delete;
mod read;
mod refresh;
mod update;
