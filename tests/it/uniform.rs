//! Nobody learns from a failed login why it failed: not by status, headers, words, side effects or time.

mod alone;

use crate::server::{Answer, PASSWORD, Server};
use doorward::domain::account::customer::{Profile, Status};
use doorward::domain::email::Email;
use doorward::domain::metadata::MetadataPatch;
use doorward::domain::username::Username;
use doorward::flows::Client;
use doorward::flows::register::Register;
use serde_json::{Value, json};

/// Customers in every state a login can fail in, and the password that is tried: e-mail, user name, password.
const STATES: [(&str, &str, &str); 6] = [
    ("absent@example.org", "absent", PASSWORD),
    ("active@example.org", "active", "the wrong password"),
    ("locked@example.org", "locked", PASSWORD),
    ("bare@example.org", "bare", PASSWORD),
    ("deleted@example.org", "deleted", PASSWORD),
    ("foreign@example.org", "foreign", PASSWORD),
];

async fn register(site: &doorward::SiteHandle, name: &str, password: Option<&str>) {
    let request = Register {
        site: site.id(),
        email: Email::parse(&format!("{name}@example.org")).unwrap(),
        password: password.map(|password| doorward::flows::Password::parse(password).unwrap()),
        username: Some(Username::parse(name).unwrap()),
        profile: Profile::default(),
        metadata: MetadataPatch::default(),
    };
    site.register_with(request, &Client::default()).await.unwrap();
}

/// Makes the customers of [`STATES`].
async fn populate(server: &Server) {
    for name in ["active", "locked", "deleted"] {
        register(&server.shop, name, Some(PASSWORD)).await;
    }
    register(&server.shop, "bare", None).await;
    register(&server.foreign, "foreign", Some(PASSWORD)).await;
    server.account.set_status(server.customer("locked@example.org"), Status::Locked).await.unwrap();
    server.account.delete_customer(server.customer("deleted@example.org")).await.unwrap();
}

async fn try_login(server: &Server, identity: Value, password: &str) -> Answer {
    let call = server.post("/api/v1/sdk/auth/login").site(&server.shop).fields(identity);
    call.fields(json!({"password": password})).send().await
}

/// Two dozen tries with pauses: when the waits begin, how long they are told to be, and what comes between.
async fn exhaust(server: &Server, identity: &Value, password: &str) -> Vec<(u16, Vec<(String, String)>, String)> {
    let mut seen = Vec::new();
    for pause_secs in [0; 12].into_iter().chain([1, 0, 2, 1, 3, 0, 8, 20, 0, 30, 300, 0]) {
        server.step_secs(pause_secs);
        let Answer { status, headers, text } = try_login(server, identity.clone(), password).await;
        seen.push((status, headers, text));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_fails_answers_the_same_bytes_whatever_the_cause() {
    let server = Server::start().await;
    populate(&server).await;
    try_login(&server, json!({"email": "active@example.org"}), PASSWORD).await.data();
    let mut seen = Vec::new();
    for (email, username, password) in STATES {
        for identity in [json!({"email": email}), json!({"username": username})] {
            let answer = try_login(&server, identity, password).await;
            answer.refused(404, "invalid_credentials");
            seen.push((answer.headers, answer.text));
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_begin_and_grow_alike_for_those_who_exist_and_those_who_do_not() {
    let server = Server::start().await;
    populate(&server).await;
    let mut all = Vec::new();
    for (email, username, password) in STATES {
        for identity in [json!({"email": email}), json!({"username": username})] {
            all.push(exhaust(&server, &identity, password).await);
        }
    }
    let waits = all[0].iter().filter(|(status, ..)| *status == 429).count();
    assert!(waits > 5 && waits < all[0].len() - 10, "{waits}");
    all.dedup();
    assert_eq!(all.len(), 1, "{all:#?}");
    server.stop().await;
}
