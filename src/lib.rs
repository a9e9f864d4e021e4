//! d

#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod telemetry;
