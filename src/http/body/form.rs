//! URL-encoded forms and query strings, strictly: every escape must be one, every text UTF-8, every key once.
//!
//! `name[key]=value` becomes an object of one level, as server-side clients of the published interface write `metadata`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::fields::{Fields, Object, Value};
use super::{KEYS_MAX, Malformed, check_text};

/// Parses a body.
pub(super) fn parse(bytes: &[u8]) -> Result<Fields, Malformed> {
    let mut fields = BTreeMap::new();
    for (count, pair) in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).enumerate() {
        if count >= KEYS_MAX {
            return Err(Malformed::TooManyKeys);
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at), pair.get(at + 1..)),
            None => (Some(pair), None),
        };
        let name = decode(name.unwrap_or_default())?;
        let value = Value::String(decode(value.unwrap_or_default())?);
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((outer, inner)) => insert_into(&mut fields, outer, inner, value)?,
            None => insert(&mut fields, name, value)?,
        }
    }
    Ok(Fields::from(Object::from(fields)))
}

fn insert(fields: &mut BTreeMap<String, Value>, name: String, value: Value) -> Result<(), Malformed> {
    match fields.entry(name) {
        Entry::Occupied(_) => Err(Malformed::DuplicateKey),
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
    }
}

fn insert_into(fields: &mut BTreeMap<String, Value>, outer: &str, inner: &str, value: Value) -> Result<(), Malformed> {
    if inner.is_empty() || inner.contains(['[', ']']) {
        return Err(Malformed::Syntax);
    }
    let place = fields.entry(outer.to_owned()).or_insert_with(|| Value::Object(Object::default()));
    match place {
        Value::Object(object) => insert(object.entries_mut(), inner.to_owned(), value),
        _ => Err(Malformed::DuplicateKey),
    }
}

/// Decodes one name or value: `+` is a space, `%` needs two hexadecimal digits, the result is UTF-8 without U+0000.
pub(in crate::http) fn decode(bytes: &[u8]) -> Result<String, Malformed> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let (digits, tail) = rest.split_first_chunk::<2>().ok_or(Malformed::Syntax)?;
                decoded.push(octet(*digits).ok_or(Malformed::Syntax)?);
                rest = tail;
            }
            byte => decoded.push(*byte),
        }
    }
    let text = String::from_utf8(decoded).map_err(|_| Malformed::Encoding)?;
    check_text(&text)?;
    Ok(text)
}

/// The byte that two hexadecimal digits stand for.
pub(in crate::http) fn octet([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}
