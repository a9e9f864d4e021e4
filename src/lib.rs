//! Doorward: a customer-identity engine.
//!
//! A business (an *account*) has sites; its customers log in on them, once for all sites. Doorward keeps each account in one actor in
//! memory: unique e-mails, exact session rules, instant revocation, session checks without a lock, and every acknowledged change on
//! disk, with no outside database.
//!
//! ```
//! use doorward::{Client, Doorward, Email, Host, Identity, Name, Password, Settings, SiteProfile};
//!
//! # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let doorward = Doorward::builder().in_memory().open().await?;
//! let account = doorward.create_account(Name::parse("Example Press")?).await?;
//! let profile = SiteProfile { name: Name::parse("News")?, host: Host::parse("news.example.org")?, origins: Vec::new() };
//! let news = account.create_site(profile, Settings::default()).await?;
//!
//! let client = Client::default();
//! let password = || Password::parse("plenty of tulips in May");
//! news.register(Email::parse("ada@example.org")?, password()?, &client).await?;
//! let login = news.login(Identity::Email("ADA@example.org".into()), password()?, &client).await?;
//! assert_eq!(news.check(login.token.expose())?.customer(), login.customer.id);
//!
//! news.logout(login.token.expose(), &client).await?;
//! assert!(news.check(login.token.expose()).is_err());
//! doorward.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! * [`domain`]: the pure core, a crate of its own: what an account is and what the rules are.
//! * [`flows`]: the journeys, one file each: register, log in, refresh, log out …
//! * [`actors`]: one actor for each account decides every change; readers take the last durable value without a lock.
//! * [`storage`]: the journal, the snapshots, recovery and repair.
//! * [`hashing`], [`tokens`], [`throttle`]: passwords, auth_tokens, and how often somebody may try.
//! * `webhooks` (feature `server`): what other services are told, signed and sent.
//! * [`app`]: wires all rooms and owns the order of start and stop. [`Doorward`] is its public face.
//! * `http`, `cli`, `config` (feature `server`): the front door and the command line.

pub use doorward_domain as domain;

pub mod actors;
pub mod app;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
mod doorward;
pub mod flows;
pub mod hashing;
#[cfg(feature = "server")]
pub mod http;
pub mod storage;
pub mod throttle;
pub mod tokens;
#[cfg(feature = "server")]
pub mod webhooks;

pub mod clock;
pub mod entropy;
#[cfg(feature = "server")]
pub mod telemetry;

// What an embedding program begins with; the rest is found by the map above.
pub use doorward::{AccountHandle, Builder, Doorward, OpenError, SiteHandle};
pub use doorward_domain::account::site::{Host, Origin, SiteProfile};
pub use doorward_domain::account::{Customer, Refusal, Settings};
pub use doorward_domain::email::Email;
pub use doorward_domain::text::Name;
pub use flows::{AuthToken, CheckError, Checked, Client, Identity, Issued, Password, Unavailable};
pub use tokens::MasterKey;
