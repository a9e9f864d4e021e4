//! The composition root: builds every room, wires the handles, and owns the order of start and stop.
//!
//! **Start**: crypto, storage (recovery), hashing pool, actors, unfinished accounts, housekeeping.
//! **Stop**: housekeeping, actors drained, hashing pool, journal flushed, last snapshot, lock released. The front door, if there is
//! one, is closed before all this.

use crate::actors::directory::{Bounds, SpawnError};
use crate::actors::{Directory, View};
use crate::clock::{Monotonic, SystemClock, SystemMonotonic};
use crate::entropy::{Entropy, SystemEntropy};
use crate::flows::housekeeping::Keeper;
use crate::flows::provision::ProvisionError;
use crate::flows::{Engine, Issuer, Keys};
use crate::hashing::{self, Pool, PoolConfig};
use crate::storage::{self, Progress, Store};
use crate::throttle::{Attempts, PerAddress, Quota};
use crate::tokens::{self, MasterKey};
use doorward_domain::account;
use doorward_domain::account::command::ClockTrust;
use doorward_domain::ids::AccountId;
use doorward_domain::time::{Clock, Timestamp};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// How long an actor may take to decide what is in its mailbox when the engine stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Everything the engine is built from.
pub struct Options {
    /// Where the state lives.
    pub data: Data,
    /// What private keys are sealed with.
    pub master_key: MasterKey,
    /// The address tokens name as their issuer.
    pub issuer: Issuer,
    /// The hashing pool.
    pub hashing: PoolConfig,
    /// How many writes may be under way.
    pub bounds: Bounds,
    /// How the journal and the snapshots are laid out.
    pub storage: storage::Options,
    /// Registrations of one address.
    pub registrations: Option<Quota>,
    /// Logins of one address, whatever comes of them.
    pub logins: Option<Quota>,
    /// Whether an operator vouches for the clock after a long absence.
    pub clock_trust: ClockTrust,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The clock for ages and waits.
    pub monotonic: Arc<dyn Monotonic>,
    /// The source of ids, keys and salts.
    pub entropy: Arc<dyn Entropy>,
}

/// Where the state lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In a directory, safe against crashes and power cuts.
    Directory(PathBuf),
    /// In memory alone: for tests, and for embedding what needs no disk.
    Memory,
}

