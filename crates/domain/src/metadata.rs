//! What a business keeps about a customer: keys with JSON values.

use crate::limits::{METADATA_BYTES_MAX, METADATA_KEY_BYTES_MAX, METADATA_KEYS_MAX};

/// Pairs of a key and the canonical JSON text of its value, in the order of the keys. The HTTP edge makes the text; nothing here reads it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Metadata(Box<[(Box<str>, Box<str>)]>);

/// A change of some keys: `None` takes the key away.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MetadataPatch(pub Vec<(String, Option<String>)>);

/// Why metadata was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A key is empty, too long, or has control characters.
    #[error("a key must have 1 to {METADATA_KEY_BYTES_MAX} bytes and no control characters")]
    Key,
    /// Too many keys.
    #[error("there are more than {METADATA_KEYS_MAX} keys")]
    TooManyKeys,
    /// Too many bytes in all.
    #[error("keys and values have more than {METADATA_BYTES_MAX} bytes")]
    TooLarge,
}

impl Metadata {
    /// The pairs, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// From pairs as they were stored: no bound is checked, the order is restored.
    #[must_use]
    pub fn restore(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let sorted: std::collections::BTreeMap<Box<str>, Box<str>> =
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self(sorted.into_iter().collect())
    }

    /// This metadata with the patch merged in.
    ///
    /// # Errors
    /// [`MetadataError`] when a key of the patch is malformed or when the outcome passes a bound.
    pub fn merged(&self, patch: &MetadataPatch) -> Result<Self, MetadataError> {
        let mut all: std::collections::BTreeMap<Box<str>, Box<str>> = self.0.iter().cloned().collect();
        for (key, value) in &patch.0 {
            if key.is_empty() || key.len() > METADATA_KEY_BYTES_MAX || key.chars().any(char::is_control) {
                return Err(MetadataError::Key);
            }
            match value {
                Some(value) => all.insert(key.as_str().into(), value.as_str().into()),
                None => all.remove(key.as_str()),
            };
        }
        if all.len() > METADATA_KEYS_MAX {
            return Err(MetadataError::TooManyKeys);
        }
        if all.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > METADATA_BYTES_MAX {
            return Err(MetadataError::TooLarge);
        }
        Ok(Self(all.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn patch(pairs: &[(&str, Option<&str>)]) -> MetadataPatch {
        MetadataPatch(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned))).collect())
    }

    #[test]
    fn a_patch_adds_replaces_and_removes() {
        let one = Metadata::default().merged(&patch(&[("b", Some("1")), ("a", Some("2"))])).unwrap();
        let two = one.merged(&patch(&[("b", None), ("c", Some("true")), ("a", Some("3"))])).unwrap();
        assert_eq!(two.iter().collect::<Vec<_>>(), [("a", "3"), ("c", "true")]);
    }

    #[test]
    fn metadata_is_bounded_in_keys_and_bytes() {
        let many = |n: usize| MetadataPatch((0..n).map(|i| (format!("k{i}"), Some("1".to_owned()))).collect());
        assert!(Metadata::default().merged(&many(METADATA_KEYS_MAX)).is_ok());
        assert_eq!(Metadata::default().merged(&many(METADATA_KEYS_MAX + 1)), Err(MetadataError::TooManyKeys));
        let wide = |n: usize| patch(&[("k", Some(&"x".repeat(n)))]);
        assert!(Metadata::default().merged(&wide(METADATA_BYTES_MAX - 1)).is_ok());
        assert_eq!(Metadata::default().merged(&wide(METADATA_BYTES_MAX)), Err(MetadataError::TooLarge));
        assert_eq!(Metadata::default().merged(&patch(&[("", Some("1"))])), Err(MetadataError::Key));
        assert_eq!(Metadata::default().merged(&patch(&[("a\n", Some("1"))])), Err(MetadataError::Key));
    }

    #[test]
    fn a_metadata_key_has_a_hundred_bytes() {
        let key = |bytes: usize| patch(&[(&"k".repeat(bytes), Some("1"))]);
        assert!(Metadata::default().merged(&key(METADATA_KEY_BYTES_MAX)).is_ok());
        assert_eq!(Metadata::default().merged(&key(METADATA_KEY_BYTES_MAX + 1)), Err(MetadataError::Key));
    }

    #[test]
    fn stored_metadata_reads_back_in_order_and_unchecked() {
        let pairs = || [("b", ""), ("", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(Metadata::restore(pairs()).iter().collect::<Vec<_>>(), [("", "1"), ("b", "")]);
    }
}
