//! The ranges that are not the public Internet: IANA's special-purpose registries (RFC 6890 and its successors), and what clouds hide
//! behind ordinary addresses. One table; of IPv6 only what is allocated to the public (2000::/3) is called, less the exceptions.

use std::net::IpAddr;

use super::Network;

/// What an address that is not called belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Special {
    /// `0.0.0.0/8`, `::`: "this host".
    #[error("the address means this host")]
    ThisHost,
    /// `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`.
    #[error("the address is of a private network")]
    Private,
    /// `100.64/10`: behind a provider's address translation.
    #[error("the address is of a provider's inner network")]
    Shared,
    /// `127/8`, `::1`.
    #[error("the address is this machine's loopback")]
    Loopback,
    /// `169.254/16`, `fe80::/10`: neighbours, and the metadata service of most clouds.
    #[error("the address is link-local")]
    LinkLocal,
    /// What a cloud answers with a machine's own settings.
    #[error("the address is of a cloud's metadata service")]
    Metadata,
    /// Protocol assignments, documentation, benchmarks, what is reserved or not allocated.
    #[error("the address is reserved")]
    Reserved,
    /// `224/4`, `ff00::/8`.
    #[error("the address is of a group")]
    Multicast,
    /// Forms of IPv6 that lead to an IPv4 address inside: 6to4, Teredo, NAT64.
    #[error("the address hides another one")]
    Tunnel,
}

const V4: &[(Network, Special)] = &[
    (Network::v4([0, 0, 0, 0], 8), Special::ThisHost),
    (Network::v4([10, 0, 0, 0], 8), Special::Private),
    (Network::v4([100, 64, 0, 0], 10), Special::Shared),
    (Network::v4([127, 0, 0, 0], 8), Special::Loopback),
    // Azure's wire server, at an address like any other.
    (Network::v4([168, 63, 129, 16], 32), Special::Metadata),
    (Network::v4([169, 254, 0, 0], 16), Special::LinkLocal),
    (Network::v4([172, 16, 0, 0], 12), Special::Private),
    (Network::v4([192, 0, 0, 0], 24), Special::Reserved),
    (Network::v4([192, 0, 2, 0], 24), Special::Reserved),
    (Network::v4([192, 88, 99, 0], 24), Special::Tunnel),
    (Network::v4([192, 168, 0, 0], 16), Special::Private),
    (Network::v4([198, 18, 0, 0], 15), Special::Reserved),
    (Network::v4([198, 51, 100, 0], 24), Special::Reserved),
    (Network::v4([203, 0, 113, 0], 24), Special::Reserved),
    (Network::v4([224, 0, 0, 0], 4), Special::Multicast),
    (Network::v4([240, 0, 0, 0], 4), Special::Reserved),
];

const V6: &[(Network, Special)] = &[
    // Teredo and the other protocol assignments.
    (Network::v6([0x2001, 0, 0], 32), Special::Tunnel),
    (Network::v6([0x2001, 0, 0], 23), Special::Reserved),
    (Network::v6([0x2001, 0xdb8, 0], 32), Special::Reserved),
    (Network::v6([0x2002, 0, 0], 16), Special::Tunnel),
    (Network::v6([0x3fff, 0, 0], 20), Special::Reserved),
    (Network::v6([0x64, 0xff9b, 0], 96), Special::Tunnel),
    (Network::v6([0x64, 0xff9b, 1], 48), Special::Tunnel),
    (Network::v6([0xfc00, 0, 0], 7), Special::Private),
    (Network::v6([0xfe80, 0, 0], 10), Special::LinkLocal),
    (Network::v6([0xff00, 0, 0], 8), Special::Multicast),
];

/// What IANA gives out to the public (RFC 4291 §2.4, RFC 7346).
const ALLOCATED: Network = Network::v6([0x2000, 0, 0], 3);

/// What the address belongs to, if it is not of the public Internet. It is canonical: no IPv4 address inside an IPv6 one.
pub(super) fn of(address: IpAddr) -> Option<Special> {
    let listed = |table: &[(Network, Special)]| {
        table.iter().find(|(network, _)| network.contains(address)).map(|(_, special)| *special)
    };
    match address {
        IpAddr::V4(_) => listed(V4),
        IpAddr::V6(v6) if v6.is_loopback() => Some(Special::Loopback),
        IpAddr::V6(v6) if v6.is_unspecified() => Some(Special::ThisHost),
        IpAddr::V6(_) => listed(V6).or_else(|| (!ALLOCATED.contains(address)).then_some(Special::Reserved)),
    }
}
