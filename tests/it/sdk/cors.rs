//! Which pages may read the answers.

use crate::server::{Answer, Server};
use reqwest::Method;
use serde_json::json;

fn granted(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_page_may_read_until_a_site_registers_its_origins() {
    let server = Server::start().await;
    let token = server.register(&server.shop, "ada@example.org").await.token();
    let (own, evil) = ("https://shop.example.org", "https://evil.example");
    let by_site = |origin| server.get("/api/v1/sdk/site").site(&server.shop).header("origin", origin).send();
    let by_body =
        |origin| server.post("/api/v1/sdk/customer").site(&server.shop).bearer(&token).header("origin", origin).send();
    let by_token = |origin| server.post("/api/v1/sdk/customer").bearer(&token).header("origin", origin).send();
    let by_body_token = |origin| {
        server.post("/api/v1/sdk/customer").fields(json!({"auth_token": token})).header("origin", origin).send()
    };
    for origin in [own, evil] {
        assert_eq!(granted(&by_site(origin).await), Some(origin));
        assert_eq!(granted(&by_token(origin).await), Some(origin));
    }
    server.set_origins(&server.shop, &[own]).await;
    assert_eq!(granted(&by_site(own).await), Some(own));
    assert_eq!(granted(&by_body(own).await), Some(own));
    assert_eq!(granted(&by_token(own).await), Some(own));
    assert_eq!(granted(&by_body_token(own).await), Some(own));
    assert_eq!(granted(&by_site(evil).await), None);
    assert_eq!(granted(&by_body(evil).await), None);
    assert_eq!(granted(&by_token(evil).await), None);
    assert_eq!(granted(&by_body_token(evil).await), None);
    let news = server.get("/api/v1/sdk/site").site(&server.news).header("origin", evil).send().await;
    assert_eq!(granted(&news), Some(evil), "another site has a list of its own");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_can_be_read_too_and_a_preflight_names_the_published_headers() {
    let server = Server::start().await;
    let origin = "https://shop.example.org";
    let refused = server.post("/api/v1/sdk/customer").site(&server.shop).header("origin", origin).send().await;
    assert_eq!((refused.status, granted(&refused)), (401, Some(origin)));
    let preflight = server.call(Method::OPTIONS, "/api/v1/sdk/customer").header("origin", origin);
    let preflight = preflight.header("access-control-request-method", "PUT").send().await;
    assert_eq!((preflight.status, granted(&preflight)), (204, Some(origin)));
    let headers = preflight.header("access-control-allow-headers").unwrap();
    for header in ["Authorization", "Content-Type", "Cache-Control", "X-Pelcro-Sdk-Version"] {
        assert!(headers.contains(header), "{headers}");
    }
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("PUT"));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
    server.stop().await;
}
