//! A wall clock that jumps: what is refused, what is undone by a correction, and that nothing is forgotten by a wrong clock.

use crate::server::{Answer, PASSWORD, Server, Time, builder, master_key, profile};
use doorward::Doorward;
use doorward::domain::account::Settings;
use doorward::domain::email::Email;
use doorward::domain::text::Name;
use doorward::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use doorward::flows::login::LoginError;
use doorward::flows::{Client, Identity, Unavailable};
use doorward::hashing::Password;
use doorward_testkit::ManualClock;
use serde_json::json;
use std::sync::Arc;

const YEAR_MS: i64 = 365 * DAY_MS;
const EMAIL: &str = "ada@example.org";

/// A service whose wall clock and whose clock for waits are moved apart.
struct Apart {
    server: Server,
    wall: Arc<ManualClock>,
    monotonic: Arc<ManualClock>,
}

impl Apart {
    async fn start() -> Self {
        let (wall, monotonic) = (Arc::new(ManualClock::default()), Arc::new(ManualClock::default()));
        let (clock, time) = (Arc::clone(&wall), Arc::new(Time(Arc::clone(&monotonic))));
        let server = Server::start_with(|builder| builder.clocks(clock, time)).await;
        Self { server, wall, monotonic }
    }

    async fn guess(&self) -> Answer {
        self.server.login_with(&self.server.shop, "bob@example.org", "wrong").await
    }

    fn sessions(&self) -> usize {
        let customer = self.server.customer(EMAIL);
        self.server.account.view().sessions_of(customer).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_deletes_nothing_moves_no_wait_and_is_undone_by_a_correction() {
    // How far the wall clock jumps; what a check answers then; what a login answers.
    let table = [
        ("a leap second", -1_000, 200, 200),
        ("five minutes back", -5 * MINUTE_MS, 200, 200),
        ("a little more", -5 * MINUTE_MS - 1, 200, 503),
        ("an hour back, as local time in autumn", -HOUR_MS, 200, 503),
        ("a year back", -YEAR_MS, 200, 503),
        ("an hour ahead, as local time in spring", HOUR_MS, 200, 200),
        ("a day ahead", DAY_MS, 200, 200),
        ("a little more", DAY_MS + 1, 200, 503),
        ("a year ahead", YEAR_MS, 401, 503),
    ];
    for (jump, millis, check, login) in table {
        let apart = Apart::start().await;
        let server = &apart.server;
        let token = server.register(&server.shop, EMAIL).await.token();
        for _ in 0..10 {
            apart.guess().await.refused(404, "invalid_credentials");
        }
        let wait = apart.guess().await.refused(429, "too_many_attempts").header("retry-after").map(str::to_owned);

        apart.wall.step(millis);
        server.doorward.engine().sweep().await;
        assert_eq!(apart.sessions(), 1, "{jump}: nothing is forgotten");
        assert_eq!(server.read(&server.shop, &token).await.status, check, "{jump}");
        let guess = apart.guess().await;
        assert_eq!(guess.refused(429, "too_many_attempts").header("retry-after"), wait.as_deref(), "{jump}");
        let answer = server.login(&server.shop, EMAIL).await;
        assert_eq!(answer.status, login, "{jump}: {}", answer.text);
        if login == 503 {
            answer.refused(503, if millis < 0 { "clock_behind" } else { "clock_ahead" });
        }

        apart.wall.step(-millis);
        server.read(&server.shop, &token).await.data();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_that_really_passes_forgets_what_has_expired() {
    let apart = Apart::start().await;
    let server = &apart.server;
    server.register(&server.shop, EMAIL).await.data();
    for clock in [&apart.wall, &apart.monotonic] {
        clock.step(31 * DAY_MS);
    }
    server.doorward.engine().sweep().await;
    assert_eq!(apart.sessions(), 0);
    server.login(&server.shop, EMAIL).await.data();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_with_a_clock_behind_is_no_failed_attempt() {
    let apart = Apart::start().await;
    let server = &apart.server;
    server.register(&server.shop, EMAIL).await.data();
    apart.wall.step(-HOUR_MS);
    for _ in 0..15 {
        server.login(&server.shop, EMAIL).await.refused(503, "clock_behind");
    }
    let update = server.post("/api/v1/sdk/auth/register").site(&server.shop);
    let fields = json!({"email": "bob@example.org", "password": crate::server::PASSWORD});
    update.fields(fields).send().await.refused(503, "clock_behind");
    apart.wall.step(HOUR_MS);
    server.login(&server.shop, EMAIL).await.data();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_stamped_by_a_clock_far_ahead_until_an_operator_vouches_for_it() {
    let temp = tempfile::tempdir().unwrap();
    let start = |days: i64, vouched: bool| {
        let clock = Arc::new(ManualClock::default());
        clock.step(days * DAY_MS);
        let builder = builder(&clock).data_dir(temp.path().join("data")).master_key(master_key());
        if vouched { builder.confirm_clock() } else { builder }.open()
    };
    let identity = || Identity::Email(EMAIL.to_owned());
    let password = || Password::parse(PASSWORD).unwrap();
    let client = Client::default();
    let site = |doorward: &Doorward| doorward.accounts()[0].sites()[0].clone();
    let login = async |doorward: &Doorward| site(doorward).login(identity(), password(), &client).await;

    let doorward = start(0, false).await.unwrap();
    let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
    let shop = account.create_site(profile("shop.example.org"), Settings::default()).await.unwrap();
    let token = shop.register(Email::parse(EMAIL).unwrap(), password(), &client).await.unwrap().token;
    doorward.stop().await.unwrap();

    let doorward = start(400, false).await.unwrap();
    assert_eq!(login(&doorward).await.err(), Some(LoginError::Unavailable(Unavailable::ClockAhead)));
    doorward.engine().sweep().await;
    doorward.stop().await.unwrap();

    let doorward = start(0, false).await.unwrap();
    site(&doorward).check(token.expose()).unwrap();
    login(&doorward).await.unwrap();
    doorward.stop().await.unwrap();

    let doorward = start(400, true).await.unwrap();
    login(&doorward).await.unwrap();
    doorward.stop().await.unwrap();

    // The operator was wrong: the stamp of the future is there. It is in the way until somebody vouches for the right clock.
    let doorward = start(0, false).await.unwrap();
    assert_eq!(login(&doorward).await.err(), Some(LoginError::Unavailable(Unavailable::ClockBehind)));
    doorward.stop().await.unwrap();
    let doorward = start(0, true).await.unwrap();
    let issued = login(&doorward).await.unwrap();
    site(&doorward).check(issued.token.expose()).unwrap();
    doorward.stop().await.unwrap();
}
