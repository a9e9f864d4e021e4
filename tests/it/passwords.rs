//! Which passwords can be set and which cannot, through the door: lengths, kinds of characters, common ones, and words from the context.

use crate::server::{Answer, PASSWORD, Server};
use serde_json::{Value, json};

/// What a customer and a site of the tests are called.
fn who() -> Value {
    json!({
        "email": "wilhelmina.harrington@windmillworks.example", "username": "tulipkeeper", "first_name": "Philippa",
        "last_name": "Quillfeather", "display_name": "Moonraker", "organization": "Saltmarsh",
    })
}

/// The words that a password must not lean on: what the document calls each, and one of each kind.
const CONTEXT: [(&str, &str); 11] = [
    ("the e-mail address", "wilhelmina.harrington@windmillworks.example"),
    ("the parts of the e-mail address", "harrington"),
    ("the user name", "tulipkeeper"),
    ("the first name", "philippa"),
    ("the last name", "quillfeather"),
    ("the display name", "moonraker"),
    ("the organisation", "saltmarsh"),
    ("the name of the site", "a site"),
    ("the host of the site and its parts", "shop.example.org"),
    ("the name of the account", "example press"),
    ("the name of this product", "doorward"),
];

async fn register(server: &Server, password: &str) -> Answer {
    let call = server.post("/api/v1/sdk/auth/register").site(&server.shop).fields(who());
    call.fields(json!({"password": password})).send().await
}

async fn change(server: &Server, token: &str, password: &str) -> Answer {
    let fields = json!({"old_password": PASSWORD, "new_password": password, "confirm_new_password": password});
    server.post("/api/v1/sdk/password/update").bearer(token).fields(fields).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_leans_on_no_word_that_is_written_down_and_is_told_so() {
    let server = Server::start().await;
    let refused: Vec<String> = CONTEXT.iter().map(|(_, word)| format!("{}7Kx", word.to_uppercase())).collect();
    for (password, (kind, _)) in refused.iter().zip(CONTEXT) {
        let answer = register(&server, password).await;
        assert!(answer.names("password").text.contains("is too close to your e-mail"), "{kind}: {}", answer.text);
    }
    let token = register(&server, PASSWORD).await.token();
    for (password, (kind, _)) in refused.iter().zip(CONTEXT) {
        let answer = change(&server, &token, password).await;
        assert!(answer.names("new_password").text.contains("is too close to your e-mail"), "{kind}: {}", answer.text);
        // A wrong current password would count; this one is right, and the count is cleared.
    }
    change(&server, &token, "Philippa and eleven quarrelsome geese").await.data();
    server.stop().await;
}

#[test]
fn the_words_a_password_must_not_lean_on_are_written_down() {
    let document = crate::tidy::Source::read("docs/auth-pathways.md").text;
    let (_, list) = document.split_once("must not lean on these words:\n\n").unwrap();
    let written: Vec<&str> =
        list.lines().take_while(|line| !line.is_empty()).map(|line| line.strip_prefix("* ").unwrap()).collect();
    assert_eq!(written, CONTEXT.map(|(kind, _)| kind));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_common_password_is_refused_when_it_is_set_and_told_why() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    for common in ["password", "PassWord", "12345678", "iloveyou", "football", "trustno1", "qwertyuiop"] {
        let answer = register(&server, common).await;
        assert!(answer.names("password").text.contains("one of the most common ones"), "{common}: {}", answer.text);
        let answer = change(&server, &token, common).await;
        assert!(answer.names("new_password").text.contains("one of the most common ones"), "{common}: {}", answer.text);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn characters_are_counted_as_people_count_them() {
    let server = Server::start().await;
    // Pictures in no regular order, so that only the length can be what is wrong.
    let letters = |count: usize| {
        let next = |n: &u32| Some((5 * n + 3) % 256);
        std::iter::successors(Some(7), next)
            .take(count)
            .map(|n| char::from_u32(0x1F400 + n).unwrap())
            .collect::<String>()
    };
    for (count, told) in [(7, "at least 8 characters"), (257, "at most 256 characters")] {
        let answer = register(&server, &letters(count)).await;
        assert!(answer.names("password").text.contains(told), "{count}: {}", answer.text);
    }
    for (n, count) in [8, 14, 15, 64, 255, 256].into_iter().enumerate() {
        let email = format!("ada{n}@example.org");
        let fields = json!({"email": email, "password": letters(count)});
        server.post("/api/v1/sdk/auth/register").site(&server.shop).fields(fields).send().await.data();
        server.login_with(&server.shop, &email, &letters(count)).await.data();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_kind_of_characters_is_enough() {
    let server = Server::start().await;
    let one_kind = [
        "gwvtkzpquhnbdxm",
        "GWVTKZPQUHNBDXM",
        "73940285160593",
        "§¶†‡•◊※¿¡«»",
        "жщюфцчъыьэ",
        "木漏日風鈴雪蛍",
        "木漏日風鈴雪蛍月",
        "w h q x j z v k p",
    ];
    for (n, password) in one_kind.into_iter().enumerate() {
        let fields = json!({"email": format!("ada{n}@example.org"), "password": password});
        let answer = server.post("/api/v1/sdk/auth/register").site(&server.shop).fields(fields).send().await;
        let is_long_enough = password.chars().count() >= 8;
        assert_eq!(answer.status == 200, is_long_enough, "{password}: {}", answer.text);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_once_accepted_is_good_for_ever() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    server.set(&server.shop, |settings| settings.password.length_min = 64).await;
    let refused = server.register(&server.shop, "bob@example.org").await;
    refused.refused(400, "validation_failed").names("password");
    for _ in 0..10 {
        server.step_days(365);
        server.login(&server.shop, "ada@example.org").await.data();
    }
    server.stop().await;
}
