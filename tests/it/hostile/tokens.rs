//! Tokens that nobody issued. This process never believes a signature, only what it knows; each forgery must be unknown to it.

use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Forgeries made of a good token.
fn forgeries(token: &str, foreign: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    let with_header = |header: Value| format!("{}.{payload}.{signature}", part(&header));
    let with_claim = |name: &str, value: Value| {
        let mut claims = decoded(payload);
        claims[name] = value;
        format!("{header}.{}.{signature}", part(&claims))
    };
    let kid = decoded(header)["kid"].clone();
    let foreign_kid = decoded(foreign.split('.').next().unwrap())["kid"].clone();
    let flipped = |at: usize| {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    vec![
        ("alg none", with_header(json!({"alg": "none", "typ": "JWT"}))),
        ("alg nOnE", with_header(json!({"alg": "nOnE", "typ": "JWT", "kid": kid}))),
        ("alg none without a signature", format!("{}.{payload}.", part(&json!({"alg": "none"})))),
        ("alg HS256", with_header(json!({"alg": "HS256", "typ": "JWT", "kid": kid}))),
        ("a foreign kid", with_header(json!({"alg": "ES256", "typ": "JWT", "kid": foreign_kid}))),
        ("a kid that is a path", with_header(json!({"alg": "ES256", "typ": "JWT", "kid": "../../dev/null"}))),
        ("a jku", with_header(json!({"alg": "ES256", "typ": "JWT", "kid": kid, "jku": "https://evil.example"}))),
        ("another subject", with_claim("sub", json!("1"))),
        ("a later expiry", with_claim("exp", json!(4_000_000_000_u64))),
        ("an expiry that is a text", with_claim("exp", json!("never"))),
        ("a site that is a list", with_claim("site", json!([1]))),
        ("no signature", format!("{header}.{payload}")),
        ("an empty signature", format!("{header}.{payload}.")),
        ("a signature of zeros", format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("the signature of another", format!("{header}.{payload}.{}", foreign.rsplit('.').next().unwrap())),
        ("five parts", format!("{token}.x.y")),
        ("padding", format!("{token}=")),
        ("standard base64", format!("{token}+/")),
        ("a flipped letter in the header", flipped(3)),
        ("a flipped letter in the claims", flipped(header.len() + 5)),
        ("a flipped letter in the signature", flipped(token.len() - 5)),
        ("another last letter, the same signature", flipped(token.len() - 1)),
        ("upper case", token.to_uppercase()),
        ("JSON", r#"{"payload":"x"}"#.to_owned()),
        ("nothing of the kind", "hunter2".to_owned()),
        ("dots", "..".to_owned()),
        ("a long one", format!("{}.{}.{}", "a".repeat(3_000), "b".repeat(3_000), "c".repeat(3_000))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_forged_token_is_401_everywhere() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let foreign = server.register(&server.foreign, "eve@example.org").await.token();
    for (name, forged) in forgeries(&token, &foreign) {
        for (method, path) in [
            ("POST", "/api/v1/sdk/customer"),
            ("PUT", "/api/v1/sdk/customer"),
            ("POST", "/api/v1/sdk/customer/refresh"),
            ("POST", "/api/v1/sdk/auth/logout"),
            ("GET", "/api/v1/sessions"),
        ] {
            let call = || server.call(method.parse().unwrap(), path).bearer(&forged);
            for answer in [call().send().await, call().query("site_id", &server.shop.id().to_string()).send().await] {
                assert_eq!((answer.status, answer.code().as_str()), (401, "token_invalid"), "{name}: {path}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
        let in_body = server.post("/api/v1/sdk/customer").site(&server.shop).fields(json!({"auth_token": forged}));
        let answer = in_body.send().await;
        let is_short = forged.len() <= 8 * 1024;
        let refusal = if is_short { (401, "token_invalid") } else { (400, "body_text_too_long") };
        assert_eq!((answer.status, answer.code().as_str()), refusal, "{name}");
    }
    server.read(&server.shop, &token).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authorization_that_is_no_bearer_is_401() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let with =
        |value: String| server.post("/api/v1/sdk/customer").site(&server.shop).header("authorization", &value).send();
    for value in [format!("Basic {token}"), token.clone(), format!("Bearer {token} x"), format!("Bearer,{token}")] {
        with(value).await.refused(401, "token_invalid");
    }
    let twice = server.post("/api/v1/sdk/customer").bearer(&token).bearer(&token).send().await;
    twice.refused(401, "token_invalid");
    with(format!("bearer  {token}")).await.data();
    server.stop().await;
}

/// Everything else that is random, signed or secret is no token, wherever it stands: the kinds are never taken for one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_an_auth_token_opens_anything() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let view = server.account.view();
    let customer = server.customer("ada@example.org");
    let session = view.sessions_of(customer).next().unwrap();
    let hash = view.customer(customer).unwrap().credential.hash.clone().unwrap();
    let digest = doorward::tokens::AuthToken::parse(&token).unwrap().digest();
    let claims = decoded(token.split('.').nth(1).unwrap());
    let claim = |name: &str| claims[name].as_str().unwrap().to_owned();
    let others = [
        ("the session's id", claim("sid")),
        ("the token's id", claim("jti")),
        ("the customer's id", claim("sub")),
        ("the digest", digest.0.iter().map(|byte| format!("{byte:02x}")).collect()),
        ("the digest in base64", URL_SAFE_NO_PAD.encode(digest.0)),
        ("the password", crate::server::PASSWORD.to_owned()),
        ("the stored hash", hash.as_str().to_owned()),
        ("the key id", decoded(token.split('.').next().unwrap())["kid"].as_str().unwrap().to_owned()),
        ("a token of three session ids", format!("{0}.{0}.{0}", session.id)),
    ];
    for (name, other) in others {
        for path in ["/api/v1/sdk/customer", "/api/v1/sdk/customer/refresh", "/api/v1/sdk/auth/logout"] {
            let call = || server.post(path).query("site_id", &server.shop.id().to_string());
            call().bearer(&other).send().await.refused(401, "token_invalid");
            let answer = call().fields(json!({"auth_token": other})).send().await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "token_invalid"), "{name} at {path}");
        }
        let login = server.login_with(&server.shop, "ada@example.org", &other).await;
        let is_password = name == "the password";
        assert_eq!(login.status == 200, is_password, "{name} as a password");
        let session = server.call(reqwest::Method::DELETE, &format!("/api/v1/sessions/{other}")).bearer(&other);
        assert!([400, 401, 404].contains(&session.send().await.status), "{name} as a session's id and token");
    }
    let login = server.login_with(&server.shop, "ada@example.org", &token).await;
    assert_ne!(login.status, 200, "a token is no password");
    server.read(&server.shop, &token).await.data();
    server.stop().await;
}
