//! Every bound of the domain, in one place. Each has a test at the bound.

/// Live sessions a customer may have; the oldest goes when another is opened.
pub const LIVE_SESSIONS_MAX: usize = 100;
/// Ended sessions kept for a customer, so that their tokens are refused with the reason; the oldest goes.
pub const ENDED_SESSIONS_MAX: usize = 100;
/// Tokens a session keeps: the newest and the eight before it.
pub const TOKENS_PER_SESSION_MAX: usize = 9;
/// A token younger than this is echoed by a refresh instead of being replaced. Milliseconds.
pub const TOKEN_ECHO_MS: i64 = crate::time::HOUR_MS;
/// How far the clock may be behind the last stamp before nothing is issued any more. Milliseconds.
pub const CLOCK_BEHIND_MAX_MS: i64 = 5 * crate::time::MINUTE_MS;
/// Sessions one sweep looks at, and sessions one enforcement batch ends at most (plus those of one customer).
pub const SWEEP_BATCH_MAX: usize = 1_000;
/// Sites of an account.
pub const SITES_MAX: usize = 1_000;
/// Sites of a platform, those among them that were registered and never finished.
pub const PLATFORM_SITES_MAX: usize = 10_000_000;
/// Accounts of a platform.
pub const ACCOUNTS_MAX: usize = 1_000_000;
/// Customers of an account.
pub const CUSTOMERS_MAX: usize = 20_000_000;
/// Signing keys an account keeps: the current one and those whose tokens may still be alive.
pub const SIGNING_KEYS_MAX: usize = 32;
/// Bytes of one sealed signing key.
pub const SEALED_KEY_BYTES_MAX: usize = 1_024;
/// Entitlements of a customer.
pub const ENTITLEMENTS_MAX: usize = 200;
/// Bytes of an e-mail address, as typed and as normalised (RFC 5321 §4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Bytes of the part before the `@` (RFC 5321 §4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// Characters of a user name.
pub const USERNAME_CHARS_MAX: usize = 64;
/// Characters of a name, title, organisation and the like.
pub const NAME_CHARS_MAX: usize = 255;
/// Digits of a phone number.
pub const PHONE_DIGITS_MAX: usize = 20;
/// Characters kept of a browser's User-Agent.
pub const DEVICE_CHARS_MAX: usize = 160;
/// Metadata keys of a customer.
pub const METADATA_KEYS_MAX: usize = 100;
/// Bytes of one metadata key.
pub const METADATA_KEY_BYTES_MAX: usize = 100;
/// Bytes of all metadata of a customer, keys and values.
pub const METADATA_BYTES_MAX: usize = 16 * 1_024;
/// Origins a site may register.
pub const ORIGINS_MAX: usize = 50;
/// Bytes of a stored password hash (a PHC string).
pub const PASSWORD_HASH_BYTES_MAX: usize = 512;
/// The shortest and the longest a password policy may ask for, in code points.
pub const PASSWORD_MIN_RANGE: std::ops::RangeInclusive<u16> = 6..=64;
/// The longest password, in code points after normalisation.
pub const PASSWORD_CODE_POINTS_MAX: usize = 256;
/// Days an auth_token and its session may live.
pub const TTL_DAYS_RANGE: std::ops::RangeInclusive<u16> = 1..=365;
/// Failed logins that a lock-out policy may allow.
pub const LOCK_OUT_FAILURES_RANGE: std::ops::RangeInclusive<u16> = 1..=100;
/// The window of a lock-out policy, in seconds.
pub const LOCK_OUT_WINDOW_SECS_RANGE: std::ops::RangeInclusive<u32> = 10..=86_400;
