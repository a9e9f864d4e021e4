//! `/accounts/{account_id}/.well-known/jwks.json`.

use crate::golden::golden;
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::domain::limits::SIGNING_KEYS_MAX;
use doorward::flows::rotate_key::RotateKeyError;
use doorward::tokens::{AuthToken, Jwks, verify};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_verified_by_the_keys_their_issuer_publishes() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let issuer = claims["iss"].as_str().unwrap();
    let path = issuer.strip_prefix("https://id.example.org").unwrap();
    let answer = server.get(&format!("{path}/.well-known/jwks.json")).send().await;
    golden("jwks.txt", &answer);
    let keys: Jwks = serde_json::from_str(&answer.text).unwrap();
    let parsed = AuthToken::parse(&token).unwrap();
    let verified = verify(&parsed, &keys, issuer, claims["aud"].as_str().unwrap(), doorward_testkit::START);
    assert_eq!(verified.unwrap().site, server.shop.id().0);

    let foreign = server.get("/accounts/2/.well-known/jwks.json").send().await;
    let others: Jwks = serde_json::from_str(&foreign.text).unwrap();
    assert!(verify(&parsed, &others, issuer, claims["aud"].as_str().unwrap(), doorward_testkit::START).is_err());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_not_there_has_no_keys() {
    let server = Server::start().await;
    for unknown in ["0", "3", "x", "-1", "99999999999999999999"] {
        let answer = server.get(&format!("/accounts/{unknown}/.well-known/jwks.json")).send().await;
        answer.refused(404, "account_not_found");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_signs_at_once_and_what_older_ones_signed_goes_on_being_verified() {
    let server = Server::start().await;
    let old = server.register(&server.shop, "ada@example.org").await.token();
    let kid = server.account.rotate_signing_key().await.unwrap();
    let new = server.login(&server.shop, "ada@example.org").await.token();
    let header = |token: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(header(&new)["kid"], kid.as_str());
    assert_ne!(header(&old)["kid"], kid.as_str());

    let account = server.account.id();
    let answer = server.get(&format!("/accounts/{account}/.well-known/jwks.json")).send().await;
    let keys: Jwks = serde_json::from_str(&answer.text).unwrap();
    assert_eq!((keys.keys.len(), keys.keys[0].kid.as_str()), (2, kid.as_str()));
    let (issuer, audience) = (format!("https://id.example.org/accounts/{account}"), format!("account:{account}"));
    for token in [old, new] {
        server.read(&server.shop, &token).await.data();
        let token = AuthToken::parse(&token).unwrap();
        verify(&token, &keys, &issuer, &audience, doorward_testkit::START).unwrap();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_signs_with_as_many_keys_as_it_can_have_and_gets_no_more() {
    let server = Server::start().await;
    for _ in 1..SIGNING_KEYS_MAX {
        server.account.rotate_signing_key().await.unwrap();
    }
    assert_eq!(server.account.rotate_signing_key().await, Err(RotateKeyError::TooManyKeys));
    server.register(&server.shop, "ada@example.org").await.data();
    assert_eq!(server.account.jwks().unwrap().keys.len(), SIGNING_KEYS_MAX);
    server.stop().await;
}
