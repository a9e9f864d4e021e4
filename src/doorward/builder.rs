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

/// What an engine is built from. In memory nothing has to be said; a data directory needs a master key and an issuer.
#[derive(Debug)]
pub struct Builder {
    options: Options,
    master_key: Option<MasterKey>,
    issuer: Option<Issuer>,
    progress: Box<dyn Progress>,
}

/// Why an engine was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A data directory needs the master key that its private keys are sealed with.
    #[error("a data directory needs a master key")]
    MasterKeyMissing,
    /// A data directory needs the issuer that its tokens name: they are verified by it long after this start.
    #[error("a data directory needs an issuer")]
    IssuerMissing,
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Builder {
    pub(super) fn new() -> Self {
        let options = Options::new(Data::Memory, MasterKey::generate(&SystemEntropy), Issuer::new("http://localhost"));
        Self { options, master_key: None, issuer: None, progress: Box::new(NoProgress) }
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
        self.master_key = Some(key);
        self
    }

    /// The address under which tokens name this engine and their keys are published: `https://id.example.org`.
    #[must_use]
    pub fn issuer(mut self, base: &str) -> Self {
        self.issuer = Some(Issuer::new(base));
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
        let Self { mut options, master_key, issuer, progress } = self;
        let is_kept = matches!(options.data, Data::Directory(_));
        match master_key {
            Some(key) => options.master_key = key,
            None if is_kept => return Err(OpenError::MasterKeyMissing),
            None => {}
        }
        match issuer {
            Some(issuer) => options.issuer = issuer,
            None if is_kept => return Err(OpenError::IssuerMissing),
            None => {}
        }
        Ok(Doorward::from_app(App::start(options, progress).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_data_directory_is_not_opened_without_a_master_key_or_an_issuer() {
        let key = || MasterKey::generate(&SystemEntropy);
        let builder = || Doorward::builder().data_dir("never/made");
        assert!(matches!(builder().issuer("https://id.example.org").open().await, Err(OpenError::MasterKeyMissing)));
        assert!(matches!(builder().master_key(key()).open().await, Err(OpenError::IssuerMissing)));
        assert!(!std::path::Path::new("never").exists());
    }
}
