//! Journeys over several sites, as a customer makes them.

use crate::golden::golden;
use crate::server::Server;
use doorward::domain::account::settings::Switch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_registration_is_good_at_every_site_of_the_account() {
    let server = Server::start().await;
    let registered = server.register(&server.shop, "ada@example.org").await.token();
    for site in [&server.shop, &server.news] {
        server.read(site, &registered).await.data();
    }
    let login = server.login(&server.news, "ada@example.org").await.token();
    for site in [&server.shop, &server.news] {
        server.read(site, &login).await.data();
    }
    server.post("/api/v1/sdk/auth/logout").site(&server.shop).bearer(&login).send().await.data();
    for site in [&server.shop, &server.news] {
        server.read(site, &login).await.refused(403, "session_revoked");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_under_the_rule_ends_every_other_session_at_every_site() {
    let server = Server::start().await;
    let registered = server.register(&server.shop, "ada@example.org").await.token();
    let first = server.login(&server.news, "ada@example.org").await.token();
    let second = server.login(&server.news, "ada@example.org").await.token();
    for token in [&registered, &first] {
        for site in [&server.news, &server.shop] {
            server.read(site, token).await.refused(403, "session_superseded");
        }
    }
    golden("session_superseded.txt", &server.read(&server.news, &first).await);
    let own = server.get("/api/v1/sessions").bearer(&first).send().await;
    own.refused(401, "session_superseded");
    for path in ["/api/v1/sdk/customer/refresh", "/api/v1/sdk/auth/logout", "/api/v1/sdk/password/update"] {
        let fields = serde_json::json!({"old_password": "a", "new_password": "b", "confirm_new_password": "b"});
        let answer = server.post(path).site(&server.news).bearer(&first).fields(fields).send().await;
        answer.refused(403, "session_superseded");
    }
    for site in [&server.news, &server.shop] {
        server.read(site, &second).await.data();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_elsewhere_counts_under_the_rule_and_its_end_revives_nothing() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    let at_news = server.login(&server.news, "ada@example.org").await.token();
    let at_shop = server.login(&server.shop, "ada@example.org").await.token();
    server.read(&server.news, &at_news).await.refused(403, "session_superseded");
    server.read(&server.shop, &at_news).await.data();
    for site in [&server.news, &server.shop] {
        server.read(site, &at_shop).await.data();
    }
    server.post("/api/v1/sdk/auth/logout").site(&server.shop).bearer(&at_shop).send().await.data();
    server.read(&server.news, &at_news).await.refused(403, "session_superseded");
    server.read(&server.shop, &at_news).await.data();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rule_acts_at_once_when_it_is_turned_on() {
    let server = Server::start().await;
    let first = server.register(&server.shop, "ada@example.org").await.token();
    let second = server.login(&server.shop, "ada@example.org").await.token();
    server.read(&server.shop, &first).await.data();
    server.set(&server.shop, |settings| settings.single_user_authentication = Switch::On).await;
    server.read(&server.shop, &first).await.refused(403, "session_superseded");
    server.read(&server.shop, &second).await.data();
    server.stop().await;
}
