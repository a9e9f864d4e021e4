//! Register, log in, log out.

pub(super) mod login;
pub(super) mod logout;
pub(super) mod register;
