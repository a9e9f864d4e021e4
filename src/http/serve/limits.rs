//! Every number of the accept loop, in one place; the configuration maps to these fields.

use std::time::Duration;

/// Bounds of the accept loop and of each connection. `Limits::default()` is what a public server should use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; at the cap nothing more is accepted until one closes (default 10,000).
    pub connections_max: usize,
    /// Open connections from one address (an IPv6 /64 counts as one); past it a connection is closed at once (default 512).
    /// Trusted proxies are exempt.
    pub connections_per_address_max: usize,
    /// Time from the connection to its first byte (default 10 s).
    pub first_byte_timeout: Duration,
    /// Time from the first byte of a request head to its end (default 10 s).
    pub head_timeout: Duration,
    /// Time a connection may stay open between two requests (default 60 s).
    pub idle_timeout: Duration,
    /// Header lines of a request; past it 431 (default 64).
    pub headers_max: usize,
    /// Bytes of a request head; past it 431 (default 16 KiB, never less than 8 KiB).
    pub head_len_max: usize,
    /// Bytes of a request body over all routes; each route has its own, lower or equal cap (default 64 KiB).
    pub body_len_max: usize,
    /// Time from the end of the head to the end of the body (default 30 s).
    pub body_timeout: Duration,
    /// Time a body may fall behind `body_rate_min` (default 5 s).
    pub body_grace: Duration,
    /// Bytes a second a body must bring once the grace is used up (default 1,024).
    pub body_rate_min: u32,
    /// Time a client may refuse to take any byte of an answer (default 30 s).
    pub write_stall_timeout: Duration,
    /// Age at which a connection is closed after the request in hand (default 10 min).
    pub connection_age_max: Duration,
    /// Time that requests in hand get to finish at shut-down, or past the age; then they are cut (default 20 s).
    pub drain_timeout: Duration,
    /// Time spent reading away what a refused client still sends, so that it can read its answer (default 2 s).
    pub linger_timeout: Duration,
    /// Bytes read away like that (default 16 MiB).
    pub linger_len_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_address_max: 512,
            first_byte_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            headers_max: 64,
            head_len_max: 16 * 1024,
            body_len_max: 64 * 1024,
            body_timeout: Duration::from_secs(30),
            body_grace: Duration::from_secs(5),
            body_rate_min: 1024,
            write_stall_timeout: Duration::from_secs(30),
            connection_age_max: Duration::from_secs(600),
            drain_timeout: Duration::from_secs(20),
            linger_timeout: Duration::from_secs(2),
            linger_len_max: 16 * 1024 * 1024,
        }
    }
}
