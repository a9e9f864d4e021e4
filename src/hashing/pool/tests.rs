//! The pool under load: its queue, its bounds, its fairness, what it forgets and what it survives.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::*;
use crate::clock::SystemMonotonic;
use crate::entropy::SystemEntropy;
use crate::hashing::argon::Scratch;

const CHEAP: Params = Params { memory_kib: 64, iterations: 1, parallelism: 1 };

/// How long a test waits for what must happen at once.
const PATIENCE: Duration = Duration::from_secs(20);

const ANY: AccountId = AccountId(1);

/// What a held thread does when it is let go.
pub(super) enum Then {
    GoOn,
    Panic,
}

pub(super) fn hold(entered: &mpsc::Sender<()>, open: &mpsc::Receiver<Then>, reply: oneshot::Sender<Result<(), Error>>) {
    entered.send(()).unwrap();
    match open.recv() {
        Ok(Then::Panic) => panic!("a planted panic in a hashing thread"),
        Ok(Then::GoOn) | Err(_) => drop(reply.send(Ok(()))),
    }
}

#[derive(Debug, Default)]
struct ManualMonotonic(AtomicU64);

impl Monotonic for ManualMonotonic {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

struct Fixture {
    pool: Arc<Pool>,
    clock: Arc<ManualMonotonic>,
    mourned: Arc<AtomicBool>,
}

/// A pool of one thread, so that one held request stops it.
fn fixture(config: PoolConfig) -> Fixture {
    let (clock, mourned) = (Arc::new(ManualMonotonic::default()), Arc::new(AtomicBool::new(false)));
    let on_lost = Arc::clone(&mourned);
    let pool = Pool::start(
        config,
        Arc::new(SystemEntropy),
        Arc::<ManualMonotonic>::clone(&clock),
        Arc::new(move || on_lost.store(true, Ordering::SeqCst)),
    )
    .unwrap();
    Fixture { pool: Arc::new(pool), clock, mourned }
}

fn cheap() -> PoolConfig {
    PoolConfig { threads: NonZeroUsize::MIN, params: CHEAP, ..PoolConfig::default() }
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

impl Fixture {
    /// Occupies the only thread until the sender says what then.
    fn hold(&self) -> mpsc::Sender<Then> {
        let (entered, is_entered) = mpsc::channel();
        let (release, open) = mpsc::channel();
        let pool = Arc::clone(&self.pool);
        tokio::spawn(
            async move { pool.submit(AccountId(u64::MAX), |reply| Work::Hold { entered, open, reply }).await },
        );
        // The spawned task runs on another worker of the runtime.
        is_entered.recv().unwrap();
        release
    }

    /// Sends `count` requests of an account into the queue; each answer carries the account.
    async fn queue(&self, account: u64, count: usize, answers: &mpsc::Sender<(u64, Result<Verdict, Error>)>) {
        for _ in 0..count {
            let before = self.pool.queue_len();
            let (pool, answers) = (Arc::clone(&self.pool), answers.clone());
            tokio::spawn(async move {
                let answer = pool.verify(AccountId(account), password("any"), None).await;
                answers.send((account, answer)).unwrap();
            });
            until(|| self.pool.queue_len() == before + 1).await;
        }
    }
}

/// The next answer; fails instead of hanging.
fn receive(answered: &mpsc::Receiver<(u64, Result<Verdict, Error>)>) -> Result<Verdict, Error> {
    answered.recv_timeout(PATIENCE).unwrap().1
}

/// Waits for another thread to bring something about; fails instead of hanging.
#[expect(clippy::disallowed_methods, reason = "a bound for the wait on a real thread, which no manual clock moves")]
async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_pool_verifies_the_reference_vectors_of_argon2() {
    // From the test program of the reference implementation (phc-winner-argon2, test.c, version 0x13, Argon2id).
    const SALT: &str = "c29tZXNhbHQ"; // "somesalt"
    const DIFFERENT_SALT: &str = "ZGlmZnNhbHQ"; // "diffsalt"
    let Fixture { pool, .. } = fixture(cheap());
    for (params, secret, salt, hex) in [
        ("m=256,t=2,p=1", "password", SALT, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
        ("m=256,t=2,p=2", "password", SALT, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
        ("m=65536,t=2,p=1", "password", SALT, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
        ("m=65536,t=1,p=1", "password", SALT, "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
        (
            "m=65536,t=2,p=1",
            "differentpassword",
            SALT,
            "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
        ),
        (
            "m=65536,t=2,p=1",
            "password",
            DIFFERENT_SALT,
            "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
        ),
    ] {
        let bytes: Vec<u8> = (0..OUTPUT_LEN_NEW)
            .map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap())
            .collect();
        let encoded = STANDARD_NO_PAD.encode(bytes);
        let stored = PhcString::parse(&format!("$argon2id$v=19${params}${salt}${encoded}")).unwrap();
        let matches = pool.verify(ANY, password(secret), Some(stored.clone())).await.unwrap();
        assert!(matches!(matches, Verdict::Match { .. }), "{params} {secret}");
        assert!(matches!(pool.verify(ANY, password("Password"), Some(stored)).await.unwrap(), Verdict::NoMatch));
    }
}

#[tokio::test]
async fn a_hash_verifies_its_own_password_and_no_neighbour() {
    let Fixture { pool, .. } = fixture(cheap());
    let long = "x".repeat(256);
    let mut change_at = Vec::new();
    for at in [72, 128, 254, 255] {
        let mut other: Vec<char> = long.chars().collect();
        *other.get_mut(at).unwrap() = 'y';
        change_at.push(String::from_iter(other));
    }
    let mut pairs: Vec<(&str, &str)> = change_at.iter().map(|other| (long.as_str(), other.as_str())).collect();
    pairs.extend([("Secret1", "secret1"), ("secret ", "secret"), ("a", "b"), ("pässword", "password")]);
    for (right, wrong) in pairs {
        let stored = pool.hash(ANY, password(right)).await.unwrap();
        let verdict = pool.verify(ANY, password(right), Some(stored.clone())).await.unwrap();
        assert!(matches!(verdict, Verdict::Match { rehash: None }), "{right}");
        let verdict = pool.verify(ANY, password(wrong), Some(stored)).await.unwrap();
        assert!(matches!(verdict, Verdict::NoMatch), "{wrong}");
    }
}

#[tokio::test]
async fn two_hashes_of_one_password_share_neither_salt_nor_text() {
    let Fixture { pool, .. } = fixture(cheap());
    let (one, other) =
        (pool.hash(ANY, password("same")).await.unwrap(), pool.hash(ANY, password("same")).await.unwrap());
    assert_ne!(one.expose(), other.expose());
    assert!(one.expose().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", one.expose());
}

#[tokio::test]
async fn a_decoy_costs_the_same_runs_and_never_matches() {
    let Fixture { pool, .. } = fixture(cheap());
    let stored = pool.hash(ANY, password("right")).await.unwrap();
    let runs = || pool.runs();
    let before = runs();
    assert!(matches!(pool.verify(ANY, password("right"), Some(stored)).await.unwrap(), Verdict::Match { .. }));
    let after_real = runs();
    assert!(matches!(pool.verify(ANY, password("right"), None).await.unwrap(), Verdict::NoMatch));
    let after_decoy = runs();
    assert_eq!((after_real - before, after_decoy - after_real), (1, 1));
    let (decoy, fresh) = (&pool.shared.decoy, pool.hash(ANY, password("x")).await.unwrap());
    assert_eq!((decoy.params(), decoy.expose().len()), (fresh.params(), fresh.expose().len()));
}

#[tokio::test]
async fn not_even_the_password_of_the_decoy_matches_it() {
    let known = fixture(cheap()).pool.hash(ANY, password("known")).await.unwrap();
    let mut shared = Shared::new(
        cheap(),
        Arc::new(SystemEntropy),
        Arc::new(SystemMonotonic::start()),
        Arc::new(|| panic!("no thread runs")),
    );
    shared.decoy = known.clone();
    let mut scratch = Scratch::new(CHEAP, &shared.held_bytes);
    let mut verify = |against: &Against| worker::verify(&shared, &mut scratch, password("known"), against).unwrap();
    assert!(matches!(verify(&Against::Stored(known.clone())), Verdict::Match { .. }));
    assert!(matches!(verify(&Against::Decoy(known)), Verdict::NoMatch));
}

#[tokio::test]
async fn an_estimate_gives_the_password_back_and_costs_no_hash() {
    let Fixture { pool, .. } = fixture(cheap());
    let context = Context::new().with("ada.lovelace@example.org");
    let (again, facts) = pool.estimate(ANY, password("Lovelace"), context).await.unwrap();
    assert!(facts.is_context && facts.code_points == 8);
    assert_eq!(pool.runs(), 0);
    let stored = pool.hash(ANY, again).await.unwrap();
    assert!(matches!(pool.verify(ANY, password("Lovelace"), Some(stored)).await.unwrap(), Verdict::Match { .. }));
}

#[tokio::test]
async fn a_weaker_stored_hash_matches_and_gives_the_password_back() {
    let weak = fixture(cheap()).pool.hash(ANY, password("old")).await.unwrap();
    let Fixture { pool, .. } = fixture(PoolConfig { params: Params { iterations: 2, ..CHEAP }, ..cheap() });
    let verdict = pool.verify(ANY, password("old"), Some(weak.clone())).await.unwrap();
    let Verdict::Match { rehash: Some(again) } = verdict else { panic!("{verdict:?}") };
    let strong = pool.hash(ANY, again).await.unwrap();
    assert!(matches!(pool.verify(ANY, password("old"), Some(strong)).await.unwrap(), Verdict::Match { rehash: None }));
    assert!(matches!(pool.verify(ANY, password("new"), Some(weak)).await.unwrap(), Verdict::NoMatch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_before_any_work() {
    let fixture = fixture(PoolConfig { queue_len_max: 4, queue_len_max_per_account: 2, ..cheap() });
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 2, &answers).await;
    let refused =
        |answer: Result<Verdict, Error>| matches!(answer, Err(Error::Overloaded { retry_after: RETRY_AFTER }));
    assert!(refused(fixture.pool.verify(ANY, password("x"), None).await));
    fixture.queue(2, 2, &answers).await;
    assert!(refused(fixture.pool.verify(AccountId(3), password("x"), None).await));
    assert_eq!((fixture.pool.queue_len(), fixture.pool.runs()), (4, 0));
    release.send(Then::GoOn).unwrap();
    for _ in 0..4 {
        assert!(matches!(receive(&answered), Ok(Verdict::NoMatch)));
    }
    assert_eq!(fixture.pool.runs(), 4);
}

/// One worker runs the tasks in the order in which their answers come.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_flood_on_one_account_does_not_delay_the_first_of_another() {
    let fixture = fixture(cheap());
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 20, &answers).await;
    fixture.queue(2, 1, &answers).await;
    release.send(Then::GoOn).unwrap();
    let order: Vec<u64> = answered.iter().take(21).map(|(account, _)| account).collect();
    let place = order.iter().position(|account| *account == 2).unwrap();
    assert!(place <= 8, "{order:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waited_too_long_is_refused_without_a_run() {
    let fixture = fixture(cheap());
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 2, &answers).await;
    fixture.clock.0.store(2_001, Ordering::SeqCst);
    fixture.queue(2, 1, &answers).await;
    release.send(Then::GoOn).unwrap();
    let mut outcomes: Vec<_> = answered
        .iter()
        .take(3)
        .map(|(account, answer)| (account, matches!(answer, Err(Error::Overloaded { .. })), answer.is_ok()))
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(1, true, false), (1, true, false), (2, false, true)]);
    assert_eq!(fixture.pool.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_the_age_limit_is_still_served() {
    let fixture = fixture(cheap());
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 1, &answers).await;
    fixture.clock.0.store(2_000, Ordering::SeqCst);
    release.send(Then::GoOn).unwrap();
    assert!(matches!(receive(&answered), Ok(Verdict::NoMatch)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_gives_the_place_back_at_once() {
    let fixture = fixture(PoolConfig { queue_len_max: 1, queue_len_max_per_account: 1, ..cheap() });
    let release = fixture.hold();
    {
        let leaving = fixture.pool.verify(ANY, password("x"), None);
        tokio::pin!(leaving);
        assert!(poll_once(leaving.as_mut()).await.is_none());
        assert_eq!(fixture.pool.queue_len(), 1);
    }
    assert_eq!(fixture.pool.queue_len(), 0);
    let (answers, answered) = mpsc::channel();
    fixture.queue(2, 1, &answers).await;
    release.send(Then::GoOn).unwrap();
    assert!(receive(&answered).is_ok());
    assert_eq!(fixture.pool.runs(), 1);
}

async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_thread_loses_the_pool_and_everybody_is_told() {
    let fixture = fixture(cheap());
    assert!(fixture.pool.is_healthy());
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 3, &answers).await;
    release.send(Then::Panic).unwrap();
    for _ in 0..3 {
        assert!(matches!(receive(&answered), Err(Error::Lost)));
    }
    until(|| fixture.mourned.load(Ordering::SeqCst)).await;
    assert!(!fixture.pool.is_healthy());
    assert!(matches!(fixture.pool.verify(ANY, password("x"), None).await, Err(Error::Lost)));
    fixture.pool.stop();
    assert!(!fixture.pool.is_healthy(), "a stop does not heal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_waits_and_takes_nothing_more() {
    let fixture = fixture(cheap());
    let release = fixture.hold();
    let (answers, answered) = mpsc::channel();
    fixture.queue(1, 3, &answers).await;
    let stopping = {
        let pool = Arc::clone(&fixture.pool);
        std::thread::spawn(move || pool.stop())
    };
    until(|| fixture.pool.shared.queue().gate() == Gate::Stopping).await;
    assert!(matches!(fixture.pool.verify(ANY, password("x"), None).await, Err(Error::Stopped)));
    release.send(Then::GoOn).unwrap();
    stopping.join().unwrap();
    for _ in 0..3 {
        assert!(receive(&answered).is_ok());
    }
    assert!(fixture.pool.is_healthy() && fixture.pool.held_bytes() == 0);
}

#[tokio::test]
async fn memory_is_held_for_no_longer_than_the_idle_time() {
    let keeping = fixture(PoolConfig { idle_release: Duration::from_secs(3_600), ..cheap() });
    assert_eq!(keeping.pool.held_bytes(), 0);
    keeping.pool.hash(ANY, password("x")).await.unwrap();
    assert_eq!(keeping.pool.held_bytes(), 64 * 1_024);
    let releasing = fixture(PoolConfig { idle_release: Duration::from_millis(1), ..cheap() });
    releasing.pool.hash(ANY, password("x")).await.unwrap();
    until(|| releasing.pool.held_bytes() == 0).await;
    releasing.pool.hash(ANY, password("x")).await.unwrap();
}

#[tokio::test]
async fn memory_never_exceeds_one_hash_a_thread() {
    let threads = NonZeroUsize::new(3).unwrap();
    let Fixture { pool, .. } = fixture(PoolConfig { threads, ..cheap() });
    let calls: Vec<_> = (0..60)
        .map(|account| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.hash(AccountId(account), password("x")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
        assert!(pool.held_bytes() <= 3 * 64 * 1_024);
    }
    assert_eq!(pool.runs(), 60);
}

#[test]
fn a_cost_beyond_the_ceilings_does_not_start() {
    let start = |params| {
        Pool::start(
            PoolConfig { params, ..cheap() },
            Arc::new(SystemEntropy),
            Arc::new(SystemMonotonic::start()),
            Arc::new(|| ()),
        )
    };
    assert!(matches!(start(Params { iterations: 11, ..CHEAP }).unwrap_err(), Error::Params(_)));
    assert!(start(CHEAP).is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_threads_run_at_low_priority() {
    // Field 19 of /proc/…/stat, counted from the state after the name in brackets.
    const NICE_AFTER_NAME: usize = 16;
    let Fixture { pool, .. } = fixture(cheap());
    pool.hash(ANY, password("x")).await.unwrap();
    let mut niced = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        // Threads of other tests come and go.
        let Ok(stat) = std::fs::read_to_string(task.unwrap().path().join("stat")) else { continue };
        let (name, rest) = stat.rsplit_once(") ").unwrap();
        let nice = rest.split(' ').nth(NICE_AFTER_NAME).unwrap();
        niced += usize::from(name.ends_with("(doorward-hash-0") && nice == NICE.to_string());
    }
    assert!(niced >= 1);
}
