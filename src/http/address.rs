//! Client addresses: which one a request comes from, and how addresses are counted.
//!
//! Only a proxy that the operator named may say who the client is; what anybody else writes into a header is not read.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// An address as limits count it: an IPv4 address, or the /64 network of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(IpAddr);

impl AddressKey {
    /// The key of an address; an IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))),
        }
    }

    /// The address, or the first one of the network.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }
}

/// A network in CIDR notation, as `10.0.0.0/8` or `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix_len: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an IP address before the slash.
    #[error("not an IP address")]
    Address,
    /// Not a number behind the slash, or one longer than the address.
    #[error("not a prefix length that fits the address")]
    PrefixLen,
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix_len) = match text.split_once('/') {
            Some((address, prefix_len)) => (address, Some(prefix_len)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix_len = match prefix_len {
            Some(digits) => digits.parse().map_err(|_| NetworkError::PrefixLen)?,
            None => longest,
        };
        if prefix_len > longest { Err(NetworkError::PrefixLen) } else { Ok(Self { base, prefix_len }) }
    }
}

impl Network {
    /// Whether the address lies in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let ignored = |width: u32| width.saturating_sub(u32::from(self.prefix_len));
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(ignored(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(ignored(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Believes every address of these networks.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether the address is a trusted proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client of a request: the peer, or, if that is a trusted proxy, the right-most hop of `X-Forwarded-For` that is not.
    ///
    /// A hop that is no address, and a header that is not there, stop at the last trusted hop: there is always an address, so a
    /// limit by address is never skipped. `lines` are the header's lines in order.
    #[must_use]
    pub fn client<'a>(&self, peer: IpAddr, lines: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = lines.rev().flat_map(|line| line.rsplit(','));
        while self.contains(client) {
            match hops.next().and_then(hop) {
                Some(hop) => client = hop,
                None => break,
            }
        }
        client
    }
}

/// One hop: an address, or `address:port`, or `[address]:port`.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<std::net::SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{AddressKey, Network, NetworkError, TrustedProxies};

    #[test]
    fn the_client_is_the_right_most_hop_that_no_trusted_proxy_is() {
        let proxies = TrustedProxies::new(["10.0.0.0/8", "::1"].map(|text| text.parse().unwrap()).to_vec());
        let cases: &[(&str, &[&str], &str)] = &[
            ("203.0.113.9", &["1.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.9.9.9"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4,10.9.9.9"], "1.2.3.4"),
            ("10.0.0.1", &["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            ("10.0.0.1", &["1.2.3.4, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, nonsense, 10.2.2.2"], "10.2.2.2"),
            ("10.0.0.1", &["1.2.3.4, "], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4:5678"], "1.2.3.4"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
        ];
        for (peer, lines, client) in cases {
            let found = proxies.client(peer.parse().unwrap(), lines.iter().copied());
            assert_eq!(found, client.parse::<std::net::IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }

    #[test]
    fn networks_contain_what_they_should_and_nothing_else() {
        let cases = [
            ("0.0.0.0/0", "255.255.255.255", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "::1", true),
            ("::/0", "10.0.0.1", false),
        ];
        for (network, address, contained) in cases {
            assert_eq!(
                network.parse::<Network>().unwrap().contains(address.parse().unwrap()),
                contained,
                "{network} {address}"
            );
        }
        assert_eq!("10.0.0.0/33".parse::<Network>(), Err(NetworkError::PrefixLen));
        assert_eq!("10.0.0.0/x".parse::<Network>(), Err(NetworkError::PrefixLen));
        assert_eq!("proxy.example".parse::<Network>(), Err(NetworkError::Address));
    }

    #[test]
    fn an_ipv6_address_counts_by_its_network() {
        let key = |text: &str| AddressKey::of(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8:0:1::1"), key("2001:db8::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
