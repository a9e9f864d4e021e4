//! The token zoo (`security.md` A21, A22): forged and damaged tokens, each refused by `verify`.

#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward_domain::time::Timestamp;

use super::verify::LEEWAY_SECS;
use super::*;
use crate::entropy::SeededEntropy;

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://id.example/accounts/7";
const AUDIENCE: &str = "account:7";
const PAYLOAD: &str = r#"{"iss":"https://id.example/accounts/7","sub":"42","aud":"account:7","jti":"j","iat":1700000000,"nbf":1700000000,"exp":1702592000,"sid":"s","site":3}"#;

/// A forged token; `None` if it does not even have the shape of one.
type Refusal = Option<VerifyError>;

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&SeededEntropy::new(seed)).unwrap()
}

/// The published set: the key that signs, and one old key.
fn jwks() -> Jwks {
    KeyRing::new(key(1), vec![key(2).jwk().clone()]).unwrap().jwks().clone()
}

fn header() -> String {
    format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{}"}}"#, key(1).kid())
}

/// The good header with `member` added.
fn header_with(member: &str) -> String {
    header().replace('}', &format!(",{member}}}"))
}

fn header_alg(alg: &str) -> String {
    header().replace("ES256", alg)
}

/// Signs any header and payload with the account's own key: only the content can be what is refused.
fn signed(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key(1).sign(message.as_bytes()).unwrap());
    format!("{message}.{signature}")
}

