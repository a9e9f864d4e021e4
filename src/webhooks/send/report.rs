//! What came of a delivery.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::webhooks::address::Unfit;

/// How much of a reply's body is kept for the log.
pub const HEAD_LEN_MAX: usize = 256;

/// One delivery, done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// From the resolving to the end.
    pub latency: Duration,
    /// The beginning of the reply's body.
    pub head: Head,
}

/// What came of a delivery. Only the first is a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it: 2xx. What it wrote after that does not count, nor whether it came to an end.
    Accepted {
        /// The status.
        status: u16,
    },
    /// Any other status. 3xx is not followed; 410 says that the receiver wants no more.
    Status {
        /// The status.
        status: u16,
    },
    /// There was no answer in time.
    TimedOut(Stage),
    /// Not sent: the receiver may not be called.
    Refused(Refusal),
    /// There was no answer at all.
    Unreachable(Fault),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding the addresses of the name.
    Resolving,
    /// Reaching an address, or agreeing on TLS.
    Connecting,
    /// Taking the request and answering with a status and headers.
    Answering,
}

/// Why a receiver may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An address of the name must not be called. One is enough: the others may lead to the same machine.
    #[error("an address of the host is not called: {0}")]
    Address(Unfit),
    /// The name has more addresses than anybody needs.
    #[error("the host has too many addresses")]
    TooManyAddresses,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The name is not known.
    #[error("the host is not known")]
    Unknown,
    /// No address could be reached.
    #[error("no connection: {0}")]
    Connect(io::ErrorKind),
    /// The certificate is not good for the host.
    #[error("{0}")]
    Certificate(CertificateFault),
    /// No agreement on TLS.
    #[error("no agreement on TLS")]
    Tls,
    /// The connection ended before the answer came.
    #[error("the connection ended without an answer")]
    Closed,
    /// What came is no HTTP, or its headers have no end.
    #[error("the answer is no HTTP")]
    NotHttp,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is for another host.
    #[error("the certificate is for another host")]
    OtherName,
    /// Its time is over, or has not come.
    #[error("the certificate has expired or is not valid yet")]
    Time,
    /// Nobody who is trusted signed it.
    #[error("the certificate is signed by nobody who is trusted")]
    Issuer,
    /// Anything else.
    #[error("the certificate is not good")]
    Other,
}

/// The beginning of a reply's body, fit to be shown: at most [`HEAD_LEN_MAX`] bytes of text without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head(String);

impl Report {
    /// The status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Accepted { status } | Outcome::Status { status } => Some(status),
            Outcome::TimedOut(_) | Outcome::Refused(_) | Outcome::Unreachable(_) => None,
        }
    }
}

impl Outcome {
    pub(super) fn of_status(status: http::StatusCode) -> Self {
        let is_taken = status.is_success();
        let status = status.as_u16();
        if is_taken { Self::Accepted { status } } else { Self::Status { status } }
    }
}

/// As an operator reads it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { status } => write!(f, "accepted with {status}"),
            Self::Status { status } => write!(f, "answered with {status}"),
            Self::TimedOut(Stage::Resolving) => f.write_str("the host's name was not resolved in time"),
            Self::TimedOut(Stage::Connecting) => f.write_str("no connection in time"),
            Self::TimedOut(Stage::Answering) => f.write_str("no answer in time"),
            Self::Refused(refusal) => fmt::Display::fmt(refusal, f),
            Self::Unreachable(fault) => fmt::Display::fmt(fault, f),
        }
    }
}

impl Head {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let shown = bytes.get(..HEAD_LEN_MAX).unwrap_or(bytes);
        let mut head = String::with_capacity(HEAD_LEN_MAX);
        for c in String::from_utf8_lossy(shown).chars().map(|c| if is_shown(c) { c } else { ' ' }) {
            if head.len() + c.len_utf8() > HEAD_LEN_MAX {
                break;
            }
            head.push(c);
        }
        Self(head)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not what moves a terminal's cursor or turns the direction of text around.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_short_text_that_does_nothing_to_a_terminal() {
        let cases: &[(&[u8], &str)] = &[
            (b"ok", "ok"),
            (b"a\r\nb\t\x1b[31mc\x00\x7f", "a  b  [31mc  "),
            ("d\u{202e}e\u{feff}\u{85}\u{200b}é".as_bytes(), "d e   é"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(Head::of(bytes).as_str(), *shown);
        }
        assert_eq!(Head::of(&[b'a'; 1_000]).as_str(), "a".repeat(HEAD_LEN_MAX));
        // A letter of two bytes that is cut, and bytes that grow when they are replaced.
        assert_eq!(Head::of(format!("a{}", "é".repeat(200)).as_bytes()).as_str().chars().count(), 128);
        assert_eq!(Head::of(&[0xff; 300]).as_str().len(), HEAD_LEN_MAX / 3 * 3);
    }
}
