//! Strict JSON: one object, no duplicate keys, bounded in depth, keys and texts.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::fields::{Fields, Object, Value};
use super::{DEPTH_MAX, KEYS_MAX, Malformed, check_text};

/// Parses a body.
pub(super) fn parse(bytes: &[u8]) -> Result<Fields, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Encoding)?;
    let state = State { keys_left: Cell::new(KEYS_MAX), refused: Cell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Node { depth: 0, state: &state }.deserialize(&mut deserializer);
    let parsed = parsed.and_then(|value| deserializer.end().map(|()| value));
    match parsed {
        Ok(Value::Object(object)) => Ok(Fields::from(object)),
        Ok(_) => Err(Malformed::NotAnObject),
        Err(_) => Err(state.refused.get().unwrap_or(Malformed::Syntax)),
    }
}

/// What the whole document shares. serde's errors are prose, so the reason is kept beside them.
struct State {
    keys_left: Cell<usize>,
    refused: Cell<Option<Malformed>>,
}

impl State {
    fn refuse<E: Error>(&self, why: Malformed) -> E {
        self.refused.set(Some(why));
        E::custom(why)
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        let left = self.keys_left.get().checked_sub(1).ok_or_else(|| self.refuse(Malformed::TooManyKeys))?;
        self.keys_left.set(left);
        Ok(())
    }

    fn check<E: Error>(&self, text: &str) -> Result<(), E> {
        check_text(text).map_err(|why| self.refuse(why))
    }
}

#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    state: &'a State,
}

impl Node<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(self.state.refuse(Malformed::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, state: self.state })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.state.refuse(Malformed::Syntax))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.state.check(text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            self.state.count()?;
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.state.count()?;
            self.state.check(&key)?;
            match object.entry(key) {
                Entry::Occupied(_) => return Err(self.state.refuse(Malformed::DuplicateKey)),
                Entry::Vacant(place) => place.insert(entries.next_value_seed(inner)?),
            };
        }
        Ok(Value::Object(Object::from(object)))
    }
}
