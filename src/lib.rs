//! Doorward, a customer-identity engine.

pub mod clock;
pub mod entropy;
pub mod hashing;
pub mod tokens;
