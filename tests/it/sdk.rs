//! The published identity interface.

mod auth;
mod cors;
mod customer;
mod password;
mod site;
