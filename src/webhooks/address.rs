//! Which addresses may be called: what is routed on the public Internet, and nothing of the operator's own network (A34).
//!
//! The judgement is made on the address that is connected to, never on a name. It must never resolve anything.

mod special;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::str::FromStr;

pub use special::Special;

/// Where webhooks may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Addresses that are routed on the public Internet, by https.
    Public(Public),
    /// Anywhere, by http too: for development.
    Anywhere,
}

/// The exceptions to the rule that only public addresses are called.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Public {
    /// Networks of the operator's own that may be called all the same.
    pub allowed: Vec<Network>,
    /// The ports this server listens on: with an address of this machine they are refused, however it was routed there.
    pub own_ports: Vec<u16>,
}

/// A range of addresses: `10.20.0.0/16`, `fd12::/64`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_len: u8,
}

/// A text that is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is written as 10.20.0.0/16 or fd12:3456::/64, with no bit set after the prefix")]
pub struct NetworkError;

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is of a range that is not routed on the public Internet.
    #[error("{0}")]
    Special(Special),
    /// This server listens there.
    #[error("this server itself listens there")]
    Own,
}

impl Default for Policy {
    fn default() -> Self {
        Self::Public(Public::default())
    }
}

impl Policy {
    /// The address to connect to, if it may be called. An IPv4 address inside an IPv6 one is judged, and called, as what it is.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn check(&self, address: SocketAddr) -> Result<SocketAddr, Unfit> {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let Self::Public(public) = self else { return Ok(address) };
        if !public.allowed.iter().any(|network| network.contains(address.ip())) {
            special::of(address.ip()).map_or(Ok(()), |special| Err(Unfit::Special(special)))?;
        }
        if is_own(address, &public.own_ports) { Err(Unfit::Own) } else { Ok(address) }
    }

    /// Whether a bare `http://` will do.
    #[must_use]
    pub(super) fn allows_plain(&self) -> bool {
        matches!(self, Self::Anywhere)
    }
}

/// Whether this server listens there. An address belongs to this machine if a socket can be bound to it.
fn is_own(address: SocketAddr, own_ports: &[u16]) -> bool {
    own_ports.contains(&address.port()) && UdpSocket::bind((address.ip(), 0)).is_ok()
}

impl Network {
    const fn v4(octets: [u8; 4], prefix_len: u8) -> Self {
        let [a, b, c, d] = octets;
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_len }
    }

    const fn v6(first: [u16; 3], prefix_len: u8) -> Self {
        let [a, b, c] = first;
        Self { address: IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), prefix_len }
    }

    /// Whether the address is of this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, own_len) = aligned(self.address);
        let (other, other_len) = aligned(address);
        let rest = 128 - u32::from(self.prefix_len);
        own_len == other_len && (own ^ other).checked_shr(rest).unwrap_or(0) == 0
    }
}

/// The bits of an address at the upper end of 128, and how many there are.
fn aligned(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix_len) = text.split_once('/').ok_or(NetworkError)?;
        let address: IpAddr = address.parse().map_err(|_syntax| NetworkError)?;
        let is_plain = prefix_len.bytes().all(|byte| byte.is_ascii_digit());
        let prefix_len: u8 = prefix_len.parse().map_err(|_syntax| NetworkError)?;
        let (bits, len) = aligned(address);
        let has_rest = prefix_len < 128 && bits.checked_shl(u32::from(prefix_len)).is_some_and(|rest| rest != 0);
        if !is_plain || prefix_len > len || has_rest || address.to_canonical() != address {
            return Err(NetworkError);
        }
        Ok(Self { address, prefix_len })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
