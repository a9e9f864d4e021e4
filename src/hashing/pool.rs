//! The hashing pool: a few niced threads, a short fair queue, and one answer a request.
//!
//! It bounds what a flood of logins can cost (`security.md` D4): memory by its threads, waiting by the queue's length
//! and age, and one account's share of both. It never hashes on the caller's thread.

mod queue;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use doorward_domain::ids::AccountId;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::phc::{Decoded, OUTPUT_LEN_NEW, SALT_LEN_NEW};
use super::{Context, Error, Estimate, Params, Password, PhcString};
use crate::clock::Monotonic;
use crate::entropy::{Entropy, draw};
use queue::{Against, Gate, Job, Queue, Work};

/// Requests that wait, over all accounts.
pub const QUEUE_LEN_MAX: usize = 64;
/// Requests that wait, of one account: half, so that a flood on one leaves room for the others.
pub const QUEUE_LEN_MAX_PER_ACCOUNT: usize = QUEUE_LEN_MAX / 2;
/// A request that has waited longer is refused instead of hashed: its caller has given up, or should.
pub const QUEUE_AGE_MAX: Duration = Duration::from_secs(2);
/// A thread without work for this long gives its memory back.
pub const IDLE_RELEASE: Duration = Duration::from_secs(10);
/// When a refused caller may try again.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The nice value of the threads: serving threads beside them wake up in time.
pub const NICE: i32 = 10;

/// The size and the cost of a pool.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Hashing threads; each holds the memory of one hash while it works.
    pub threads: NonZeroUsize,
    /// Waiting requests over all accounts.
    pub queue_len_max: usize,
    /// Waiting requests of one account.
    pub queue_len_max_per_account: usize,
    /// The longest wait.
    pub queue_age_max: Duration,
    /// How long an idle thread keeps its memory.
    pub idle_release: Duration,
    /// The cost of new hashes.
    pub params: Params,
}

impl Default for PoolConfig {
    /// One thread a core, the bounds of this module, the default [`Params`].
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_len_max: QUEUE_LEN_MAX,
            queue_len_max_per_account: QUEUE_LEN_MAX_PER_ACCOUNT,
            queue_age_max: QUEUE_AGE_MAX,
            idle_release: IDLE_RELEASE,
            params: Params::default(),
        }
    }
}

/// What is done once, on the dying thread, when a hashing thread panics.
pub type OnLost = Arc<dyn Fn() + Send + Sync>;

/// What a verification found.
#[must_use]
#[derive(Debug)]
pub enum Verdict {
    /// The password is the one that was hashed.
    Match {
        /// The password again, if its stored hash is weaker than the pool's parameters: hash it once more.
        rehash: Option<Password>,
    },
    /// It is another one, or there was nothing to compare with.
    NoMatch,
}

/// A running pool. Dropping it finishes what is queued and joins the threads.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What callers and threads share.
struct Shared {
    config: PoolConfig,
    entropy: Arc<dyn Entropy>,
    monotonic: Arc<dyn Monotonic>,
    on_lost: OnLost,
    /// A hash of nothing: salt and output are random, so no password is known to match, and none is let.
    decoy: PhcString,
    queue: Mutex<Queue>,
    wake: Condvar,
    runs: AtomicU64,
    held_bytes: AtomicUsize,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// [`Error::Params`] for a cost outside the ceilings of a stored hash, [`Error::Thread`].
    pub fn start(
        config: PoolConfig,
        entropy: Arc<dyn Entropy>,
        monotonic: Arc<dyn Monotonic>,
        on_lost: OnLost,
    ) -> Result<Self, Error> {
        config.params.check().map_err(Error::Params)?;
        let threads = config.threads;
        let shared = Shared::new(config, entropy, monotonic, on_lost);
        let pool = Self { shared: Arc::new(shared), threads: Mutex::new(Vec::new()) };
        for number in 0..threads.get() {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new()
                .name(format!("doorward-hash-{number}"))
                .spawn(move || worker::run(&shared))
                .map_err(Error::Thread)?;
            lock(&pool.threads).push(thread);
        }
        Ok(pool)
    }

    /// Hashes a new password of a customer of `account`, with a fresh salt and the pool's parameters.
    ///
    /// Dropping the future gives the place in the queue back.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`] before any work; [`Error::Lost`], [`Error::Stopped`], [`Error::OutOfMemory`].
    pub async fn hash(&self, account: AccountId, password: Password) -> Result<PhcString, Error> {
        self.submit(account, |reply| Work::Hash { password, reply }).await
    }

