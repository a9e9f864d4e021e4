//! Where pages live: host names, and the origins that browsers name.

use crate::text::Text;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host name in its ASCII form and in lower case, or an IPv4 address: `news.example.org`.
#[derive(Clone, PartialEq, Eq)]
pub struct Host(HostText);

/// The scheme, host and port of a page, as a browser writes it in `Origin`: `https://news.example.org`.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin(OriginText);

/// The text of a host, as storage keeps it.
pub type HostText = Text<HOST_LEN_MAX>;
/// The text of an origin, as storage keeps it.
pub type OriginText = Text<300>;

/// RFC 1035 §2.3.4, less the root's dot.
const HOST_LEN_MAX: usize = 253;
/// RFC 1035 §2.3.4.
const LABEL_LEN_MAX: usize = 63;

/// A text that is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host is written as news.example.org, in its ASCII form")]
pub struct HostError;

/// A text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written as a browser sends it: https://news.example.org")]
pub struct OriginError;

impl Host {
    /// Checks a host; white space around it is dropped, and it is kept in lower case.
    ///
    /// # Errors
    /// [`HostError`] for what is neither a name in ASCII form nor an IPv4 address: a port, a path, letters beyond ASCII.
    pub fn parse(raw: &str) -> Result<Self, HostError> {
        let lower = raw.trim().to_ascii_lowercase();
        if is_host(&lower) { HostText::parse(&lower).map(Self).map_err(|_| HostError) } else { Err(HostError) }
    }

    /// From its stored text, without a check: what was accepted once stays readable.
    #[must_use]
    pub fn restore(text: HostText) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Origin {
    /// Checks an origin. `null`, a path, a user, a port that goes without saying, or anything else that a browser would write differently
    /// is none (RFC 6454 §6.2).
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = text.split_once("://").ok_or(OriginError)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(OriginError),
        };
        if !is_authority(authority, default_port) {
            return Err(OriginError);
        }
        OriginText::parse(text).map(Self).map_err(|_| OriginError)
    }

    /// From its stored text, without a check: what was accepted once stays readable.
    #[must_use]
    pub fn restore(text: OriginText) -> Self {
        Self(text)
    }

    /// The text, as a browser sends it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether it is a name as a browser shows it to servers: labels of letters, digits, hyphens and underscores in lower case, encoded ones
/// well (UTS #46). What ends in a number is an address or nothing (WHATWG URL, "ends in a number").
fn is_host(text: &str) -> bool {
    let is_inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let is_label = |label: &str| (1..=LABEL_LEN_MAX).contains(&label.len()) && label.bytes().all(is_inside);
    if text.len() > HOST_LEN_MAX || !text.split('.').all(is_label) {
        return false;
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    if last.bytes().all(|b| b.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hex) {
        return text.parse().is_ok_and(|address: Ipv4Addr| address.to_string() == text);
    }
    idna::domain_to_ascii(text).is_ok_and(|ascii| ascii == text)
}

fn is_authority(text: &str, default_port: u16) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // The last colon of an IPv6 address stands inside its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| port.parse().is_ok_and(|n: u16| n != default_port && n.to_string() == port);
    (is_host(host) || is_bracketed(host)) && port.is_none_or(is_port)
}

fn is_bracketed(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse().is_ok_and(|address: Ipv6Addr| address.to_string() == inner))
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(raw: &str) -> Option<String> {
        Host::parse(raw).ok().map(|host| host.as_str().to_owned())
    }

    #[test]
    fn a_host_is_a_name_in_ascii_form_or_an_address() {
        for (raw, kept) in [
            ("news.example.org", "news.example.org"),
            (" News.Example.ORG ", "news.example.org"),
            ("news.localhost", "news.localhost"),
            ("localhost", "localhost"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("r3---sn.example", "r3---sn.example"),
            ("a_b.example", "a_b.example"),
            ("1.example", "1.example"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(host(raw).as_deref(), Some(kept));
        }
        let bad = [
            "",
            " ",
            ".",
            "news.example.org.",
            ".example.org",
            "news..org",
            "news.example.org:8080",
            "news.example.org/x",
            "https://news.example.org",
            "a@example.org",
            "a b",
            "a\u{0}b",
            "*",
            "*.example.org",
            "bücher.example",
            "xn--bücher.example",
            "xn--0.example",
            "1.2.3",
            "1.2.3.256",
            "01.2.3.4",
            "example.1",
            "example.0x1",
            "[::1]",
        ];
        for raw in bad {
            assert_eq!(host(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn a_host_and_its_labels_are_bounded() {
        let label = "a".repeat(63);
        assert!(host(&format!("{label}.example")).is_some());
        assert_eq!(host(&format!("{label}a.example")), None);
        let most = format!("{label}.{label}.{label}.{}", "b".repeat(61));
        assert_eq!((most.len(), host(&most).is_some()), (253, true));
        assert_eq!(host(&format!("{most}b")), None);
        assert!(Origin::parse(&format!("https://{most}:65535")).is_ok());
    }

    #[test]
    fn an_origin_is_what_a_browser_sends_and_nothing_near_it() {
        for text in [
            "https://news.example",
            "http://news.localhost:8080",
            "http://news.example:443",
            "https://news.example:80",
            "https://xn--bcher-kva.example",
            "http://127.0.0.1:3000",
            "http://[::1]:81",
            "http://[2001:db8::1]",
        ] {
            assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), Ok(text));
        }
        let bad = [
            "null",
            "",
            "*",
            "news.example",
            "//news.example",
            "https://",
            "https://news.example/",
            "https://news.example:443",
            "http://news.example:80",
            "https://news.example:",
            "https://news.example:0443",
            "https://news.example:+1",
            "https://news.example:65536",
            "https://news.example:1:2",
            "HTTPS://news.example",
            "https://News.example",
            " https://news.example",
            "https://a@news.example",
            "https://news.example?x",
            "https://news.example#x",
            "https://news.example, https://other.example",
            "https://*.example",
            "file://news.example",
            "javascript:alert(1)",
            "https://bücher.example",
            "http://::1",
            "http://[::1",
            "http://[::1]x",
            "http://[0:0::1]",
            "http://[FE80::1]",
            "http://[127.0.0.1]",
        ];
        for text in bad {
            assert_eq!(Origin::parse(text), Err(OriginError), "{text:?}");
        }
    }

    #[test]
    fn what_was_stored_is_restored_as_it_was() {
        let stored = || Text::parse("Bücher:80");
        assert_eq!(stored().map(|text| Host::restore(text).as_str().to_owned()), Ok("Bücher:80".to_owned()));
    }
}
