//! What registering and updating have in common: the fields that say who a customer is.
//!
//! Only what is named here is taken. An empty text takes a value away, or means that there is none.

use doorward_domain::account::command::ProfilePatch;
use doorward_domain::account::customer::{Phone, Profile};
use doorward_domain::email::Email;
use doorward_domain::limits::{
    EMAIL_BYTES_MAX, METADATA_BYTES_MAX, METADATA_KEYS_MAX, NAME_CHARS_MAX, PHONE_DIGITS_MAX, USERNAME_CHARS_MAX,
};
use doorward_domain::metadata::MetadataPatch;
use doorward_domain::phone::PhoneError;
use doorward_domain::text::{Text, TextError};
use doorward_domain::username::{Username, UsernameError};

use crate::flows::Password;
use crate::http::body::{Object, Reading, Value};
use crate::http::describe::Field;
use crate::http::refusal::password_fault;

/// An address, checked; `None` if it is missing or bad, which the reading then refuses.
pub(super) fn email(reading: &mut Reading<'_>) -> Option<Email> {
    let typed = reading.string("email");
    if typed.is_empty() {
        return None;
    }
    let parsed = Email::parse(typed);
    if parsed.is_err() {
        reading.complain("email", "must be a valid e-mail address");
    }
    parsed.ok()
}

/// A password that can be one at all; `None` if it is missing or cannot, which the reading then refuses.
pub(super) fn password(reading: &mut Reading<'_>, field: &str) -> Option<Password> {
    let typed = reading.string(field);
    if typed.is_empty() {
        return None;
    }
    Password::parse(typed).map_err(|error| reading.complain(field, password_fault(error))).ok()
}

/// A change of the user name.
pub(super) fn username(reading: &mut Reading<'_>) -> Option<Option<Username>> {
    let typed = reading.change("username")?;
    let Some(typed) = typed.filter(|text| !text.trim().is_empty()) else { return Some(None) };
    match Username::parse(typed) {
        Ok(username) => Some(Some(username)),
        Err(UsernameError::TooLong) => {
            reading.complain("username", format_args!("must have at most {USERNAME_CHARS_MAX} characters"));
            None
        }
        Err(UsernameError::Empty | UsernameError::Forbidden) => {
            reading.complain("username", "may only have letters, digits, dashes and underscores");
            None
        }
    }
}

/// Changes of the names and the phone.
pub(super) fn profile(reading: &mut Reading<'_>) -> ProfilePatch {
    ProfilePatch {
        first_name: text(reading, "first_name"),
        last_name: text(reading, "last_name"),
        display_name: text(reading, "display_name"),
        phone: phone(reading),
        salutation: text(reading, "salutation"),
        title: text(reading, "title"),
        organization: text(reading, "organization"),
    }
}

/// The names of somebody who had none before.
pub(super) fn first_profile(patch: ProfilePatch) -> Profile {
    Profile {
        first_name: patch.first_name.flatten(),
        last_name: patch.last_name.flatten(),
        display_name: patch.display_name.flatten(),
        phone: patch.phone.flatten(),
        salutation: patch.salutation.flatten(),
        title: patch.title.flatten(),
        organization: patch.organization.flatten(),
    }
}

/// Changes of the metadata, key by key: `null` takes a key away.
pub(super) fn metadata(reading: &mut Reading<'_>) -> MetadataPatch {
    let object = reading.optional_object("metadata");
    let pairs = object.into_iter().flat_map(Object::iter).map(|(key, value)| {
        let text = if *value == Value::Null { None } else { Some(value.to_json()) };
        (key.to_owned(), text)
    });
    MetadataPatch(pairs.collect())
}

/// The fields above, described.
pub(super) fn fields() -> Vec<Field> {
    let name = |name| Field::text(name, NAME_CHARS_MAX);
    vec![
        Field::text("username", USERNAME_CHARS_MAX)
            .note("Letters, digits, dashes and underscores; unique in the account."),
        name("first_name"),
        name("last_name"),
        name("display_name"),
        Field::text("phone", 8 * 1024)
            .note(&format!("What is no digit is dropped; at most {PHONE_DIGITS_MAX} digits.")),
        name("salutation"),
        name("title"),
        name("organization"),
        Field::object("metadata", METADATA_KEYS_MAX)
            .note(&format!("Merged key by key; null takes a key away. At most {METADATA_BYTES_MAX} bytes in all.")),
    ]
}

