//! The whole service as a client meets it: the real door on a real socket, over an engine in memory, with a clock that stands still.

mod answer;
mod call;

pub(crate) use answer::Answer;
pub(crate) use call::Call;

use doorward::clock::Monotonic;
use doorward::domain::account::Settings;
use doorward::domain::account::settings::Switch;
use doorward::domain::account::site::{Host, Origin, SiteProfile};
use doorward::domain::text::Name;
use doorward::domain::time::Clock;
use doorward::hashing::{Params, PoolConfig};
use doorward::http::address::TrustedProxies;
use doorward::http::context::Api;
use doorward::http::ops::Readiness;
use doorward::http::serve::Drained;
use doorward::http::server::{Front, front_door};
use doorward::tokens::MasterKey;
use doorward::{AccountHandle, Builder, Doorward, SiteHandle};
use doorward_testkit::{ManualClock, START};
use reqwest::Method;
use serde_json::json;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A password that every policy accepts.
pub(crate) const PASSWORD: &str = "plenty of tulips in May";
/// Another one.
pub(crate) const OTHER_PASSWORD: &str = "seven herons over the weir";

/// A running service: an account with `news`, where single-user authentication is on, and `shop`, where it is off; and another account
/// with a site of its own.
pub(crate) struct Server {
    pub(crate) doorward: Doorward,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) account: AccountHandle,
    pub(crate) news: SiteHandle,
    pub(crate) shop: SiteHandle,
    /// A site of another account.
    pub(crate) foreign: SiteHandle,
    pub(crate) address: std::net::SocketAddr,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
}

/// The clock for ages and waits, moved together with a wall clock.
#[derive(Debug)]
pub(crate) struct Time(pub(crate) Arc<ManualClock>);

impl Monotonic for Time {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.now().since(START).unsigned_abs())
    }
}

/// Hashes that cost next to nothing: for tests that are not about their cost.
pub(crate) const CHEAP: Params = Params { memory_kib: 64, iterations: 1, parallelism: 1 };

/// The master key of an engine over a directory.
pub(crate) fn master_key() -> MasterKey {
    MasterKey::parse("1f0e2d3c4b5a69788796a5b4c3d2e1f01f0e2d3c4b5a69788796a5b4c3d2e1f0").unwrap()
}

/// A pool of cheap hashes with room for crowds.
pub(crate) fn cheap_hashing() -> PoolConfig {
    PoolConfig {
        threads: NonZeroUsize::MIN.saturating_add(1),
        queue_len_max: 4_096,
        queue_len_max_per_account: 4_096,
        queue_age_max: Duration::from_secs(60),
        params: CHEAP,
        ..PoolConfig::default()
    }
}

/// An engine in memory with cheap hashes, no quota for addresses, and a clock that stands still.
pub(crate) fn builder(clock: &Arc<ManualClock>) -> Builder {
    let monotonic = Arc::new(Time(Arc::clone(clock)));
    let wall: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let builder = Doorward::builder().in_memory().hashing(cheap_hashing()).clocks(wall, monotonic);
    builder.registrations_per_address(None).logins_per_address(None).issuer("https://id.example.org")
}

pub(crate) fn profile(host: &str) -> SiteProfile {
    SiteProfile { name: Name::parse("A Site").unwrap(), host: Host::parse(host).unwrap(), origins: Vec::new() }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// Starts over an engine that is built a little differently. What the peer says of client addresses is believed.
    pub(crate) async fn start_with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(ManualClock::default());
        let doorward = change(builder(&clock)).open().await.unwrap();
        let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
        let rule = Settings { single_user_authentication: Switch::On, ..Settings::default() };
        let news = account.create_site(profile("news.example.org"), rule).await.unwrap();
        let shop = account.create_site(profile("shop.example.org"), Settings::default()).await.unwrap();
        let other = doorward.create_account(Name::parse("Another House").unwrap()).await.unwrap();
        let foreign = other.create_site(profile("foreign.example.net"), Settings::default()).await.unwrap();
        Self::serve(doorward, clock, account, [news, shop, foreign]).await
    }

    /// Stops, and starts again over an engine that is built in the same way: over the same directory, or it has forgotten everything.
    pub(crate) async fn restarted(self, change: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::clone(&self.clock);
        let account = self.account.id();
        let sites = [self.news.id(), self.shop.id(), self.foreign.id()];
        self.stop().await;
        let doorward = change(builder(&clock)).open().await.unwrap();
        let account = doorward.account(account).unwrap();
        let sites = sites.map(|site| doorward.site(site).unwrap());
        Self::serve(doorward, clock, account, sites).await
    }

    async fn serve(
        doorward: Doorward,
        clock: Arc<ManualClock>,
        account: AccountHandle,
        [news, shop, foreign]: [SiteHandle; 3],
    ) -> Self {
        let store = doorward.store().clone();
        let ready = Arc::new(move || if store.is_writing() { Readiness::Ready } else { Readiness::ReadOnly });
        let proxies = TrustedProxies::new(vec!["127.0.0.1".parse().unwrap()]);
        let api = Api::new(Arc::clone(doorward.engine()), ready);
        let front = front_door(api, Front { proxies, ..Front::default() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(front.run(listener, async {
            drop(stopped.await);
        }));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { doorward, clock, account, news, shop, foreign, address, http, stop, serving }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(&self.http, method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// Registers with [`PASSWORD`].
    pub(crate) async fn register(&self, site: &SiteHandle, email: &str) -> Answer {
        let body = json!({"email": email, "password": PASSWORD});
        self.post("/api/v1/sdk/auth/register").site(site).fields(body).send().await
    }

    /// Logs in with [`PASSWORD`].
    pub(crate) async fn login(&self, site: &SiteHandle, email: &str) -> Answer {
        self.login_with(site, email, PASSWORD).await
    }

    pub(crate) async fn login_with(&self, site: &SiteHandle, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/v1/sdk/auth/login").site(site).fields(body).send().await
    }

    /// Reads the customer whose token it is.
    pub(crate) async fn read(&self, site: &SiteHandle, token: &str) -> Answer {
        self.post("/api/v1/sdk/customer").site(site).bearer(token).send().await
    }

    /// Changes the settings of a site.
    pub(crate) async fn set(&self, site: &SiteHandle, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.account.view().site(site.id()).unwrap().settings.clone();
        change(&mut settings);
        site.update(None, Some(settings)).await.unwrap();
    }

    /// Registers the origins of a site.
    pub(crate) async fn set_origins(&self, site: &SiteHandle, origins: &[&str]) {
        let origins = origins.iter().map(|origin| Origin::parse(origin).unwrap()).collect();
        let profile = SiteProfile { origins, ..self.account.view().site(site.id()).unwrap().profile.clone() };
        site.update(Some(profile), None).await.unwrap();
    }

    /// The id of the customer with this e-mail.
    pub(crate) fn customer(&self, email: &str) -> doorward::domain::ids::CustomerId {
        let email = doorward::domain::email::Email::parse(email).unwrap();
        self.account.find_customer(&email.key()).unwrap().id
    }

    pub(crate) fn step_secs(&self, secs: i64) {
        self.clock.step(secs * 1_000);
    }

    pub(crate) fn step_days(&self, days: i64) {
        self.step_secs(days * 86_400);
    }

    /// Stops the door and the engine in order.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        let drained = self.serving.await.unwrap();
        assert_eq!(drained.cut, 0, "no request was cut");
        self.doorward.stop().await.unwrap();
    }
}
