//! `GET /api/v1/sdk/site`.

use crate::golden::golden;
use crate::server::Server;
use reqwest::Method;

const PATH: &str = "/api/v1/sdk/site";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_public_and_kept_for_five_minutes() {
    let server = Server::start().await;
    let answer = server.get(PATH).site(&server.news).send().await;
    golden("site.txt", &answer);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    server.set(&server.news, |settings| settings.auth_token_ttl_days = 7).await;
    assert_eq!(server.get(PATH).site(&server.news).send().await.data()["auth_token_ttl_days"], 7);
    let head = server.call(Method::HEAD, PATH).site(&server.news).send().await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_not_named_or_not_known_is_400() {
    let server = Server::start().await;
    let missing = server.get(PATH).send().await;
    golden("site_missing.txt", &missing);
    for bad in ["", "0x1", "-1", "1.0", "4294967296", "news"] {
        server.get(PATH).query("site_id", bad).send().await.refused(400, "validation_failed").names("site_id");
    }
    for unknown in ["0", "4294967295"] {
        server.get(PATH).query("site_id", unknown).send().await.refused(400, "site_not_found").names("site_id");
    }
    server.stop().await;
}
