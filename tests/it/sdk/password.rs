//! The customer's password.

mod update;