/// Any header and payload, with the given signature.
fn with_signature(header: &str, payload: &str, signature: &[u8]) -> String {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    format!("{}.{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()), encode(signature))
}

fn hmac_signed(header: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(PAYLOAD));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn verdict(text: &str) -> Result<Claims, Refusal> {
    let token = AuthToken::parse(text).map_err(|_shape| None)?;
    verify(&token, &jwks(), ISSUER, AUDIENCE, Timestamp::from_secs(NOW)).map_err(Some)
}

fn payload(from: &str, to: &str) -> String {
    let changed = PAYLOAD.replace(from, to);
    assert_ne!(changed, PAYLOAD, "{from} is not in the payload");
    changed
}

#[test]
fn an_honest_token_is_believed_by_each_published_key() {
    let honest = signed(&header(), PAYLOAD);
    let claims = verdict(&honest).unwrap();
    assert_eq!((claims.sub.as_str(), claims.site, claims.sid.as_str()), ("42", 3, "s"));
    let by_old_key = {
        let ring = KeyRing::new(key(2), Vec::new()).unwrap();
        mint(&ring, &claims).unwrap().token
    };
    assert_eq!(verify(&by_old_key, &jwks(), ISSUER, AUDIENCE, Timestamp::from_secs(NOW)).unwrap(), claims);
    let Minted { token, .. } = mint(&KeyRing::new(key(1), Vec::new()).unwrap(), &claims).unwrap();
    assert_eq!(verify(&token, &jwks(), ISSUER, AUDIENCE, Timestamp::from_secs(NOW)).unwrap(), claims);
}

#[test]
fn time_is_checked_to_the_second_with_the_given_clock() {
    let token = AuthToken::parse(&signed(&header(), PAYLOAD)).unwrap();
    let (start, end) = (1_700_000_000, 1_702_592_000);
    for (now, expected) in [
        (start - LEEWAY_SECS - 1, Err(VerifyError::NotYetValid)),
        (start - LEEWAY_SECS, Ok(())),
        (end - 1, Ok(())),
        (end + LEEWAY_SECS - 1, Ok(())),
        (end + LEEWAY_SECS, Err(VerifyError::Expired)),
        (i64::MAX, Err(VerifyError::Expired)),
        (i64::MIN, Err(VerifyError::NotYetValid)),
    ] {
        let verdict = verify(&token, &jwks(), ISSUER, AUDIENCE, Timestamp::from_secs(now)).map(|_claims| ());
        assert_eq!(verdict, expected, "at {now}");
    }
}

#[test]
fn a_key_that_is_not_for_signing_es256_verifies_nothing() {
    let honest = AuthToken::parse(&signed(&header(), PAYLOAD)).unwrap();
    let altered: [fn(&mut Jwk); 6] = [
        |jwk| jwk.alg = "HS256".to_owned(),
        |jwk| jwk.usage = "enc".to_owned(),
        |jwk| jwk.kty = "oct".to_owned(),
        |jwk| jwk.crv = "P-384".to_owned(),
        |jwk| jwk.x = "!".to_owned(),
        |jwk| jwk.kid.push('x'),
    ];
    for (index, alter) in altered.into_iter().enumerate() {
        let mut keys = jwks();
        keys.keys.iter_mut().for_each(alter);
        let verdict = verify(&honest, &keys, ISSUER, AUDIENCE, Timestamp::from_secs(NOW));
        assert_eq!(verdict.unwrap_err(), VerifyError::UnknownKey, "alteration {index}");
    }
    let mut off_curve = jwks();
    off_curve.keys.iter_mut().for_each(|jwk| jwk.y = jwk.x.clone());
    assert!(verify(&honest, &off_curve, ISSUER, AUDIENCE, Timestamp::from_secs(NOW)).is_err());
}

/// Signatures that are wrong, or right under a key that is not ours.
fn bad_signatures() -> Vec<(&'static str, String, Refusal)> {
    use VerifyError::{Algorithm, Header, Signature, UnknownKey};
    let good = signed(&header(), PAYLOAD);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public_point =
        [vec![4], URL_SAFE_NO_PAD.decode(&key(1).jwk().x).unwrap(), URL_SAFE_NO_PAD.decode(&key(1).jwk().y).unwrap()]
            .concat();
    let der = {
        // The same signature as ASN.1, as other protocols carry it.
        let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
        let (r, s) = raw.split_at(32);
        let body = [integer(r), integer(s)].concat();
        [vec![48, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let swapped = [raw.split_at(32).1, raw.split_at(32).0].concat();
    let foreign = {
        let claims: Claims = serde_json::from_str(PAYLOAD).unwrap();
        let token = mint(&KeyRing::new(key(9), Vec::new()).unwrap(), &claims).unwrap().token;
        token.expose().to_owned()
    };
    let foreign_signature = foreign.rsplit_once('.').unwrap().1.to_owned();
    let foreign_key_our_kid = {
        let signature = key(9).sign(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let old_kid = header().replace(key(1).kid(), key(2).kid());
    let other_payload = URL_SAFE_NO_PAD.encode(payload(r#""sub":"42""#, r#""sub":"43""#));
    let encoded_header = URL_SAFE_NO_PAD.encode(header());
    let jwk_member = format!(r#""jwk":{}"#, serde_json::to_string(key(9).jwk()).unwrap());
    let short = raw.split_last().unwrap().1;
    vec![
        ("payload of another customer", format!("{encoded_header}.{other_payload}.{signature}"), Some(Signature)),
        ("zero r and s", with_signature(&header(), PAYLOAD, &[0; 64]), Some(Signature)),
        ("all ones", with_signature(&header(), PAYLOAD, &[255; 64]), Some(Signature)),
        ("r and s swapped", format!("{message}.{}", URL_SAFE_NO_PAD.encode(swapped)), Some(Signature)),
        ("r alone", format!("{message}.{}", URL_SAFE_NO_PAD.encode(raw.split_at(32).0)), Some(Signature)),
        ("one byte short", format!("{message}.{}", URL_SAFE_NO_PAD.encode(short)), Some(Signature)),
        ("one byte long", format!("{message}.{}", URL_SAFE_NO_PAD.encode([&raw[..], &[0]].concat())), Some(Signature)),
        ("in ASN.1", format!("{message}.{}", URL_SAFE_NO_PAD.encode(der)), Some(Signature)),
        ("signature of another token", format!("{message}.{foreign_signature}"), Some(Signature)),
        ("foreign key under our kid", foreign_key_our_kid, Some(Signature)),
        ("foreign key and kid", foreign, Some(UnknownKey)),
        ("our signature under the old kid", signed(&old_kid, PAYLOAD), Some(Signature)),
        ("public key embedded", signed(&header_with(&jwk_member), PAYLOAD), Some(Header)),
        ("HS256 keyed by our public key", hmac_signed(&header_alg("HS256"), &public_point), Some(Algorithm)),
        ("HS256 tag under an ES256 header", hmac_signed(&header(), &public_point), Some(Signature)),
        ("HS256 keyed by the kid", hmac_signed(&header_alg("HS256"), key(1).kid().as_bytes()), Some(Algorithm)),
        ("HS256 keyed by nothing", hmac_signed(&header_alg("HS256"), b""), Some(Algorithm)),
    ]
}

/// Headers that name something we do not take, all well signed by our own key.
fn bad_headers() -> Vec<(&'static str, String, Refusal)> {
    use VerifyError::{Algorithm, Header, Type, UnknownKey};
    let mut zoo = Vec::new();
    for alg in
        ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "ES384", "EdDSA", "es256", "ES256K"]
    {
        zoo.push(("algorithm", signed(&header_alg(alg), PAYLOAD), Some(Algorithm)));
    }
    let typed = |typ: &str| header().replace(r#""JWT""#, typ);
    for typ in [r#""at+jwt""#, r#""logout+jwt""#, r#""jwt""#, r#""""#, r#""JWT ""#] {
        zoo.push(("type", signed(&typed(typ), PAYLOAD), Some(Type)));
    }
    zoo.push(("type null", signed(&typed("null"), PAYLOAD), Some(Header)));
    let kid = |kid: &str| header().replace(&format!(r#""{}""#, key(1).kid()), kid);
    for unknown in [r#""""#, r#""../../dev/null""#, r#""' OR 1=1 --""#, r#""unknown""#, r#""https://evil.example/k""#] {
        zoo.push(("key id", signed(&kid(unknown), PAYLOAD), Some(UnknownKey)));
    }
    for wrong in ["null", "0", r#"["a"]"#] {
        zoo.push(("key id of another type", signed(&kid(wrong), PAYLOAD), Some(Header)));
    }
    for member in [
        r#""jku":"https://evil.example/jwks.json""#,
        r#""x5u":"https://evil.example/cert.pem""#,
        r#""x5c":["MIIB"]"#,
        r#""x5t":"AAAA""#,
        r#""crit":["exp"],"exp":1"#,
        r#""crit":[]"#,
        r#""b64":false,"crit":["b64"]"#,
        r#""b64":false"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""enc":"A256GCM""#,
        r#""alg":"none""#,
        r#""alg":"ES256""#,
    ] {
        zoo.push(("header member", signed(&header_with(member), PAYLOAD), Some(Header)));
    }
    for whole in ["{}", "[]", "null", "", "{", r#"{"alg":"ES256","typ":"JWT"}"#, r#"{"typ":"JWT","kid":"x"}"#] {
        // An empty part has not the shape of a token.
        let refusal = if whole.is_empty() { None } else { Some(Header) };
        zoo.push(("header", signed(whole, PAYLOAD), refusal));
    }
    zoo.push(("header without type", signed(&header().replace(r#""typ":"JWT","#, ""), PAYLOAD), Some(Header)));
    zoo
}

/// Claims that are missing, doubled, of another type, for somebody else or another time; all well signed.
fn bad_claims() -> Vec<(&'static str, String, Refusal)> {
    use VerifyError::{Audience, Claims, Expired, Issuer, NotYetValid};
    let mut zoo = Vec::new();
    let mut add = |name, payload: String, refusal| zoo.push((name, signed(&header(), &payload), Some(refusal)));
    let exp = r#""exp":1702592000"#;
    for value in
        [r#""1702592000""#, "null", "1702592000.5", "1e400", "1e10", "-1e400", "true", "[]", "99999999999999999999"]
    {
        add("exp of another type", payload(exp, &format!(r#""exp":{value}"#)), Claims);
    }
    for claim in [
        r#""iss":"https://id.example/accounts/7","#,
        r#""sub":"42","#,
        r#""aud":"account:7","#,
        r#""jti":"j","#,
        r#""iat":1700000000,"#,
        r#""nbf":1700000000,"#,
        r#""exp":1702592000,"#,
        r#""sid":"s","#,
        r#","site":3"#,
    ] {
        add("claim missing", payload(claim, ""), Claims);
    }
    add("exp twice", payload(exp, &format!(r#"{exp},"exp":1"#)), Claims);
    add("sub twice", payload(r#""sub":"42""#, r#""sub":"42","sub":"43""#), Claims);
    add("sub as number", payload(r#""42""#, "42"), Claims);
    add("site as string", payload(r#""site":3"#, r#""site":"3""#), Claims);
    add("site too large", payload(r#""site":3"#, r#""site":4294967296"#), Claims);
    add("site negative", payload(r#""site":3"#, r#""site":-3"#), Claims);
    add("several audiences", payload(r#""account:7""#, r#"["account:7","account:8"]"#), Claims);
    add("nbf as string", payload(r#""nbf":1700000000"#, r#""nbf":"1700000000""#), Claims);
    add("not an object", r#"["iss"]"#.to_owned(), Claims);
    add("not JSON", "nonsense".to_owned(), Claims);
    add("trailing JSON", format!("{PAYLOAD}{{}}"), Claims);
    add("another issuer", payload(ISSUER, "https://id.example/accounts/8"), Issuer);
    add("issuer with a slash", payload(ISSUER, "https://id.example/accounts/7/"), Issuer);
    add("issuer in upper case", payload(ISSUER, "HTTPS://ID.EXAMPLE/accounts/7"), Issuer);
    add("another audience", payload(AUDIENCE, "account:8"), Audience);
    add("longer audience", payload(AUDIENCE, "account:77"), Audience);
    add("expired", payload(exp, &format!(r#""exp":{}"#, NOW - LEEWAY_SECS)), Expired);
    add("expired before 1970", payload(exp, r#""exp":-1"#), Claims);
    add("expired at zero", payload(exp, r#""exp":0"#), Expired);
    add("not yet", payload(r#""nbf":1700000000"#, &format!(r#""nbf":{}"#, NOW + LEEWAY_SECS + 1)), NotYetValid);
    add("issued in the future", payload(r#""iat":1700000000"#, r#""iat":1700000011"#), NotYetValid);
    zoo
}

/// Texts that are not a compact JWS at all, or not in its one canonical spelling.
fn bad_shapes() -> Vec<(&'static str, String, Refusal)> {
    let good = signed(&header(), PAYLOAD);
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts.as_slice() else { unreachable!("three parts") };
    let last = signature.chars().last().unwrap();
    // 64 bytes leave four unused bits in the last letter: another letter of the same meaning.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let twin = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let respelled = format!("{}{twin}", good.strip_suffix(last).unwrap());
    let json = format!(r#"{{"protected":"{head}","payload":"{body}","signature":"{signature}"}}"#);
    let standard = format!("{}.{body}.{signature}", STANDARD.encode(header_with(r#""a":"???>>>""#)));
    vec![
        ("non-canonical base64", respelled, Some(VerifyError::Claims)),
        ("no signature", format!("{head}.{body}."), None),
        ("two parts", format!("{head}.{body}"), None),
        ("four parts", format!("{good}.{signature}"), None),
        ("five parts, as JWE", format!("{head}.{body}.{signature}.{body}.{head}"), None),
        ("padding", format!("{head}.{body}.{}", URL_SAFE.encode([0; 64])), None),
        ("standard alphabet", standard, None),
        ("JSON serialisation", json, None),
        ("white space before", format!(" {good}"), None),
        ("line end after", format!("{good}\n"), None),
        ("zero byte", format!("{good}\0"), None),
        ("with the scheme", format!("Bearer {good}"), None),
        (
            "one megabyte",
            signed(&header(), &payload(r#""sid":"s""#, &format!(r#""sid":"{}""#, "s".repeat(1 << 20)))),
            None,
        ),
        ("empty", String::new(), None),
    ]
}

#[test]
fn every_forged_token_is_refused_for_its_own_reason() {
    let zoo = [bad_signatures(), bad_headers(), bad_claims(), bad_shapes()].concat();
    assert!(zoo.len() >= 100, "{} tokens", zoo.len());
    for (name, token, expected) in &zoo {
        let Err(refusal) = verdict(token) else { unreachable!("{name} is believed: {token}") };
        assert_eq!(refusal, *expected, "{name}: {token:.400}");
    }
    let mut distinct: Vec<_> = zoo.iter().map(|(_, token, _)| token).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), zoo.len());
}
