//! E-mail addresses: kept as typed, compared by a key, so that one mailbox cannot be registered twice under two spellings.
//!
//! The key is the NFC form in lower case, with the domain in UTS #46 A-label form and without a trailing dot. Plus tags and dots are
//! different mailboxes at most providers and are not folded. Mail always goes to the stored address, never to what a request typed.

use crate::limits::{EMAIL_BYTES_MAX, EMAIL_LOCAL_BYTES_MAX};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// An address: as typed, and the key it is compared by.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: Box<str>,
    /// Only kept when it differs from `typed`.
    key: Option<Box<str>>,
}

/// What two addresses are compared by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmailKey(Box<str>);

/// Why an address was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// The whole or the part before the `@` is too long.
    #[error("it has more than {EMAIL_BYTES_MAX} bytes, or more than {EMAIL_LOCAL_BYTES_MAX} before the @")]
    TooLong,
    /// There is not exactly one `@`.
    #[error("it must have one @ with something on both sides")]
    At,
    /// A character that is not allowed before the `@`; quoted forms and comments are among them.
    #[error("the part before the @ has a character or a dot where none is allowed")]
    Local,
    /// Letters of several scripts before the `@`: a look-alike.
    #[error("the part before the @ mixes scripts")]
    MixedScript,
    /// The part after the `@` is no domain name.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

