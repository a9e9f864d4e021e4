//! What each journey costs: hashes, turns of the account's actor, records in the journal. Counted through the door.

use crate::server::{Answer, CHEAP, OTHER_PASSWORD, PASSWORD, Server, builder, cheap_hashing, master_key, profile};
use doorward::domain::account::Settings;
use doorward::domain::account::customer::Status;
use doorward::domain::email::Email;
use doorward::domain::text::Name;
use doorward::flows::{Client, Identity, Password};
use doorward::hashing::{Params, PoolConfig};
use doorward_testkit::ManualClock;
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Hashes, turns, records.
type Cost = (u64, u64, u64);

fn so_far(server: &Server) -> Cost {
    let costs = server.doorward.engine().costs();
    (costs.hashes, costs.turns, records(server))
}

/// Awaits a call and says what it cost.
async fn cost(server: &Server, call: impl Future<Output = Answer>) -> (Answer, Cost) {
    let before = so_far(server);
    let answer = call.await;
    let after = so_far(server);
    (answer, (after.0 - before.0, after.1 - before.1, after.2 - before.2))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_journey_costs_what_it_says() {
    let server = Server::start().await;
    let (registered, spent) = cost(&server, server.register(&server.shop, "ada@example.org")).await;
    assert_eq!((registered.status, spent), (200, (1, 1, 1)), "register");
    let (login, spent) = cost(&server, server.login(&server.news, "ada@example.org")).await;
    assert_eq!((login.status, spent), (200, (1, 1, 1)), "login, which ends the other session in the same record");
    let token = login.token();
    let (read, spent) = cost(&server, server.read(&server.shop, &token)).await;
    assert_eq!((read.status, spent), (200, (0, 0, 0)), "a session check");
    let (read, spent) = cost(&server, server.read(&server.shop, &registered.token())).await;
    assert_eq!((read.status, spent), (403, (0, 0, 0)), "a session check that refuses");
    let refresh = || server.post("/api/v1/sdk/customer/refresh").site(&server.shop).bearer(&token).send();
    let (refreshed, spent) = cost(&server, refresh()).await;
    assert_eq!((refreshed.status, spent), (200, (0, 0, 0)), "a refresh of a young token");
    server.step_secs(3_601);
    let (refreshed, spent) = cost(&server, refresh()).await;
    assert_eq!((refreshed.status, spent), (200, (0, 1, 1)), "a refresh of an old token");
    let sessions = server.get("/api/v1/sessions").bearer(&token).send();
    assert_eq!(cost(&server, sessions).await.1, (0, 0, 0), "my sessions");
    let update = server.call(Method::PUT, "/api/v1/sdk/customer").bearer(&token).fields(json!({"first_name": "Ada"}));
    assert_eq!(cost(&server, update.send()).await.1, (0, 1, 1), "update");
    let fields =
        json!({"old_password": PASSWORD, "new_password": OTHER_PASSWORD, "confirm_new_password": OTHER_PASSWORD});
    let change = server.post("/api/v1/sdk/password/update").bearer(&token).fields(fields).send();
    assert_eq!(
        cost(&server, change).await.1,
        (2, 1, 1),
        "a change of password: the old one verified, the new one hashed"
    );
    let wrong = server.login_with(&server.shop, "ada@example.org", "wrong");
    assert_eq!(cost(&server, wrong).await.1, (1, 0, 0), "a login that fails");
    let unknown = server.login(&server.shop, "nobody@example.org");
    assert_eq!(cost(&server, unknown).await.1, (1, 0, 0), "a login of nobody: the decoy");
    let logout = server.post("/api/v1/sdk/auth/logout").bearer(&token).send();
    assert_eq!(cost(&server, logout).await.1, (0, 1, 1), "logout");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_customer_with_the_right_password_costs_what_a_wrong_one_costs() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    server.account.set_status(server.customer("ada@example.org"), Status::Locked).await.unwrap();
    let (refused, spent) = cost(&server, server.login(&server.shop, "ada@example.org")).await;
    refused.refused(404, "invalid_credentials");
    assert_eq!(spent, (1, 0, 0), "one hash, and nothing is asked of the actor");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_early_costs_nothing() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    let taken = server.register(&server.shop, "ADA@example.org");
    assert_eq!(cost(&server, taken).await.1, (0, 0, 0), "a taken e-mail");
    let (long, megabyte) = ("x".repeat(8_000), "x".repeat(1 << 20));
    let long = server.login_with(&server.shop, "ada@example.org", &long);
    assert_eq!(cost(&server, long).await.1, (0, 0, 0), "a password that is too long");
    let megabyte = server.login_with(&server.shop, "ada@example.org", &megabyte);
    let (answer, spent) = cost(&server, megabyte).await;
    assert_eq!((answer.status, spent), (413, (0, 0, 0)), "a password of a megabyte");
    server.stop().await;
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool) {
    let reached = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weaker_hash_is_made_anew_by_a_command_of_its_own_and_logins_go_on() {
    let data = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let open = |params: Params| {
        let pool = PoolConfig { params, ..cheap_hashing() };
        builder(&clock).data_dir(data.path()).master_key(master_key()).hashing(pool).open()
    };
    let email = || Email::parse("ada@example.org").unwrap();
    let password = || Password::parse(PASSWORD).unwrap();
    let client = Client::default();

    let doorward = open(CHEAP).await.unwrap();
    let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
    let site = account.create_site(profile("shop.example.org"), Settings::default()).await.unwrap();
    site.register(email(), password(), &client).await.unwrap();
    let (account, site) = (account.id(), site.id());
    doorward.stop().await.unwrap();

    let doorward = open(Params { iterations: 2, ..CHEAP }).await.unwrap();
    let site = doorward.site(site).unwrap();
    let credential = || doorward.account(account).unwrap().find_customer(&email().key()).unwrap().credential.clone();
    let weak = credential();
    let login = || site.login(Identity::Email("ada@example.org".to_owned()), password(), &client);
    let (one, other) = tokio::join!(login(), login());
    assert!(one.is_ok() && other.is_ok());
    // Each login verified once; each then hashed once more and offered the stronger hash.
    until(|| credential() != weak && doorward.engine().costs().hashes == 4).await;
    login().await.unwrap();
    assert_eq!(doorward.engine().costs().hashes, 5, "a hash of the present cost is left alone");
    let records = doorward.store().status().journal.records;
    assert_eq!(records, 4, "three sessions and one stronger hash: the second offer found the first in place");
    let strong = credential();
    assert_eq!(strong.rev, weak.rev);
    assert!(strong.hash.unwrap().as_str().contains("t=2") && weak.hash.unwrap().as_str().contains("t=1"));
    doorward.stop().await.unwrap();
}

/// Records that the journal has taken.
fn records(server: &Server) -> u64 {
    server.doorward.store().status().journal.records
}