impl Options {
    /// The defaults, over the machine's clock and randomness.
    #[must_use]
    pub fn new(data: Data, master_key: MasterKey, issuer: Issuer) -> Self {
        Self {
            data,
            master_key,
            issuer,
            hashing: PoolConfig::default(),
            bounds: Bounds::default(),
            storage: storage::Options::default(),
            registrations: Some(Quota::REGISTRATIONS),
            logins: Some(Quota::LOGINS),
            clock_trust: ClockTrust::Unconfirmed,
            clock: Arc::new(SystemClock),
            monotonic: Arc::new(SystemMonotonic::start()),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("data", &self.data).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state cannot be opened.
    #[error("the data cannot be opened")]
    Storage(#[from] storage::Error),
    /// The hashing pool cannot be started.
    #[error("the hashing pool cannot be started")]
    Hashing(#[from] hashing::Error),
    /// An actor cannot be started.
    #[error(transparent)]
    Actors(#[from] SpawnError),
    /// The signing keys of an account cannot be opened: most likely this is not the master key they were sealed with.
    #[error("the signing keys of account {account} cannot be opened with this master key")]
    Keys {
        /// Whose.
        account: AccountId,
        /// Why.
        #[source]
        source: tokens::Error,
    },
    /// An account that was registered and never opened cannot be opened now.
    #[error("an unfinished account cannot be opened")]
    Unfinished(#[from] ProvisionError),
    /// A thread that prepares a part of the engine has died.
    #[error("a thread that prepares the engine has died")]
    Lost,
}

/// Why the engine did not stop as it should. Nothing that was acknowledged is lost: the next start replays the journal.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The last snapshot could not be written, or writing had ended before.
    #[error("the last snapshot was not written")]
    Storage(#[from] storage::Error),
    /// The thread that stops a part of the engine has died.
    #[error("the thread that stops the engine has died")]
    Lost,
}

/// A running engine with everything that must be stopped in order.
#[derive(Debug)]
pub struct App {
    engine: Arc<Engine>,
    store: Store,
    storage: Option<storage::Running>,
    housekeeping: AbortHandle,
}

impl App {
    /// Opens the data, replays it, and starts everything.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(options: Options, progress: Box<dyn Progress>) -> Result<Self, StartError> {
        tokens::install_crypto();
        let opened = open_storage(&options, progress).await?;
        let newest = opened.accounts.iter().map(|recovered| recovered.state.root().last_stamp).max();
        let store = opened.store.clone();
        let hashing = start_hashing(&options, &store).await?;
        let accounts = opened
            .accounts
            .into_iter()
            .map(|recovered| View { state: Arc::new(recovered.state), aggregate_seq: recovered.aggregate_seq });
        let accounts: Vec<_> = accounts.collect();
        let keys = Keys::new(options.master_key, options.issuer);
        let (keys, accounts) = off_runtime(move || keys_open(&keys, &accounts).map(|()| (keys, accounts)))
            .await
            .ok_or(StartError::Lost)??;
        let platform = View { state: Arc::new(opened.platform.state), aggregate_seq: opened.platform.aggregate_seq };
        let directory = Directory::start(platform, accounts, store.clone(), options.bounds).await?;
        let began = (options.clock.now(), options.monotonic.elapsed());
        let engine = Arc::new(Engine {
            directory,
            hashing,
            keys,
            attempts: Attempts::default(),
            registrations: PerAddress::new(options.registrations),
            logins: PerAddress::new(options.logins),
            housekeeping: Keeper::start(began, newest.filter(|at| *at > Timestamp::EPOCH), options.clock_trust),
            clock: options.clock,
            monotonic: options.monotonic,
            entropy: options.entropy,
        });
        finish_accounts(&engine).await?;
        let housekeeping = watched(Arc::clone(&engine).keep_house(), store.clone());
        Ok(Self { engine, store, storage: Some(opened.running), housekeeping })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The way to the disk: its status and its counters.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Stops everything in order; what was acknowledged is on disk, and a last snapshot makes the next start quick.
    ///
    /// # Errors
    /// [`StopError`] when the last snapshot could not be written; the journal still has everything that was acknowledged.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.housekeeping.abort();
        self.engine.directory.drain(DRAIN).await;
        let engine = Arc::clone(&self.engine);
        off_runtime(move || engine.hashing.stop()).await.ok_or(StopError::Lost)?;
        let Some(storage) = self.storage.take() else { return Ok(()) };
        Ok(off_runtime(move || storage.stop()).await.ok_or(StopError::Lost)??)
    }
}

/// An engine that is dropped without a stop ends as in a crash: nothing acknowledged is lost, and nothing goes on running.
impl Drop for App {
    fn drop(&mut self) {
        self.housekeeping.abort();
    }
}

async fn open_storage(options: &Options, mut progress: Box<dyn Progress>) -> Result<storage::Opened, StartError> {
    // A full queue of the journal would be fatal, so it holds whatever the door lets in.
    let storage_options = storage::Options { queue_len_max: options.bounds.writes_max, ..options.storage.clone() };
    let entropy = Arc::clone(&options.entropy);
    match options.data.clone() {
        Data::Memory => Ok(storage::in_memory(&storage_options)?),
        Data::Directory(path) => {
            let opened = off_runtime(move || {
                storage::open(&path, &storage_options, &mut |bytes: &mut [u8]| entropy.fill(bytes), &mut *progress)
            });
            Ok(opened.await.ok_or(StartError::Lost)??)
        }
    }
}

/// Runs slow work on a thread of its own; `None` when it panicked.
async fn off_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("doorward-storage".to_owned()).spawn(move || {
        let _gone = sender.send(work());
    });
    match thread {
        Ok(_) => receiver.await.ok(),
        Err(_) => None,
    }
}

async fn start_hashing(options: &Options, store: &Store) -> Result<Pool, StartError> {
    let store = store.clone();
    let on_lost = Arc::new(move || {
        tracing::error!("a hashing thread is lost; all writing ends until the next start");
        store.fail();
    });
    let (entropy, monotonic) = (Arc::clone(&options.entropy), Arc::clone(&options.monotonic));
    off_runtime(hashing::strength::warm_up).await.ok_or(StartError::Lost)?;
    Ok(Pool::start(options.hashing.clone(), entropy, monotonic, on_lost)?)
}

/// Runs a task that never ends by itself. No task dies alone: its panic ends all writing, and health turns red.
pub(crate) fn watched(task: impl Future<Output = ()> + Send + 'static, store: Store) -> AbortHandle {
    let task = tokio::spawn(task);
    let handle = task.abort_handle();
    tokio::spawn(async move {
        if task.await.is_err_and(|error| error.is_panic()) {
            tracing::error!("a background task is lost; all writing ends until the next start");
            store.fail();
        }
    });
    handle
}

/// A wrong master key is found at the start, not at the first login.
fn keys_open(keys: &Keys, accounts: &[View<account::State>]) -> Result<(), StartError> {
    for view in accounts.iter().filter(|view| view.state.is_open()) {
        let account = view.state.root().id;
        keys.ring(&view.state).map_err(|source| StartError::Keys { account, source })?;
    }
    Ok(())
}

/// Finishes what a crash left between the platform and an account.
async fn finish_accounts(engine: &Engine) -> Result<(), ProvisionError> {
    let platform = engine.directory.platform().view();
    for known in platform.accounts() {
        let is_open = engine.directory.account(known.id).is_some_and(|handle| handle.peek().state.is_open());
        if !is_open {
            engine.open_account(known.id, known.name.clone()).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn a_background_task_that_panics_ends_all_writing() {
        let opened = storage::in_memory(&storage::Options::default()).unwrap();
        assert!(opened.store.is_writing());
        drop(watched(async { panic!("planted") }, opened.store.clone()));
        while opened.store.is_writing() {
            tokio::task::yield_now().await;
        }
    }
}
