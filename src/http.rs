//! The front door: everything between a TCP connection and a journey of `flows`.
//!
//! [`serve`] owns sockets, time-outs and caps; [`routes`] owns the one table and the one filter; [`body`] and [`request`] turn
//! bytes into checked values; [`error`] and [`reply`] turn outcomes into answers. An endpoint is a file of its own that parses,
//! calls one flow and maps the result; [`api`] lists them all and puts the door in front of them. This room never touches storage, hashing or an actor's messages, and never logs an
//! e-mail, an address, a query or a token.

pub mod serve;
pub mod server;

pub mod routes;

pub mod admission;
pub mod cors;
pub mod request;

pub mod body;

pub mod error;
pub mod reply;

pub mod address;
pub mod ops;

pub mod api;
pub mod context;
mod describe;
mod presented;
mod refusal;

mod jwks;
mod sdk;
mod sessions;
