//! What a request says about token, site, language and client.
#![expect(clippy::unwrap_used, reason = "tests")]

use doorward_domain::ids::SiteId;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};

use super::{PAIRS_MAX, Query, Request, RequestIds, TokenPlace, USER_AGENT_LEN_MAX, client};
use crate::http::address::TrustedProxies;
use crate::http::body;
use crate::http::error::ApiError;

fn request(query: &str, json: &str, headers: &[(HeaderName, &str)]) -> Request {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        map.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Request {
        id: RequestIds::new(7).draw(),
        method: Method::POST,
        param: String::new(),
        query: Query::parse(query).unwrap(),
        fields: body::parse(&map, json.as_bytes()).unwrap(),
        headers: map,
        client: [127, 0, 0, 1].into(),
    }
}

#[test]
fn the_token_comes_from_the_header_or_the_body() {
    let cases: &[(&[&str], &str, Result<&str, &str>)] = &[
        (&["Bearer abc"], "", Ok("abc")),
        (&["bearer   abc "], "", Ok("abc")),
        (&[], r#"{"auth_token":"abc"}"#, Ok("abc")),
        (&["Bearer abc"], r#"{"auth_token":"abc"}"#, Ok("abc")),
        (&["Bearer abc"], r#"{"auth_token":"abd"}"#, Err("validation_failed")),
        (&["Bearer abc"], r#"{"auth_token":null}"#, Ok("abc")),
        (&[], r#"{"auth_token":["abc"]}"#, Err("validation_failed")),
        (&[], r#"{"auth_token":""}"#, Err("token_missing")),
        (&[], "", Err("token_missing")),
        (&[""], "", Err("token_missing")),
        (&["Bearer"], "", Err("token_missing")),
        (&["Bearer "], "", Err("token_missing")),
        (&["Basic abc"], "", Err("token_invalid")),
        (&["abc"], "", Err("token_invalid")),
        (&["Bearer abc def"], "", Err("token_invalid")),
        (&["Bearer \u{e9}"], "", Err("token_invalid")),
        (&["Bearer abc", "Bearer abc"], "", Err("token_invalid")),
    ];
    for (values, json, expected) in cases {
        let headers: Vec<_> = values.iter().map(|value| (AUTHORIZATION, *value)).collect();
        let request = request("", json, &headers);
        let token = request.auth_token();
        assert_eq!(token.as_ref().map(|(token, _)| *token).map_err(ApiError::code), *expected, "{values:?} {json}");
    }
}

#[test]
fn a_token_that_stands_in_the_body_alone_is_told_apart() {
    let place = |headers: &[(HeaderName, &str)], json| request("", json, headers).auth_token().map(|(_, place)| place);
    let bearer = [(AUTHORIZATION, "Bearer abc")];
    assert_eq!(place(&bearer, ""), Ok(TokenPlace::Header));
    assert_eq!(place(&bearer, r#"{"auth_token":"abc"}"#), Ok(TokenPlace::Header));
    assert_eq!(place(&[], r#"{"auth_token":"abc"}"#), Ok(TokenPlace::Body));
}

#[test]
fn pages_are_judged_by_the_site_that_is_named_or_else_by_the_one_of_the_token() {
    let token = "Bearer e30.eyJzaXRlIjo3fQ.e30";
    let site = |query: &str, headers: &[(HeaderName, &str)]| request(query, "", headers).presenting_site();
    assert_eq!(site("", &[(AUTHORIZATION, token)]), Some(SiteId(7)));
    assert_eq!(site("site_id=8", &[(AUTHORIZATION, token)]), Some(SiteId(8)));
    assert_eq!(site("site_id=x", &[(AUTHORIZATION, token)]), None);
    assert_eq!(site("", &[(AUTHORIZATION, "Bearer abc")]), None);
    assert_eq!(site("", &[]), None);
}

#[test]
fn the_site_comes_from_query_or_body_and_never_from_two_that_differ() {
    let cases = [
        ("site_id=12", "", Ok(Some(12))),
        ("", r#"{"site_id":12}"#, Ok(Some(12))),
        ("", r#"{"site_id":"12"}"#, Ok(Some(12))),
        ("site_id=12", r#"{"site_id":"12"}"#, Ok(Some(12))),
        ("", "", Ok(None)),
        ("site_id=12", r#"{"site_id":13}"#, Err("validation_failed")),
        ("site_id=", "", Err("validation_failed")),
        ("site_id=-1", "", Err("validation_failed")),
        ("site_id=1e1", "", Err("validation_failed")),
        ("site_id=4294967296", "", Err("validation_failed")),
        ("site_id=99999999999999999999", "", Err("validation_failed")),
        ("", r#"{"site_id":1.5}"#, Err("validation_failed")),
        ("", r#"{"site_id":[12]}"#, Err("validation_failed")),
    ];
    for (query, json, expected) in cases {
        let found = request(query, json, &[]).site_id().map(|site| site.map(|SiteId(number)| number));
        assert_eq!(found.map_err(|error| error.code()), expected, "{query} {json}");
    }
}

#[test]
fn the_language_is_asked_for_in_body_query_or_header_in_this_order() {
    let cases = [
        ("", "", "", None),
        ("", "", "fr-CA,en;q=0.5", Some("fr")),
        ("", "", "pt, de;q=0.3, ko;q=0.8", Some("ko")),
        ("", "", "pt, *;q=0.5", None),
        ("", "", "en;q=0, de;q=x, it;q=0.1", Some("it")),
        ("language=es", "", "fr", Some("es")),
        ("language=es", r#"{"language":"IT"}"#, "fr", Some("it")),
        ("", r#"{"language":"pt"}"#, "fr", Some("en")),
        ("", r#"{"language":""}"#, "fr", Some("fr")),
    ];
    for (query, json, header, expected) in cases {
        let found = request(query, json, &[(ACCEPT_LANGUAGE, header)]).language();
        assert_eq!(found, expected, "{query} {json} {header}");
    }
}

#[test]
fn a_user_agent_is_bounded_and_free_of_controls() {
    let of = |value: &str| request("", "", &[(USER_AGENT, value)]).user_agent();
    assert_eq!(of("Mozilla/5.0\tx"), "Mozilla/5.0x");
    assert_eq!(of(&"a".repeat(USER_AGENT_LEN_MAX + 1)).len(), USER_AGENT_LEN_MAX);
    assert_eq!(of(&"é".repeat(USER_AGENT_LEN_MAX)).len(), USER_AGENT_LEN_MAX);
    assert_eq!(request("", "", &[]).user_agent(), "");
}

#[test]
fn queries_are_decoded_once_and_strictly() {
    let query = Query::parse("a=1+2&b=%252e&&c&d=%3D%26").unwrap();
    assert_eq!(
        ["a", "b", "c", "d", "e"].map(|name| query.get(name)),
        [Some("1 2"), Some("%2e"), Some(""), Some("=&"), None]
    );
    for bad in ["a=1&a=1", "a=1&%61=2", "a=%", "a=%0", "a=%zz", "a=%ff", "a=%00"] {
        assert_eq!(Query::parse(bad).unwrap_err().code(), "url_malformed", "{bad}");
    }
    let pairs = |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join("&");
    assert!(Query::parse(&pairs(PAIRS_MAX)).is_ok());
    assert!(Query::parse(&pairs(PAIRS_MAX + 1)).is_err());
}

#[test]
fn only_a_trusted_proxy_is_believed_about_the_client() {
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
    headers.append("x-forwarded-for", HeaderValue::from_static("1.2.3.4"));
    let trusting = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let of = |peer: [u8; 4], headers: &HeaderMap, proxies: &TrustedProxies| {
        client(peer.into(), headers, proxies).to_string()
    };
    assert_eq!(of([9, 9, 9, 9], &headers, &trusting), "9.9.9.9");
    assert_eq!(of([10, 0, 0, 1], &headers, &TrustedProxies::default()), "10.0.0.1");
    assert_eq!(of([10, 0, 0, 1], &headers, &trusting), "1.2.3.4");
    headers.append("x-forwarded-for", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(of([10, 0, 0, 1], &headers, &trusting), "10.0.0.1");
}

#[test]
fn request_ids_differ_within_and_between_starts() {
    let (first, second) = (RequestIds::new(1), RequestIds::new(2));
    let ids = [first.draw(), first.draw(), second.draw()].map(|id| id.to_string());
    assert_eq!(ids, ["0000000000000001-1", "0000000000000001-2", "0000000000000002-1"]);
}

#[test]
fn what_is_printed_for_debugging_holds_no_secret() {
    let request = request("token=canary", r#"{"password":"canary"}"#, &[(AUTHORIZATION, "Bearer canary")]);
    let printed = format!("{request:?} {:?} {:?}", request.query(), request.fields());
    assert!(!printed.contains("canary"), "{printed}");
}
