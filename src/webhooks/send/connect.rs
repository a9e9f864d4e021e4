//! From addresses to a connection: all are checked, then one after the other is tried.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::report::{Fault, Outcome, Refusal};
use crate::webhooks::address::Policy;

/// The addresses a name may have.
pub(super) const ADDRESSES_MAX: usize = 32;

/// A connection that bytes go over, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection to a checked address.
pub(super) type Connected = Box<dyn Stream>;

/// The addresses to connect to. If one of them may not be called, none is.
pub(super) fn vetted(policy: &Policy, addresses: &[IpAddr], port: u16) -> Result<Vec<SocketAddr>, Outcome> {
    if addresses.len() > ADDRESSES_MAX {
        return Err(Outcome::Refused(Refusal::TooManyAddresses));
    }
    let check = |ip: &IpAddr| policy.check(SocketAddr::new(*ip, port));
    let checked: Result<Vec<SocketAddr>, _> = addresses.iter().map(check).collect();
    checked.map_err(|unfit| Outcome::Refused(Refusal::Address(unfit)))
}

/// The first address that can be reached. Each may take its share of the time that is left.
pub(super) async fn first(addresses: &[SocketAddr], end: Instant) -> Result<TcpStream, Fault> {
    let mut fault = Fault::Unknown;
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = end.saturating_duration_since(Instant::now()) / left;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it a small body may wait for an acknowledgement; it only costs time.
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
            Ok(Err(error)) => fault = Fault::Connect(error.kind()),
            Err(_elapsed) => fault = Fault::Connect(io::ErrorKind::TimedOut),
        }
    }
    Err(fault)
}
