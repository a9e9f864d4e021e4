//! The values of a body and how a handler asks for them.
//!
//! A [`Reading`] hands out typed values and collects what is wrong with them, so that a client learns of every bad field at
//! once. Unknown keys are never looked at: a handler takes what it names and nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::{Serialize, Serializer};
use serde_json::Number;
use zeroize::Zeroize;

use crate::http::error::{ApiError, FieldErrors};

/// A value as it was sent. Serialising it gives canonical JSON: keys in order, no white space.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A text within the bounds, without U+0000.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The value as canonical JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Keys are texts and numbers are finite: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Values by key, in the order of the keys.
#[derive(Clone, Default, PartialEq)]
pub struct Object(BTreeMap<String, Value>);

/// The fields of a body. Texts are wiped when it is dropped: a password may be among them.
#[derive(Default, PartialEq)]
pub struct Fields(Object);

impl Object {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The object as canonical JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Keys are texts and numbers are finite: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn entries_mut(&mut self) -> &mut BTreeMap<String, Value> {
        &mut self.0
    }
}

impl From<BTreeMap<String, Value>> for Object {
    fn from(entries: BTreeMap<String, Value>) -> Self {
        Self(entries)
    }
}

impl From<Object> for Fields {
    fn from(object: Object) -> Self {
        Self(object)
    }
}

impl Fields {
    /// The raw value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A field that holds a text, without complaint if it does not.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Starts to ask for values.
    pub fn read(&self) -> Reading<'_> {
        Reading { fields: self, errors: FieldErrors::new() }
    }
}

/// Asks for typed values and keeps account of what is wrong. [`Reading::finish`] must be asked before any value is used.
#[derive(Debug)]
#[must_use = "`finish` tells whether the values are good"]
pub struct Reading<'a> {
    fields: &'a Fields,
    errors: FieldErrors,
}

impl<'a> Reading<'a> {
    /// A required text that is not empty; `""` if it is missing, which `finish` then refuses.
    pub fn string(&mut self, name: &str) -> &'a str {
        match self.optional_string(name) {
            Some(text) if !text.is_empty() => text,
            _ => {
                if !self.errors.contains_key(name) {
                    self.refuse(name, format!("The {} field is required.", spoken(name)));
                }
                ""
            }
        }
    }

    /// A text, if the field is there and not `null`.
    pub fn optional_string(&mut self, name: &str) -> Option<&'a str> {
        match self.fields.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => self.wrong(name, "a string"),
        }
    }

    /// A text in an update: absent leaves the old value (`None`), `null` and `""` take it away (`Some(None)`).
    pub fn change(&mut self, name: &str) -> Option<Option<&'a str>> {
        self.fields.get(name)?;
        Some(self.optional_string(name).filter(|text| !text.is_empty()))
    }

    /// As [`Reading::change`], where a number counts as its digits: what some clients send for names and phones.
    pub fn change_text(&mut self, name: &str) -> Option<Option<Cow<'a, str>>> {
        match self.fields.get(name) {
            Some(Value::Number(number)) => Some(Some(Cow::Owned(number.to_string()))),
            _ => self.change(name).map(|text| text.map(Cow::Borrowed)),
        }
    }

    /// An object. An empty list counts as an empty object: PHP clients cannot tell the two apart.
    pub fn optional_object(&mut self, name: &str) -> Option<&'a Object> {
        match self.fields.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object),
            Some(Value::List(list)) if list.is_empty() => Some(&EMPTY),
            Some(_) => self.wrong(name, "an object"),
        }
    }

    /// Says that a field is bad for a reason the handler knows.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.entry(name.to_owned()).or_default().push(message.into());
    }

    /// Says that a field is bad: `The <field> <what>.`, where the field's name is spoken.
    pub fn complain(&mut self, name: &str, what: impl Display) {
        self.refuse(name, format!("The {} {what}.", spoken(name)));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 with every bad field and its messages.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::validation(self.errors)) }
    }

    /// Ends the reading of what is missing only where the reading has complained.
    ///
    /// # Errors
    /// 400 with every bad field and its messages.
    pub fn finish_with<T>(self, read: Option<T>) -> Result<T, ApiError> {
        self.finish()?;
        read.ok_or_else(ApiError::internal)
    }

    fn wrong<T>(&mut self, name: &str, kind: &str) -> Option<T> {
        self.complain(name, format_args!("must be {kind}"));
        None
    }
}

static EMPTY: Object = Object(BTreeMap::new());

/// A field's name as a person would say it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// A whole number that is not negative, from a number or from digits.
pub(in crate::http) fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => digits(text),
        _ => None,
    }
}

/// A whole number from digits alone.
pub(in crate::http) fn digits(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(list) => list.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::List(list) => list.iter_mut().for_each(wipe),
        Value::Object(object) => object.0.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Shows keys, never values.
impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// Shows keys, never values.
impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Shows the kind, never the value.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::List(_) => "List",
            Self::Object(_) => "Object",
        })
    }
}
