//! Register, log in, log out.

mod login;
mod logout;
mod register;
