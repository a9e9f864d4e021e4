//! `POST /api/v1/sdk/customer`.

use crate::golden::golden;
use crate::server::Server;
use doorward::domain::account::customer::{Entitlement, Status};
use doorward::domain::account::settings::Switch;
use doorward::domain::text::Name;
use doorward_testkit::START;
use serde_json::json;

const PATH: &str = "/api/v1/sdk/customer";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_token_comes_back_at_every_site_of_the_account() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let answer = server.read(&server.shop, &token).await;
    golden("customer_read.txt", &answer);
    assert_eq!(answer.token(), token);
    assert_eq!(server.read(&server.news, &token).await.token(), token);
    let slashed = server.post("/api/v1/sdk/customer/").fields(json!({"auth_token": token})).send().await;
    assert_eq!(slashed.token(), token);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_taken_from_header_or_body_and_never_from_two_that_differ() {
    let server = Server::start().await;
    let ada = server.register(&server.shop, "ada@example.org").await.token();
    let bob = server.register(&server.shop, "bob@example.org").await.token();
    let call = || server.post(PATH).site(&server.shop);
    call().bearer(&ada).fields(json!({"auth_token": ada})).send().await.data();
    let differing = call().bearer(&ada).fields(json!({"auth_token": bob})).send().await;
    differing.refused(400, "validation_failed").names("auth_token");
    server.post(PATH).form(&[("auth_token", ada.as_str())]).send().await.data();
    call().send().await.refused(401, "token_missing");
    call().query("auth_token", &ada).send().await.refused(401, "token_missing");

    server.set(&server.shop, |settings| settings.auth_token_in_body = Switch::Off).await;
    call().fields(json!({"auth_token": ada})).send().await.refused(401, "token_missing");
    call().bearer(&ada).send().await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_no_site_of_another_account() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let foreign = server.register(&server.foreign, "ada@example.org").await.token();
    let refused = server.read(&server.foreign, &token).await;
    golden("token_invalid.txt", &refused);
    server.read(&server.shop, &foreign).await.refused(401, "token_invalid");
    server.read(&server.foreign, &foreign).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_over_when_idle_for_fourteen_days_or_thirty_days_old() {
    let server = Server::start().await;
    let idle = server.register(&server.shop, "ada@example.org").await.token();
    let mut busy = server.login(&server.shop, "ada@example.org").await.token();
    let server = &server;
    let refresh =
        |token: String| async move { server.post("/api/v1/sdk/customer/refresh").bearer(&token).send().await };
    server.step_secs(14 * 86_400 - 1);
    server.read(&server.shop, &idle).await.data();
    busy = refresh(busy).await.token();
    server.step_secs(1);
    server.read(&server.shop, &idle).await.refused(401, "token_invalid");
    server.step_days(13);
    busy = refresh(busy).await.token();
    server.step_secs(3 * 86_400 - 1);
    server.read(&server.shop, &busy).await.data();
    server.step_secs(1);
    server.read(&server.shop, &busy).await.refused(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_or_deleted_customer_is_out_at_once() {
    let server = Server::start().await;
    for (email, lock) in [("ada@example.org", true), ("bob@example.org", false)] {
        let token = server.register(&server.shop, email).await.token();
        let customer = server.customer(email);
        if lock {
            server.account.set_status(customer, Status::Locked).await.unwrap();
        } else {
            server.account.delete_customer(customer).await.unwrap();
        }
        server.read(&server.shop, &token).await.refused(403, "session_revoked");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_may_accept_its_own_sessions_only() {
    let server = Server::start().await;
    let token = server.register(&server.news, "ada@example.org").await.token();
    server.read(&server.shop, &token).await.data();
    server.set(&server.shop, |settings| settings.own_sessions_only = Switch::On).await;
    server.read(&server.shop, &token).await.refused(403, "session_other_site");
    server.read(&server.news, &token).await.data();
    let own = server.login(&server.shop, "ada@example.org").await.token();
    server.read(&server.shop, &own).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entitlements_are_shown_while_they_are_good() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let grant = |name, expires_at| Entitlement { name: Name::parse(name).unwrap(), expires_at };
    let grants = vec![grant("archive", None), grant("trial", Some(START.plus_days(1)))];
    server.account.set_entitlements(server.customer("ada@example.org"), grants).await.unwrap();
    assert_eq!(server.read(&server.shop, &token).await.data()["entitlements"], json!(["archive", "trial"]));
    server.step_days(1);
    assert_eq!(server.read(&server.shop, &token).await.data()["entitlements"], json!(["archive"]));
    server.stop().await;
}
