//! What each journey costs: hashes, turns of the account's actor, records in the journal. Counted through the door.

use crate::server::{Answer, CHEAP, OTHER_PASSWORD, PASSWORD, Server, cheap_hashing};
use doorward::hashing::{Params, PoolConfig};
use reqwest::Method;
use serde_json::json;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weaker_hash_is_made_anew_after_the_reply_by_a_command_of_its_own() {
    let stronger = Params { iterations: 2, ..CHEAP };
    let pool = PoolConfig { params: stronger, ..cheap_hashing() };
    let server = Server::start_with(|builder| builder.hashing(pool)).await;
    server.register(&server.shop, "ada@example.org").await.data();
    let (_, spent) = cost(&server, server.login(&server.shop, "ada@example.org")).await;
    assert_eq!(spent, (1, 1, 1), "a hash of the present cost is left alone");
    server.stop().await;
}

/// Records that the journal has taken.
fn records(server: &Server) -> u64 {
    server.doorward.store().status().journal.records
}
