//! The part of the environment that settings may come from.

use zeroize::Zeroizing;

/// The variable that may hold the master key.
pub const MASTER_KEY_VARIABLE: &str = "DOORWARD_MASTER_KEY";

/// The part of the environment that settings may come from.
#[derive(Debug, Default)]
pub struct Environment {
    /// The value of [`MASTER_KEY_VARIABLE`].
    pub master_key: Option<Zeroizing<String>>,
}

impl Environment {
    /// Reads it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where settings are read from the environment")]
    pub fn read() -> Self {
        // What is no UTF-8 is no key either; the empty text is refused where keys are read.
        let text = |value: std::ffi::OsString| Zeroizing::new(value.into_string().unwrap_or_default());
        Self { master_key: std::env::var_os(MASTER_KEY_VARIABLE).map(text) }
    }
}