impl Email {
    /// Checks an address; white space around it is dropped.
    ///
    /// # Errors
    /// [`EmailError`] says which part is wrong.
    pub fn parse(raw: &str) -> Result<Self, EmailError> {
        let typed = raw.trim();
        if typed.is_empty() {
            return Err(EmailError::Empty);
        }
        if typed.len() > EMAIL_BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailError::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::At);
        }
        let key = format!("{}@{}", local_key(local)?, domain_key(domain)?);
        if key.len() > EMAIL_BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        let key = if key == typed { None } else { Some(key.into()) };
        Ok(Self { typed: typed.into(), key })
    }

    /// From its stored parts, without a check: an address keeps the key it was stored with, whatever Unicode version wrote it.
    #[must_use]
    pub fn restore(typed: &str, key: Option<&str>) -> Self {
        Self { typed: typed.into(), key: key.map(Into::into) }
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// What it is compared by.
    #[must_use]
    pub fn key(&self) -> EmailKey {
        EmailKey(self.key.clone().unwrap_or_else(|| self.typed.clone()))
    }

    /// The key when it differs from the address as typed: what storage keeps beside it.
    #[must_use]
    pub fn stored_key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl EmailKey {
    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn local_key(local: &str) -> Result<String, EmailError> {
    let composed: String = local.nfc().collect();
    let lower: String = composed.chars().flat_map(char::to_lowercase).nfc().collect();
    if lower.len() > EMAIL_LOCAL_BYTES_MAX {
        return Err(EmailError::TooLong);
    }
    let dots_are_inside = !lower.starts_with('.') && !lower.ends_with('.') && !lower.contains("..");
    let is_encoded_word = lower.contains("=?");
    if !dots_are_inside || is_encoded_word || !lower.chars().all(is_local_char) {
        return Err(EmailError::Local);
    }
    if mixes_scripts(&lower) {
        return Err(EmailError::MixedScript);
    }
    Ok(lower)
}

/// RFC 5321 dot-string characters, and letters, digits and marks beyond ASCII (RFC 6531).
fn is_local_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    }
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

/// More than one script, other than the mixtures that Chinese, Japanese and Korean are written in (UTS #39, "highly restrictive").
fn mixes_scripts(text: &str) -> bool {
    let mut seen: Vec<Script> = Vec::new();
    for script in text.chars().map(|c| c.script()).filter(|s| !matches!(s, Script::Common | Script::Inherited)) {
        if !seen.contains(&script) {
            seen.push(script);
        }
    }
    let within = |allowed: &[Script]| seen.iter().all(|script| allowed.contains(script));
    seen.len() > 1
        && !within(&[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana])
        && !within(&[Script::Latin, Script::Han, Script::Hangul])
        && !within(&[Script::Latin, Script::Han, Script::Bopomofo])
}

/// What UTS #46 maps to a dot.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// The strict form of UTS #46 checks characters, hyphens and the lengths of labels; a trailing dot is taken away first, as it refuses that.
fn domain_key(domain: &str) -> Result<String, EmailError> {
    let domain = domain.strip_suffix(DOTS).unwrap_or(domain);
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
    let is_number = ascii.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if is_number { Err(EmailError::Domain) } else { Ok(ascii) }
}

impl fmt::Debug for Email {
    /// Addresses do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailKey(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    fn key(raw: &str) -> Result<String, EmailError> {
        Email::parse(raw).map(|email| email.key().as_str().to_owned())
    }

    #[test]
    fn one_mailbox_has_one_key() {
        let same: &[(&str, &[&str])] = &[
            (
                "ada@example.org",
                &[
                    "ADA@example.org",
                    "Ada@EXAMPLE.org",
                    " ada@example.org\t",
                    "ada@example.org.",
                    "ada@example.org。",
                    "ada@example.org．",
                    "ada@example｡org｡",
                    "ada@ｅｘａｍｐｌｅ.org",
                ],
            ),
            ("zoë@example.org", &["zoe\u{308}@example.org", "ZOË@example.org", "ZOE\u{308}@example.org"]),
            (
                "a@xn--bcher-kva.example",
                &[
                    "a@bücher.example",
                    "a@BÜCHER.example",
                    "a@bu\u{308}cher.example",
                    "a@xn--bcher-kva.example.",
                    "a@bücher。example",
                ],
            ),
            ("k@example.org", &["\u{212a}@example.org"]),
        ];
        for (expected, spellings) in same {
            assert_eq!(key(expected).as_deref(), Ok(*expected));
            for spelling in *spellings {
                assert_eq!(key(spelling).as_deref(), Ok(*expected), "{spelling:?}");
            }
        }
    }

    #[test]
    fn plus_tags_and_dots_are_other_mailboxes() {
        assert_ne!(key("a.b@example.org"), key("ab@example.org"));
        assert_ne!(key("a+x@example.org"), key("a@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused_by_its_part() {
        let cases = [
            ("", EmailError::Empty),
            ("   ", EmailError::Empty),
            ("ada", EmailError::At),
            ("@example.org", EmailError::At),
            ("ada@", EmailError::At),
            ("a@b@example.org", EmailError::At),
            ("\"a b\"@example.org", EmailError::Local),
            ("a(comment)@example.org", EmailError::Local),
            ("a b@example.org", EmailError::Local),
            ("a\0b@example.org", EmailError::Local),
            ("a\r\nBcc: b@example.org", EmailError::Local),
            (".a@example.org", EmailError::Local),
            ("a.@example.org", EmailError::Local),
            ("a..b@example.org", EmailError::Local),
            ("=?utf-8?q?a?=@example.org", EmailError::Local),
            ("a\u{200b}b@example.org", EmailError::Local),
            ("аda@example.org", EmailError::MixedScript),
            ("a@[127.0.0.1]", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@exa mple.org", EmailError::Domain),
            ("a@example..org", EmailError::Domain),
            ("a@-example.org", EmailError::Domain),
            ("a@example.org\0", EmailError::Domain),
            ("a@.", EmailError::Domain),
            ("a@example.org..", EmailError::Domain),
            ("a@example.org.。", EmailError::Domain),
        ];
        for (raw, expected) in cases {
            assert_eq!(key(raw), Err(expected), "{raw:?}");
        }
    }

    #[test]
    fn scripts_that_are_written_together_may_mix() {
        assert!(key("tanaka田中たなか@example.org").is_ok());
        assert!(key("kim김@example.org").is_ok());
        assert!(key("почта@example.org").is_ok());
    }

    #[test]
    fn length_is_bounded_in_both_parts() {
        assert!(key(&format!("{}@example.org", "a".repeat(64))).is_ok());
        assert_eq!(key(&format!("{}@example.org", "a".repeat(65))), Err(EmailError::TooLong));
        let domain = |n: usize| format!("{}.{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(61), "e".repeat(n));
        let whole = |n: usize| format!("a@{}", domain(n));
        assert!(key(&whole(252 - 190)).is_ok());
        assert_eq!(key(&whole(253 - 190)), Err(EmailError::TooLong));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(raw in "\\PC{1,20}@[a-zA-Zäöüß0-9.-]{1,20}") {
            if let Ok(once) = key(&raw) {
                prop_assert_eq!(key(&once), Ok(once));
            }
        }

        #[test]
        fn a_stored_address_reads_back_the_same(raw in "[a-zA-Zäö.+]{1,10}@[a-zA-Zü]{1,10}\\.(org|ORG)") {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(&Email::restore(email.as_str(), email.stored_key()), &email);
            }
        }

        #[test]
        fn no_input_panics(raw in "\\PC{0,300}") {
            let _ = Email::parse(&raw).map(|email| email.key());
        }
    }

    #[test]
    fn an_address_is_not_shown() {
        let email = Email::parse("ada@example.org").unwrap();
        assert_eq!(format!("{email:?} {:?}", email.key()), "Email(…) EmailKey(…)");
    }
}
