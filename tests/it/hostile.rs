//! What nobody should send: each is a clear refusal, and the server goes on as before.

mod alone;
mod bodies;
mod tokens;
mod wire;
