//! Builds an engine step by step.

use super::Doorward;
use crate::app::{App, Data, Options, StartError};
use crate::clock::Monotonic;
use crate::entropy::{Entropy, SystemEntropy};
use crate::flows::Issuer;
use crate::hashing::PoolConfig;
use crate::storage::{NoProgress, Progress};
use crate::throttle::Quota;
use crate::tokens::MasterKey;
use doorward_domain::account::command::ClockTrust;
use doorward_domain::time::Clock;
use std::path::PathBuf;
use std::sync::Arc;

/// What an engine is built from. Only a place for the data is needed, and a master key when that place is a directory.
#[derive(Debug)]
pub struct Builder {
    options: Options,
    has_master_key: bool,
    progress: Box<dyn Progress>,
}

/// Why an engine was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A data directory needs the master key that its private keys are sealed with.
    #[error("a data directory needs a master key")]
    MasterKeyMissing,
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Builder {
    pub(super) fn new() -> Self {
        let options = Options::new(Data::Memory, MasterKey::generate(&SystemEntropy), Issuer::new("http://localhost"));
        Self { options, has_master_key: false, progress: Box::new(NoProgress) }
    }

    /// Keeps the state in a directory, which is created if it does not exist.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.data = Data::Directory(path.into());
        self
    }

    /// Keeps the state in memory alone. This is the default.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.options.data = Data::Memory;
        self
    }

    /// The key that private keys are sealed with. Keep it outside of the data directory; without it no token can be issued any more.
    #[must_use]
    pub fn master_key(mut self, key: MasterKey) -> Self {
        self.options.master_key = key;
        self.has_master_key = true;
        self
    }

    /// The address under which the front door is reached, as tokens name it: `https://id.example.org`.
    #[must_use]
    pub fn issuer(mut self, base: &str) -> Self {
        self.options.issuer = Issuer::new(base);
        self
    }

    /// The hashing pool: threads, bounds and cost.
    #[must_use]
    pub fn hashing(mut self, config: PoolConfig) -> Self {
        self.options.hashing = config;
        self
    }

    /// How many customers one address may register; `None` for no limit. Requests without an address are not limited.
    #[must_use]
    pub fn registrations_per_address(mut self, quota: Option<Quota>) -> Self {
        self.options.registrations = quota;
        self
    }

    /// How many logins one address may try; `None` for no limit.
    #[must_use]
    pub fn logins_per_address(mut self, quota: Option<Quota>) -> Self {
        self.options.logins = quota;
        self
    }

    /// Vouches for the clock after an absence of more than 30 days, so that what has expired since may be deleted.
    #[must_use]
    pub fn confirm_clock(mut self) -> Self {
        self.options.clock_trust = ClockTrust::Confirmed;
        self
    }

    /// Another wall clock and another monotonic one, for tests.
    #[must_use]
    pub fn clocks(mut self, clock: Arc<dyn Clock>, monotonic: Arc<dyn Monotonic>) -> Self {
        self.options.clock = clock;
        self.options.monotonic = monotonic;
        self
    }

    /// Another source of randomness, for tests.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.options.entropy = entropy;
        self
    }

    /// Changes any option; see [`Options`].
    #[must_use]
    pub fn tune(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Who is told how far recovery has come.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Opens the data, replays it and starts the engine. Must be called on a tokio runtime with more than one thread.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(self) -> Result<Doorward, OpenError> {
        if matches!(self.options.data, Data::Directory(_)) && !self.has_master_key {
            return Err(OpenError::MasterKeyMissing);
        }
        Ok(Doorward::from_app(App::start(self.options, self.progress).await?))
    }
}