    /// Compares a password with a stored hash, at the cost that hash asks for.
    ///
    /// `None`, for a customer who does not exist or has no password, runs the same code over a decoy with the pool's
    /// own parameters, and never matches. Dropping the future gives the place in the queue back.
    ///
    /// # Errors
    ///
    /// As [`Pool::hash`].
    pub async fn verify(
        &self,
        account: AccountId,
        password: Password,
        against: Option<PhcString>,
    ) -> Result<Verdict, Error> {
        let against = match against {
            Some(hash) => Against::Stored(hash),
            // Read anew, as a stored hash was: that takes microseconds, and they would tell.
            None => Against::Decoy(PhcString::parse(self.shared.decoy.expose()).map_err(Error::Params)?),
        };
        self.submit(account, |reply| Work::Verify { password, against, reply }).await
    }

    /// Estimates a new password, and gives it back: a made-up one can take 100 ms, too long for a serving thread.
    ///
    /// # Errors
    ///
    /// As [`Pool::hash`].
    pub async fn estimate(
        &self,
        account: AccountId,
        password: Password,
        context: Context,
    ) -> Result<(Password, Estimate), Error> {
        self.submit(account, |reply| Work::Estimate { password, context, reply }).await
    }

    /// The cost of new hashes.
    #[must_use]
    pub fn params(&self) -> Params {
        self.shared.config.params
    }

    /// Hash runs since the start, decoys included.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.shared.runs.load(Ordering::Relaxed)
    }

    /// Requests that wait for a thread now.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.shared.queue().len()
    }

    /// Bytes of hashing memory that the threads hold now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.shared.held_bytes.load(Ordering::Relaxed)
    }

    /// Whether every thread is alive.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.shared.queue().gate() != Gate::Lost
    }

    /// Takes no more requests, finishes those that wait, and joins the threads. A second call does nothing.
    pub fn stop(&self) {
        self.shared.queue().stop();
        self.shared.wake.notify_all();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            // A thread that panicked has reported itself.
            let _reported = thread.join();
        }
    }

    async fn submit<T>(
        &self,
        account: AccountId,
        work: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Work + Send,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let mut ticket = self.shared.enqueue(account, work(reply))?;
        let answered = answer.await;
        ticket.spent = true;
        answered.unwrap_or_else(|_sender_dropped| Err(self.shared.refusal()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// A place in the queue; dropped before its answer came, it gives the place back.
struct Ticket<'pool> {
    shared: &'pool Shared,
    account: AccountId,
    job: u64,
    spent: bool,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.spent {
            // Bound first: the password in it is wiped after the lock is let go.
            let abandoned = self.shared.queue().remove(self.account, self.job);
            drop(abandoned);
        }
    }
}

impl Shared {
    fn new(config: PoolConfig, entropy: Arc<dyn Entropy>, monotonic: Arc<dyn Monotonic>, on_lost: OnLost) -> Self {
        let decoy = PhcString::from_parts(Decoded {
            params: config.params,
            salt: draw::<SALT_LEN_NEW>(&*entropy).to_vec(),
            output: Zeroizing::new(draw::<OUTPUT_LEN_NEW>(&*entropy).to_vec()),
        });
        let queue = Queue::new(config.queue_len_max, config.queue_len_max_per_account);
        Self {
            config,
            entropy,
            monotonic,
            on_lost,
            decoy,
            queue: Mutex::new(queue),
            wake: Condvar::new(),
            runs: AtomicU64::new(0),
            held_bytes: AtomicUsize::new(0),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    fn enqueue(&self, account: AccountId, work: Work) -> Result<Ticket<'_>, Error> {
        let now = self.monotonic.elapsed();
        // Bound first: a refused job, with its password, is dropped after the lock is let go.
        let queued = self.queue().push(account, now, work);
        match queued {
            Ok(job) => {
                self.wake.notify_one();
                Ok(Ticket { shared: self, account, job, spent: false })
            }
            Err(refused) if refused.gate == Gate::Open => Err(Error::Overloaded { retry_after: RETRY_AFTER }),
            Err(_closed) => Err(self.refusal()),
        }
    }

    /// Why the pool dropped a request.
    fn refusal(&self) -> Error {
        if self.queue().gate() == Gate::Lost { Error::Lost } else { Error::Stopped }
    }

    fn expired(&self, queue: &mut Queue) -> Vec<Job> {
        match self.monotonic.elapsed().checked_sub(self.config.queue_age_max) {
            Some(oldest) => queue.take_older_than(oldest),
            None => Vec::new(),
        }
    }
}

/// A panic under one of these locks leaves nothing half-done, so poison is no reason to stop.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
