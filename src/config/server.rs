//! `[server]`: where it listens, under which address it is known, what a connection may cost.

use std::net::SocketAddr;

use url::{Host, Url};

use super::problem::Fault;
use super::section::Section;
use crate::http::address::{Network, TrustedProxies};
use crate::http::admission::AdmissionLimits;
use crate::http::serve::Limits;

const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8_080);
const SECS_MAX: u64 = 3_600;
const MIB: usize = 1_024 * 1_024;

/// The section, checked.
#[derive(Debug)]
pub struct Server {
    /// Where customers' requests arrive.
    pub listen: SocketAddr,
    /// Where an operator's probes and metrics are answered, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The address under which the server is reached from outside; tokens name it as their issuer.
    pub public_url: String,
    /// Who may say who the client is.
    pub trusted_proxies: TrustedProxies,
    /// What a connection may cost.
    pub limits: Limits,
    /// How much may be in hand.
    pub admission: AdmissionLimits,
}

pub(super) fn read(mut section: Section<'_, '_>) -> Option<Server> {
    let listen = section.text("listen", address).unwrap_or(LISTEN_DEFAULT);
    let metrics_listen = section.text("metrics_listen", address);
    let public_url = section.required("public_url", "public_url = \"https://id.example.org\"", public_url);
    let networks = section.texts("trusted_proxies", |text| text.parse::<Network>().map_err(Fault::Network));
    let limits = limits(&mut section);
    let admission = admission(&mut section);
    let trusted_proxies = TrustedProxies::new(networks);
    Some(Server { listen, metrics_listen, public_url: public_url?, trusted_proxies, limits, admission })
}

fn address(text: &str) -> Result<SocketAddr, Fault> {
    text.parse().map_err(|_| Fault::Not("an IP address and a port as \"127.0.0.1:8080\""))
}

/// An origin: what has a path, a query or a user cannot be an issuer. Plain HTTP is for the machine itself.
fn public_url(text: &str) -> Result<String, Fault> {
    const WANTED: Fault = Fault::Not("an address without a path as \"https://id.example.org\"");
    const TLS: Fault = Fault::Not("an https address: tokens must not cross a network in the clear");
    let url = Url::parse(text).map_err(|_| WANTED)?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(WANTED),
    };
    let origin = url.origin().ascii_serialization();
    match url.scheme() {
        _ if url.as_str().trim_end_matches('/') != origin => Err(WANTED),
        "https" => Ok(origin),
        "http" if is_local => Ok(origin),
        "http" => Err(TLS),
        _ => Err(WANTED),
    }
}

fn limits(section: &mut Section<'_, '_>) -> Limits {
    let default = Limits::default();
    let secs = 1..=SECS_MAX;
    Limits {
        connections_max: section.number("connections_max", 1..=1_000_000, default.connections_max),
        connections_per_address_max: section.number(
            "connections_per_address_max",
            1..=1_000_000,
            default.connections_per_address_max,
        ),
        first_byte_timeout: section.secs("first_byte_timeout_secs", secs.clone(), default.first_byte_timeout),
        head_timeout: section.secs("head_timeout_secs", secs.clone(), default.head_timeout),
        idle_timeout: section.secs("idle_timeout_secs", secs.clone(), default.idle_timeout),
        headers_max: section.number("headers_max", 16..=1_000, default.headers_max),
        head_len_max: section.number("head_len_max", 8 * 1_024..=MIB, default.head_len_max),
        // Set by the table of routes, each of which has its own.
        body_len_max: default.body_len_max,
        body_timeout: section.secs("body_timeout_secs", secs.clone(), default.body_timeout),
        body_grace: section.secs("body_grace_secs", secs.clone(), default.body_grace),
        body_rate_min: section.number("body_rate_min", 1..=1_048_576, default.body_rate_min),
        write_stall_timeout: section.secs("write_stall_timeout_secs", secs.clone(), default.write_stall_timeout),
        connection_age_max: section.secs("connection_age_max_secs", 1..=86_400, default.connection_age_max),
        drain_timeout: section.secs("drain_timeout_secs", secs.clone(), default.drain_timeout),
        linger_timeout: section.secs("linger_timeout_secs", secs, default.linger_timeout),
        linger_len_max: MIB * section.number("linger_mib_max", 1..=1_024, default.linger_len_max / MIB),
    }
}

fn admission(section: &mut Section<'_, '_>) -> AdmissionLimits {
    let default = AdmissionLimits::default();
    let requests_max = section.number("requests_max", 1..=1_000_000, default.requests_max);
    let writes_max = section.number("requests_writing_max", 1..=1_000_000, default.writes_max.min(requests_max));
    if writes_max > requests_max {
        let max = u64::try_from(requests_max).unwrap_or(u64::MAX);
        section.refuse("requests_writing_max", Fault::Above { of: "server.requests_max", max });
    }
    let body_bytes_max = MIB * section.number("bodies_mib_max", 1..=65_536, default.body_bytes_max / MIB);
    AdmissionLimits { requests_max, writes_max, body_bytes_max }
}
