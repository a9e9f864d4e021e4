//! The URL of a webhook: https, a public host, a port that is no other protocol's, and nothing hidden in it.
//!
//! The text is read once, as browsers read it (WHATWG), so that `0x7f.1` and `127.0.0.1` are one host; what comes out is what is called.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::HeaderValue;
use http::uri::PathAndQuery;
use url::{Host, Url};

use super::address::{Policy, Unfit};

/// The length of a URL, as written and as normalised.
pub const URL_LEN_MAX: usize = 2_048;

/// The lowest port beside 443 that may be called: below it are the ports of the system's own services.
const OTHER_PORTS_FROM: u16 = 1_024;
/// Ports from 1024 up that the Fetch standard calls bad: other protocols, which a request could be made to speak.
const OTHER_PROTOCOLS: &[u16] = &[
    1_719, 1_720, 1_723, 2_049, 3_659, 4_045, 4_190, 5_060, 5_061, 6_000, 6_566, 6_665, 6_666, 6_667, 6_668, 6_669,
    6_679, 6_697, 10_080,
];
/// Ends of names that no public resolver knows.
const LOCAL_NAMES: &[&str] =
    &["localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion", "test", "invalid"];

/// A checked URL. Its path and query may hold a secret of the receiver's, so only the host is shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
    port: u16,
    path: PathAndQuery,
    authority: HeaderValue,
}

/// Why a URL cannot be a webhook's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than [`URL_LEN_MAX`].
    #[error("a webhook URL has at most {URL_LEN_MAX} bytes")]
    TooLong,
    /// Not an absolute URL, or one with white space, control characters or backslashes.
    #[error("a webhook URL is written as https://hooks.example.org/path")]
    Syntax,
    /// Not https.
    #[error("a webhook URL begins with https://")]
    Scheme,
    /// A user or password.
    #[error("a webhook URL names no user and no password")]
    User,
    /// A fragment, which is never sent.
    #[error("a webhook URL has no fragment")]
    Fragment,
    /// A name that only a private network knows.
    #[error("a webhook URL names a host that the public Internet knows")]
    LocalName,
    /// A port below 1024 other than 443, or one of another protocol.
    #[error("a webhook is called at port 443 or at one from {OTHER_PORTS_FROM} up that is not another protocol's")]
    Port,
    /// A literal address that may not be called.
    #[error("a webhook is not called there: {0}")]
    Address(Unfit),
}

impl Target {
    /// Reads and checks a URL. A name is not resolved: its addresses are checked at each delivery.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, TargetError> {
        if text.len() > URL_LEN_MAX {
            return Err(TargetError::TooLong);
        }
        // The parser would drop or turn these silently; nobody writes them in good faith.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(TargetError::Syntax);
        }
        let mut url = Url::parse(text).map_err(|_syntax| TargetError::Syntax)?;
        if !(url.scheme() == "https" || (url.scheme() == "http" && policy.allows_plain())) {
            return Err(TargetError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::User);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        without_root_dot(&mut url)?;
        let target = Self::of(url)?;
        target.check(policy)?;
        Ok(target)
    }

    fn of(url: Url) -> Result<Self, TargetError> {
        let host = url.host().ok_or(TargetError::Syntax)?.to_owned();
        let port = url.port_or_known_default().ok_or(TargetError::Syntax)?;
        let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        if url.as_str().len() > URL_LEN_MAX {
            return Err(TargetError::TooLong);
        }
        let path = PathAndQuery::try_from(path).map_err(|_syntax| TargetError::Syntax)?;
        let authority = HeaderValue::try_from(authority).map_err(|_syntax| TargetError::Syntax)?;
        Ok(Self { url, host, port, path, authority })
    }

    fn check(&self, policy: &Policy) -> Result<(), TargetError> {
        if let Some(ip) = self.literal() {
            policy.check(SocketAddr::new(ip, self.port)).map_err(TargetError::Address)?;
        }
        if matches!(policy, Policy::Anywhere) {
            return if self.port == 0 { Err(TargetError::Port) } else { Ok(()) };
        }
        if let Host::Domain(name) = &self.host
            && is_local(name)
        {
            return Err(TargetError::LocalName);
        }
        let is_other = self.port < OTHER_PORTS_FROM || OTHER_PROTOCOLS.contains(&self.port);
        if self.port != 443 && is_other { Err(TargetError::Port) } else { Ok(()) }
    }

    /// The URL as it is stored and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The name or address that is called, in its normal form; an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        self.literal().map_or_else(|| self.host.to_string(), |ip| ip.to_string())
    }

    /// The port that is called.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, if the host is one.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
            Host::Domain(_) => None,
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// The value of the `Host` header.
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

/// `example.org.` is `example.org`: one host, one name in certificates.
fn without_root_dot(url: &mut Url) -> Result<(), TargetError> {
    let Some(name) = url.domain().and_then(|name| name.strip_suffix('.')).map(str::to_owned) else { return Ok(()) };
    if name.is_empty() || name.ends_with('.') {
        return Err(TargetError::Syntax);
    }
    url.set_host(Some(&name)).map_err(|_syntax| TargetError::Syntax)
}

fn is_local(name: &str) -> bool {
    let is_within = |end: &str| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || LOCAL_NAMES.iter().any(|end| is_within(end))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}://{}:{}/…)", self.url.scheme(), self.host, self.port)
    }
}

#[cfg(test)]
mod tests;
