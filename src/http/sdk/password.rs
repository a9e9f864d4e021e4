//! The customer's password.

pub(super) mod update;
