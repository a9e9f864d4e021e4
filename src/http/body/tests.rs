//! What bodies are read as, and which are refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::{DEPTH_MAX, Fields, KEYS_MAX, STRING_LEN_MAX, parse};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn headers(content_type: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())])
}

fn read(content_type: &str, body: &[u8]) -> Fields {
    parse(&headers(content_type), body).unwrap()
}

#[track_caller]
fn check_refused(content_type: &str, body: &[u8], code: &str) {
    let error = parse(&headers(content_type), body).unwrap_err();
    assert_eq!((error.status(), error.code()), (StatusCode::BAD_REQUEST, code), "{:?}", String::from_utf8_lossy(body));
}

fn nested(depth: usize) -> String {
    format!("{}{}{}", r#"{"a":"#.repeat(depth), 1, "}".repeat(depth))
}

#[test]
fn json_values_arrive_typed_and_leave_as_canonical_text() {
    let fields = read(JSON, br#" {"b":[1,-2,2.5,"x",null,{}],"a":{"z":true,"y":"\u00e9\ud83d\ude00"}} "#);
    let mut reading = fields.read();
    let object = reading.optional_object("a").unwrap();
    assert_eq!(object.to_json(), r#"{"y":"é😀","z":true}"#);
    reading.finish().unwrap();
    assert_eq!(fields.get("b").unwrap().to_json(), r#"[1,-2,2.5,"x",null,{}]"#);
}

#[test]
fn json_at_each_bound_is_read_and_past_it_refused() {
    read(JSON, nested(DEPTH_MAX).as_bytes());
    check_refused(JSON, nested(DEPTH_MAX + 1).as_bytes(), "body_too_deep");
    check_refused(JSON, "[".repeat(60_000).as_bytes(), "body_too_deep");

    let keys = |count: usize| {
        let entries: Vec<String> = (0..count).map(|n| format!(r#""k{n}":{n}"#)).collect();
        format!("{{{}}}", entries.join(","))
    };
    read(JSON, keys(KEYS_MAX).as_bytes());
    check_refused(JSON, keys(KEYS_MAX + 1).as_bytes(), "body_too_many_keys");
    let items = |count: usize| format!(r#"{{"a":[{}]}}"#, vec!["0"; count].join(","));
    read(JSON, items(KEYS_MAX - 1).as_bytes());
    check_refused(JSON, items(KEYS_MAX).as_bytes(), "body_too_many_keys");

    let text = |len: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(len));
    read(JSON, text(STRING_LEN_MAX).as_bytes());
    check_refused(JSON, text(STRING_LEN_MAX + 1).as_bytes(), "body_text_too_long");
    check_refused(JSON, format!(r#"{{"{}":1}}"#, "x".repeat(STRING_LEN_MAX + 1)).as_bytes(), "body_text_too_long");
}

#[test]
fn json_that_two_parsers_could_read_differently_is_refused() {
    let cases: &[(&[u8], &str)] = &[
        (br#"{"a":1,"a":2}"#, "body_duplicate_key"),
        (br#"{"a":{"b":1,"b":1}}"#, "body_duplicate_key"),
        (br#"{"a":1,"\u0061":2}"#, "body_duplicate_key"),
        (br#"{"a":"\u0000"}"#, "body_zero_character"),
        (br#"{"\u0000":1}"#, "body_zero_character"),
        (br#"{"a":"\ud800"}"#, "body_malformed"),
        (br#"{"a":"\udc00x"}"#, "body_malformed"),
        (b"{\"a\":\"\xff\"}", "body_not_utf8"),
        (b"{\"a\":\"\xed\xa0\x80\"}", "body_not_utf8"),
        (b"\xef\xbb\xbf{}", "body_malformed"),
        (b"{} {}", "body_malformed"),
        (br#"{"a":1,}"#, "body_malformed"),
        (br#"{"a":NaN}"#, "body_malformed"),
        (br#"{"a":1e999}"#, "body_malformed"),
        (br#"{"a":01}"#, "body_malformed"),
        (b"{'a':1}", "body_malformed"),
        (b"{\"a\":\"\n\"}", "body_malformed"),
        (b" ", "body_malformed"),
        (b"[]", "body_not_an_object"),
        (b"null", "body_not_an_object"),
        (br#""text""#, "body_not_an_object"),
    ];
    for (body, code) in cases {
        check_refused(JSON, body, code);
    }
}

#[test]
fn forms_are_decoded_once_and_strictly() {
    let fields = read(FORM, b"email=a%2Bb%40example.com&name=J%C3%B6rg+M&x=%252e&metadata[k]=v&metadata%5Bl%5D=w&flag");
    assert_eq!(fields.text("email"), Some("a+b@example.com"));
    assert_eq!(fields.text("name"), Some("Jörg M"));
    assert_eq!(fields.text("x"), Some("%2e"));
    assert_eq!(fields.text("flag"), Some(""));
    let mut reading = fields.read();
    assert_eq!(reading.optional_object("metadata").unwrap().to_json(), r#"{"k":"v","l":"w"}"#);
    reading.finish().unwrap();

    let cases: &[(&[u8], &str)] = &[
        (b"a=1&a=2", "body_duplicate_key"),
        (b"a[b]=1&a[b]=2", "body_duplicate_key"),
        (b"a=1&a[b]=2", "body_duplicate_key"),
        (b"a=%", "body_malformed"),
        (b"a=%4", "body_malformed"),
        (b"a=%zz", "body_malformed"),
        (b"a=%+1", "body_malformed"),
        (b"a[]=1", "body_malformed"),
        (b"a[b][c]=1", "body_malformed"),
        (b"a=%ff", "body_not_utf8"),
        (b"a=\xff", "body_not_utf8"),
        (b"a=%00", "body_zero_character"),
    ];
    for (body, code) in cases {
        check_refused(FORM, body, code);
    }
    let many: Vec<String> = (0..=KEYS_MAX).map(|n| format!("k{n}=")).collect();
    check_refused(FORM, many.join("&").as_bytes(), "body_too_many_keys");
    check_refused(FORM, format!("a={}", "x".repeat(STRING_LEN_MAX + 1)).as_bytes(), "body_text_too_long");
}

#[test]
fn only_uncompressed_json_and_forms_in_utf8_are_read() {
    for good in
        [JSON, FORM, "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""]
    {
        assert!(parse(&headers(good), b"").is_ok(), "{good}");
        assert_ne!(
            parse(&headers(good), b"{}").err().map(|error| error.status()),
            Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        );
    }
    for bad in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json; charset=latin1",
        "",
        ";",
    ] {
        assert_eq!(parse(&headers(bad), b"{}").unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad}");
    }
    assert_eq!(parse(&HeaderMap::new(), b"{}").unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(parse(&HeaderMap::new(), b"").is_ok());

    let with = |name: HeaderName, value: &'static str| {
        let mut headers = headers(JSON);
        headers.append(name, HeaderValue::from_static(value));
        parse(&headers, b"{}").err().map(|error| error.status())
    };
    assert_eq!(with(CONTENT_ENCODING, "identity"), None);
    assert_eq!(with(CONTENT_ENCODING, "gzip"), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    assert_eq!(with(CONTENT_TYPE, JSON), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
}

#[test]
fn a_reading_collects_every_bad_field() {
    let fields =
        read(JSON, br#"{"email":["a"],"password":"","site_id":-1,"metadata":"x","name":null,"ok":"1","list":[]}"#);
    let mut reading = fields.read();
    assert_eq!(reading.string("email"), "");
    assert_eq!(reading.string("password"), "");
    assert_eq!(reading.string("first_name"), "");
    assert!(reading.optional_object("metadata").is_none());
    assert_eq!(reading.optional_string("name"), None);
    assert_eq!(reading.change("name"), Some(None));
    assert_eq!(reading.change("absent"), None);
    assert_eq!(reading.change("ok"), Some(Some("1")));
    assert_eq!(reading.optional_object("list").unwrap().to_json(), "{}");
    reading.refuse("site_id", "Another.");
    let expected = [
        ("email", vec!["The email must be a string."]),
        ("first_name", vec!["The first name field is required."]),
        ("metadata", vec!["The metadata must be an object."]),
        ("password", vec!["The password field is required."]),
        ("site_id", vec!["Another."]),
    ];
    let expected = expected
        .into_iter()
        .map(|(name, messages)| (name.to_owned(), messages.into_iter().map(str::to_owned).collect()));
    assert_eq!(reading.finish(), Err(crate::http::error::ApiError::validation(expected.collect())));
}

#[test]
fn what_is_printed_for_debugging_holds_no_value() {
    let fields = read(JSON, br#"{"password":"canary","metadata":{"k":"canary"}}"#);
    let printed = format!("{fields:?} {:?} {:?}", fields.get("password"), fields.get("metadata"));
    assert!(!printed.contains("canary"), "{printed}");
    assert!(printed.contains("password"), "{printed}");
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _: Result<_, _> = parse(&headers(JSON), &bytes);
        let _: Result<_, _> = parse(&headers(FORM), &bytes);
    }

    #[test]
    fn json_is_read_as_serde_reads_it(text in "[{}\\[\\]:,\"a0-9.eE+\\\\u -]{0,40}") {
        let ours = parse(&headers(JSON), text.as_bytes());
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                for (key, value) in theirs {
                    let ours = ours.get(&key).unwrap().to_json();
                    prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), value);
                }
            }
            (Err(_), _) if text.is_empty() => {}
            (Ok(_), Err(error)) if !text.is_empty() => panic!("{text:?} is refused by serde: {error}"),
            (Err(error), Ok(_)) => prop_assert!(
                matches!(error.code(), "body_duplicate_key" | "body_zero_character"), "{:?}: {:?}", text, error
            ),
            _ => {}
        }
    }
}
