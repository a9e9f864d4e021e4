//! Two at the same moment: whichever is decided first, exactly one wins, and the loser knows. In process, so that a thousand rounds are
//! soon over; the door above adds nothing that decides.

use crate::server::{PASSWORD, Server, builder, profile};
use doorward::SiteHandle;
use doorward::domain::account::settings::Switch;
use doorward::domain::account::{Refusal, Settings};
use doorward::domain::email::Email;
use doorward::domain::text::Name;
use doorward::flows::login::LoginError;
use doorward::flows::register::RegisterError;
use doorward::flows::{CheckError, Client, Identity, Issued, Password};
use doorward_testkit::ManualClock;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Barrier;

const ROUNDS: usize = 1_000;

fn password() -> Password {
    Password::parse(PASSWORD).unwrap()
}

/// Runs both at the same moment, on tasks of their own.
async fn both<T: Send + 'static>(
    one: impl Future<Output = T> + Send + 'static,
    other: impl Future<Output = T> + Send + 'static,
) -> [T; 2] {
    let start = Arc::new(Barrier::new(2));
    let started = Arc::clone(&start);
    let one = tokio::spawn(async move {
        started.wait().await;
        one.await
    });
    let other = tokio::spawn(async move {
        start.wait().await;
        other.await
    });
    [one.await.unwrap(), other.await.unwrap()]
}

fn register(site: &SiteHandle, email: String) -> impl Future<Output = Result<Issued, RegisterError>> + use<> {
    let site = site.clone();
    async move { site.register(Email::parse(&email).unwrap(), password(), &Client::default()).await }
}

fn login(site: &SiteHandle, email: &str) -> impl Future<Output = Result<Issued, LoginError>> + use<> {
    let (site, identity) = (site.clone(), Identity::Email(email.to_owned()));
    async move { site.login(identity, password(), &Client::default()).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_registrations_of_one_email_exactly_one_succeeds() {
    let clock = Arc::new(ManualClock::default());
    let doorward = builder(&clock).open().await.unwrap();
    let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
    let news = account.create_site(profile("news.example.org"), Settings::default()).await.unwrap();
    let shop = account.create_site(profile("shop.example.org"), Settings::default()).await.unwrap();
    for round in 0..ROUNDS {
        // Ids are drawn from the millisecond and twelve random bits: a thousand of one millisecond would collide.
        clock.step(1);
        let email = format!("ada{round}@example.org");
        let answers = both(register(&news, email.clone()), register(&shop, email.to_uppercase())).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1), "round {round}");
        assert_eq!(lost[0].as_ref().err(), Some(&RegisterError::EmailTaken), "round {round}");
        let issued = won[0].as_ref().unwrap();
        assert_eq!(news.check(issued.token.expose()).unwrap().customer(), issued.customer.id);
    }
    assert_eq!(account.view().customers_len(), ROUNDS);
    doorward.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_logins_under_the_rule_the_last_in_the_journal_is_accepted_and_no_other() {
    let doorward = builder(&Arc::new(ManualClock::default())).open().await.unwrap();
    let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
    let rule = Settings { single_user_authentication: Switch::On, ..Settings::default() };
    let news = account.create_site(profile("news.example.org"), rule).await.unwrap();
    let email = "ada@example.org";
    let customer = register(&news, email.to_owned()).await.unwrap().customer.id;
    for round in 0..ROUNDS {
        let [one, other] = both(login(&news, email), login(&news, email)).await.map(Result::unwrap);
        let last = account.view().customer(customer).unwrap().last_open;
        let (loser, winner) = if last == Some(one.session) { (other, one) } else { (one, other) };
        assert_eq!(last, Some(winner.session), "round {round}: the session that was opened last is one of the two");
        assert_eq!(news.check(winner.token.expose()).unwrap().accepted.session.id, winner.session);
        let refused = news.check(loser.token.expose()).err();
        assert!(
            matches!(refused, Some(CheckError::Refused(Refusal::Superseded | Refusal::Ended(_)))),
            "round {round}: {refused:?}"
        );
        assert_eq!(account.view().sessions_of(customer).filter(|session| session.end.is_none()).count(), 1);
    }
    doorward.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_holds_through_the_door() {
    let server = Server::start().await;
    for round in 0..20 {
        let email = format!("ada{round}@example.org");
        let (one, other) = tokio::join!(server.register(&server.news, &email), server.register(&server.shop, &email));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{} {}", one.text, other.text);
        let (one, other) = tokio::join!(server.login(&server.news, &email), server.login(&server.news, &email));
        let (one, other) = (one.token(), other.token());
        let mut statuses =
            [server.read(&server.news, &one).await.status, server.read(&server.news, &other).await.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_that_was_answered_is_seen_by_every_later_check() {
    let server = Server::start().await;
    server.register(&server.shop, "ada@example.org").await.data();
    for _ in 0..50 {
        let token = server.login(&server.shop, "ada@example.org").await.token();
        let logout = server.post("/api/v1/sdk/auth/logout").site(&server.shop).bearer(&token).send();
        let (answer, _during) = tokio::join!(logout, server.read(&server.shop, &token));
        assert_eq!(answer.status, 200);
        server.read(&server.shop, &token).await.refused(403, "session_revoked");
        let refresh = server.post("/api/v1/sdk/customer/refresh").site(&server.shop).bearer(&token);
        refresh.fields(json!({})).send().await.refused(403, "session_revoked");
    }
    server.stop().await;
}
