//! What we sign, as others verify it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use standardwebhooks::Webhook;

use super::*;
use crate::clock::SystemClock;
use crate::entropy::{SeededEntropy, SystemEntropy};
use doorward_domain::time::Clock;

const BODY: &[u8] = br#"{"type":"customer.created"}"#;
const ID_TEXT: &str = "evt_0123456789abcdefABCDEFGH";

fn secret(seed: u64) -> Secret {
    Secret::generate(&SeededEntropy::new(seed))
}

fn signed(secrets: &Secrets, at: Timestamp) -> HeaderMap {
    Signed::new(secrets, ID_TEXT, at, BODY).unwrap().headers().clone()
}

#[test]
fn a_known_body_has_its_known_signatures() {
    // The vector of the Standard Webhooks repository; the published one by `openssl dgst -sha256 -hmac`.
    let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let headers = Signed::new(
        &Secrets::new(secret, Vec::new()),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        Timestamp::from_secs(1_614_265_330),
        br#"{"test": 2432232314}"#,
    );
    let headers = headers.unwrap().headers().clone();
    let expected = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ("x-pelcro-hmac-sha256", "gOyKic480iEzoQZsrstNBP6nRnZXyFFNcX7ELDilyUw="),
    ];
    for (name, value) in expected {
        assert_eq!(headers[name], value, "{name}");
    }
    assert_eq!(headers.len(), expected.len());
}

#[test]
fn another_library_verifies_what_we_sign_and_refuses_its_neighbours() {
    let now = SystemClock.now();
    let verify = |secret: &Secret, body: &[u8], headers: &HeaderMap| {
        Webhook::new(secret.expose()).unwrap().verify(body, headers).is_ok()
    };
    let secrets = Secrets::new(secret(1), Vec::new());
    let good = signed(&secrets, now);
    assert!(verify(&secret(1), BODY, &good));
    assert!(!verify(&secret(2), BODY, &good), "another secret");
    assert!(!verify(&secret(1), br#"{"type":"customer.deleted"}"#, &good), "another body");
    for (name, value) in [("webhook-id", "evt_1"), ("webhook-timestamp", &(now.secs() + 1).to_string())] {
        let mut changed = good.clone();
        changed.insert(name, HeaderValue::try_from(value).unwrap());
        assert!(!verify(&secret(1), BODY, &changed), "another {name}");
    }
    for shift_ms in [-301_000, 301_000] {
        let shifted = signed(&secrets, now.plus_millis(shift_ms));
        assert!(!verify(&secret(1), BODY, &shifted), "signed {shift_ms} ms away");
    }
}

#[test]
fn while_a_secret_is_replaced_receivers_with_either_verify() {
    let headers = signed(&Secrets::new(secret(2), vec![secret(1)]), SystemClock.now());
    for seed in [1, 2] {
        assert!(Webhook::new(secret(seed).expose()).unwrap().verify(BODY, &headers).is_ok(), "{seed}");
    }
    assert!(Webhook::new(secret(3).expose()).unwrap().verify(BODY, &headers).is_err());
    let alone = signed(&Secrets::new(secret(2), Vec::new()), SystemClock.now());
    assert_eq!(headers[PUBLISHED_SIGNATURE], alone[PUBLISHED_SIGNATURE], "the newest secret makes the published proof");
}

#[test]
fn no_more_than_the_newest_secrets_sign() {
    let older: Vec<Secret> = (1..10).map(secret).collect();
    let headers = signed(&Secrets::new(secret(0), older), Timestamp::EPOCH);
    let signatures: Vec<&str> = headers[SIGNATURE].to_str().unwrap().split(' ').collect();
    let expected: Vec<String> = (0..4).map(|seed| standard(&secret(seed), [ID_TEXT, "0"], BODY)).collect();
    assert_eq!(signatures, expected);
}

#[test]
fn a_secret_is_read_as_it_is_written_and_shown_to_nobody() {
    let drawn = Secret::generate(&SystemEntropy);
    assert_eq!(Secret::parse(drawn.expose()).unwrap().expose(), drawn.expose());
    assert_ne!(Secret::generate(&SystemEntropy).expose(), drawn.expose());
    assert_eq!(
        format!("{:?}", Secrets::new(drawn, vec![secret(1)])),
        "Secrets { newest: Secret(…), older: [Secret(…)] }"
    );
}

#[test]
fn a_secret_has_a_form_and_a_length() {
    let of_len = |len: usize| format!("whsec_{}", STANDARD.encode(vec![7; len]));
    for len in [SECRET_LEN_MIN, SECRET_LEN_MAX] {
        assert_eq!(Secret::parse(&of_len(len)).unwrap().expose(), of_len(len));
    }
    for len in [0, SECRET_LEN_MIN - 1, SECRET_LEN_MAX + 1] {
        assert_eq!(Secret::parse(&of_len(len)).unwrap_err(), SecretError::Length, "{len}");
    }
    let good = of_len(25);
    let bare = good.trim_end_matches('=');
    for text in
        ["", "whsec", &good[6..], bare, &good.replace("whsec_", "WHSEC_"), &format!("{good}\n"), &format!("{bare}-=")]
    {
        assert_eq!(Secret::parse(text).unwrap_err(), SecretError::Syntax, "{text}");
    }
}

#[test]
fn an_id_that_could_be_read_two_ways_is_not_signed() {
    let secrets = Secrets::new(secret(1), Vec::new());
    let too_long = "a".repeat(ID_LEN_MAX + 1);
    for id in ["", "evt.1", "evt 1", "evt\r\n1", "évt", &too_long] {
        assert_eq!(Signed::new(&secrets, id, Timestamp::EPOCH, BODY).map(|_signed| ()), Err(IdError), "{id:?}");
    }
    assert!(Signed::new(&secrets, &too_long[1..], Timestamp::EPOCH, BODY).is_ok());
}