/// The address, described.
pub(super) fn email_field() -> Field {
    Field::text("email", EMAIL_BYTES_MAX).note("Unique in the account, whatever its spelling.")
}

fn phone(reading: &mut Reading<'_>) -> Option<Option<Phone>> {
    let Some(typed) = reading.change_text("phone")? else { return Some(None) };
    match Phone::parse(&typed) {
        Ok(phone) => Some(Some(phone)),
        Err(PhoneError::Empty) => Some(None),
        Err(PhoneError::TooLong) => {
            reading.complain("phone", format_args!("must have at most {PHONE_DIGITS_MAX} digits"));
            None
        }
    }
}

fn text<const MAX: usize>(reading: &mut Reading<'_>, field: &str) -> Option<Option<Text<MAX>>> {
    let Some(typed) = reading.change_text(field)? else { return Some(None) };
    match Text::parse(&typed) {
        Ok(text) => Some(Some(text)),
        Err(TextError::Empty) => Some(None),
        Err(TextError::TooLong { max }) => {
            reading.complain(field, format_args!("must have at most {max} characters"));
            None
        }
        Err(TextError::Forbidden) => {
            reading.complain(field, "has a character that cannot be used");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::http::body::{self, Fields};

    fn read(json: &str) -> Fields {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        body::parse(&headers, json.as_bytes()).unwrap()
    }

    #[test]
    fn names_are_set_taken_away_or_left() {
        let fields =
            read(r#"{"first_name":" Ada ","last_name":"","title":null,"organization":7,"phone":"+1 (555) 01-2"}"#);
        let mut reading = fields.read();
        let patch = profile(&mut reading);
        reading.finish().unwrap();
        assert_eq!(patch.first_name.unwrap().unwrap().as_str(), "Ada");
        assert_eq!(patch.last_name, Some(None));
        assert_eq!(patch.title, Some(None));
        assert_eq!(patch.salutation, None);
        assert_eq!(patch.organization.unwrap().unwrap().as_str(), "7");
        assert_eq!(patch.phone.unwrap().unwrap().as_str(), "1555012");
    }

    #[test]
    fn each_bad_field_is_named() {
        let check = |json: &str, field: &str, message: &str| {
            let fields = read(json);
            let mut reading = fields.read();
            profile(&mut reading);
            username(&mut reading);
            metadata(&mut reading);
            password(&mut reading, "password");
            email(&mut reading);
            let answer = crate::http::reply::Reply::from(reading.finish().unwrap_err());
            let body = format!("{answer:?}");
            assert!(body.contains(field) && body.contains(message), "{json}: {body}");
        };
        let long = "x".repeat(256);
        check(
            &format!(r#"{{"first_name":"{long}"}}"#),
            "first_name",
            "The first name must have at most 255 characters.",
        );
        check(r#"{"title":"a\u202eb"}"#, "title", "The title has a character that cannot be used.");
        check(r#"{"title":["a"]}"#, "title", "The title must be a string.");
        check(r#"{"phone":"123456789012345678901"}"#, "phone", "The phone must have at most 20 digits.");
        check(r#"{"username":"a b"}"#, "username", "The username may only have letters");
        check(&format!(r#"{{"username":"{}"}}"#, &long[..65]), "username", "at most 64 characters");
        check(r#"{"metadata":[1]}"#, "metadata", "The metadata must be an object.");
        check(r#"{"password":"a\tb"}"#, "password", "The password has a character that cannot be used.");
        check(&format!(r#"{{"password":"{long}x"}}"#), "password", "The password must have at most 256 characters.");
        check("{}", "password", "The password field is required.");
        check(r#"{"email":"ada"}"#, "email", "The email must be a valid e-mail address.");
    }

    #[test]
    fn metadata_is_kept_as_canonical_json() {
        let fields = read(r#"{"metadata":{"b":{"z":1,"a":[true,null]},"a":"x","gone":null,"n":1.50}}"#);
        let MetadataPatch(pairs) = metadata(&mut fields.read());
        let pairs: Vec<_> = pairs.iter().map(|(key, text)| (key.as_str(), text.as_deref())).collect();
        let expected =
            [("a", Some(r#""x""#)), ("b", Some(r#"{"a":[true,null],"z":1}"#)), ("gone", None), ("n", Some("1.5"))];
        assert_eq!(pairs, expected);
    }
}
