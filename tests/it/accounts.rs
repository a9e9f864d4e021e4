//! `/accounts/{account_id}/.well-known/jwks.json`.

use crate::golden::golden;
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
