//! Watches the raw bytes of a connection for request heads that two parsers could read differently.
//!
//! hyper forgives some of them before anyone can look: it drops `Content-Length` beside `Transfer-Encoding`, folds equal
//! lengths and takes a bare line feed for a line end. The [`Scanner`] sees the same bytes first and only says *clean* or *not*:
//! it parses nothing for the application and never changes a byte. After a chunked request it looks no further, because the
//! connection is closed behind such a request.

/// Why a head is refused (RFC 9112 sections 2.2, 3.2, 5.1, 5.2 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A line that ends in a line feed alone.
    BareLineFeed,
    /// A carriage return that ends no line.
    BareCarriageReturn,
    /// A header line that goes on in the next one.
    FoldedHeader,
    /// White space between a header's name and its colon, or no colon.
    MalformedName,
    /// More than one `Host`.
    DuplicateHost,
    /// `Content-Length` twice, beside `Transfer-Encoding`, or not a plain number.
    AmbiguousLength,
}

/// Where in the conversation the last byte stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing of the next request has arrived.
    Between,
    /// Inside a request head.
    Head,
    /// Inside a body, or behind a request after which the connection closes.
    Body,
}

/// Bytes of a line that are kept: more than any header looked at here may need.
const LINE_KEPT_MAX: usize = 256;

/// Follows a connection's bytes from head to body to head.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    state: State,
    line: Vec<u8>,
    after_cr: bool,
    started: bool,
    heads: u64,
    seen: Seen,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Body(u64),
    Through,
}

/// What the lines of the head in hand have said so far.
#[derive(Debug, Default)]
struct Seen {
    request_line: bool,
    chunked: bool,
    host: bool,
    length: Option<u64>,
}

impl Scanner {
    /// Looks at the next bytes. After a violation everything passes unseen: the connection is to be answered 400 and closed.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        while let Some((first, rest)) = bytes.split_first() {
            match self.state {
                State::Through => return Ok(()),
                State::Body(left) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let left = left.saturating_sub(taken as u64);
                    self.state = if left == 0 { State::Head } else { State::Body(left) };
                    bytes = bytes.get(taken..).unwrap_or_default();
                }
                State::Head => {
                    self.started = true;
                    if let Err(violation) = self.head_byte(*first) {
                        self.state = State::Through;
                        return Err(violation);
                    }
                    bytes = rest;
                }
            }
        }
        Ok(())
    }

    /// Where the conversation stands after the bytes fed so far.
    pub(super) fn phase(&self) -> Phase {
        match self.state {
            State::Head if self.started => Phase::Head,
            State::Head => Phase::Between,
            State::Body(_) | State::Through => Phase::Body,
        }
    }

    /// How many heads have ended.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    fn head_byte(&mut self, byte: u8) -> Result<(), Violation> {
        match byte {
            b'\n' if self.after_cr => self.end_line(),
            b'\n' => Err(Violation::BareLineFeed),
            _ if self.after_cr => Err(Violation::BareCarriageReturn),
            b'\r' => {
                self.after_cr = true;
                Ok(())
            }
            _ => {
                if self.line.len() < LINE_KEPT_MAX {
                    self.line.push(byte);
                }
                Ok(())
            }
        }
    }

    fn end_line(&mut self) -> Result<(), Violation> {
        self.after_cr = false;
        if self.line.is_empty() {
            // Empty lines before a request line are allowed (RFC 9112 section 2.2).
            if self.seen.request_line {
                self.end_head();
            }
            return Ok(());
        }
        let line = std::mem::take(&mut self.line);
        let result = if self.seen.request_line { self.header(&line) } else { Ok(()) };
        self.seen.request_line = true;
        self.line = line;
        self.line.clear();
        result
    }

    fn end_head(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        self.started = false;
        self.heads = self.heads.wrapping_add(1);
        self.state = match seen.length {
            _ if seen.chunked => State::Through,
            None | Some(0) => State::Head,
            Some(length) => State::Body(length),
        };
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Violation> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Violation::FoldedHeader);
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            // A name longer than what is kept is none of the three below.
            return if line.len() < LINE_KEPT_MAX { Err(Violation::MalformedName) } else { Ok(()) };
        };
        let (name, value) = line.split_at(colon);
        if matches!(name.last(), Some(b' ' | b'\t')) {
            return Err(Violation::MalformedName);
        }
        if name.eq_ignore_ascii_case(b"host") {
            return if std::mem::replace(&mut self.seen.host, true) { Err(Violation::DuplicateHost) } else { Ok(()) };
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.seen.chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = length(value.get(1..).unwrap_or_default()).ok_or(Violation::AmbiguousLength)?;
            if line.len() >= LINE_KEPT_MAX || self.seen.length.replace(length).is_some() {
                return Err(Violation::AmbiguousLength);
            }
        }
        if self.seen.chunked && self.seen.length.is_some() { Err(Violation::AmbiguousLength) } else { Ok(()) }
    }
}

/// The value of a `Content-Length` line: digits alone, with optional white space around them.
fn length(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Scanner, Violation};

    /// Feeds the bytes whole and one by one: both must see the same.
    fn check(bytes: &str, expected: Result<Phase, Violation>) {
        let mut whole = Scanner::default();
        let at_once = whole.feed(bytes.as_bytes()).map(|()| whole.phase());
        let mut single = Scanner::default();
        let byte_by_byte = bytes.bytes().try_for_each(|byte| single.feed(&[byte])).map(|()| single.phase());
        assert_eq!(at_once, expected, "whole: {bytes:?}");
        assert_eq!(byte_by_byte, expected, "byte by byte: {bytes:?}");
    }

    #[test]
    fn clean_heads_pass_and_the_phase_follows_the_framing() {
        check("", Ok(Phase::Between));
        check("\r\n", Ok(Phase::Head));
        check("GET / HTTP/1.1\r\nHost: a\r\n", Ok(Phase::Head));
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(Phase::Between));
        check("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", Ok(Phase::Body));
        check("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", Ok(Phase::Between));
        check(
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            Ok(Phase::Between),
        );
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HT", Ok(Phase::Head));
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Ok(Phase::Body));
        check(&format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "v".repeat(5000)), Ok(Phase::Between));
    }

    #[test]
    fn heads_that_two_parsers_could_read_differently_are_refused() {
        let cases = [
            ("GET / HTTP/1.1\nHost: a\n\n", Violation::BareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", Violation::BareLineFeed),
            ("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", Violation::BareCarriageReturn),
            ("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", Violation::FoldedHeader),
            ("GET / HTTP/1.1\r\n X: a\r\n\r\n", Violation::FoldedHeader),
            ("GET / HTTP/1.1\r\nX : a\r\n\r\n", Violation::MalformedName),
            ("GET / HTTP/1.1\r\nX\r\n\r\n", Violation::MalformedName),
            ("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n", Violation::DuplicateHost),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\ntransfer-encoding: x\r\ncontent-length: 3\r\n\r\n", Violation::AmbiguousLength),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\nHost: a\r\n\r\n", Violation::BareLineFeed),
        ];
        for (bytes, violation) in cases {
            check(bytes, Err(violation));
        }
    }
}
