//! The customer who asks: read, update, refresh the token, delete.

pub(super) mod delete;
pub(super) mod read;
pub(super) mod refresh;
pub(super) mod update;
