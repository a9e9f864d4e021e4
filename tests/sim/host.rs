//! One aggregate in a running engine: its shell, its view, and the callers who wait for an answer.

use crate::sim::ledger::{Expected, Ledger, Simulated};
use arc_swap::ArcSwap;
use doorward::actors::shell::{Answer, Published, Request, Shell, Unanswered};
use doorward::actors::{Effect, View};
use doorward::domain::Ctx;
use doorward::storage::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

pub(crate) struct Host<A: Simulated> {
    shell: Shell<A>,
    published: Published<A>,
    waiting: Vec<Caller<A>>,
}

struct Caller<A: Simulated> {
    answer: oneshot::Receiver<Answer<A>>,
    expected: Expected<A>,
    /// The view at the moment of the answer.
    witness: Arc<AtomicU64>,
    has_waited: bool,
}

/// What the answers so far said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) written: u64,
    pub(crate) unknown: u64,
    pub(crate) not_attempted: u64,
    /// Rejections, and commands that had nothing to change.
    pub(crate) unchanged: u64,
    /// Those of them that had to wait for a flush.
    pub(crate) waited: u64,
}

impl Told {
    pub(crate) fn add(&mut self, other: Self) {
        self.written += other.written;
        self.unknown += other.unknown;
        self.not_attempted += other.not_attempted;
        self.unchanged += other.unchanged;
        self.waited += other.waited;
    }
}

/// Travels with a command as its permit does: it is dropped right before the caller is answered, and notes what readers see then.
struct Witness<A: Simulated> {
    published: Published<A>,
    saw: Arc<AtomicU64>,
}

impl<A: Simulated> Drop for Witness<A> {
    fn drop(&mut self) {
        self.saw.store(self.published.load().aggregate_seq, Ordering::SeqCst);
    }
}

impl<A: Simulated> Host<A> {
    pub(crate) fn start(state: Arc<A>, aggregate_seq: u64, store: &Store) -> Self {
        let published: Published<A> = Arc::new(ArcSwap::from_pointee(View { state, aggregate_seq }));
        Self { shell: Shell::new(Arc::clone(&published), store.clone()), published, waiting: Vec::new() }
    }

    pub(crate) fn view(&self) -> Arc<View<A>> {
        self.published.load_full()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands a command to the shell. Whether it is a write.
    pub(crate) fn ask(&mut self, ledger: &mut Ledger<A>, command: A::Command, ctx: Ctx) -> bool {
        let expected = ledger.decide(&command, &ctx);
        let is_write = expected.is_write();
        let (reply, answer) = oneshot::channel();
        let witness = Arc::new(AtomicU64::new(u64::MAX));
        let permit = Witness { published: Arc::clone(&self.published), saw: Arc::clone(&witness) };
        self.shell.handle(Request { command, ctx, reply, permit });
        self.waiting.push(Caller { answer, expected, witness, has_waited: false });
        is_write
    }

    /// Takes the answers that have arrived and holds them against the ledger.
    pub(crate) fn collect(&mut self, ledger: &mut Ledger<A>) -> Told {
        let mut told = Told::default();
        self.waiting.retain_mut(|caller| match caller.answer.try_recv() {
            Err(TryRecvError::Empty) => {
                caller.has_waited = true;
                true
            }
            Err(TryRecvError::Closed) => panic!("a caller was left without an answer"),
            Ok(answer) => {
                caller.hold(answer, ledger, &mut told);
                false
            }
        });
        // What is visible is a promise like an answer.
        ledger.tell(self.published.load().aggregate_seq);
        told
    }
}

impl<A: Simulated> Caller<A> {
    fn hold(&self, answer: Answer<A>, ledger: &mut Ledger<A>, told: &mut Told) {
        let Expected { answer: expected, rests_on } = &self.expected;
        match answer {
            Ok(decided) => {
                let seen = self.witness.load(Ordering::SeqCst);
                assert!(seen >= *rests_on, "answered on record {rests_on} while readers saw {seen}");
                if let Ok(done) = &decided {
                    assert!(done.state == *ledger.at(*rests_on), "the caller was shown another state");
                }
                let effect = |events: &Vec<_>| if events.is_empty() { Effect::Unchanged } else { Effect::Changed };
                assert_eq!(decided.map(|done| done.effect), expected.as_ref().map(effect).map_err(Clone::clone));
                ledger.tell(*rests_on);
                if self.expected.is_write() {
                    told.written += 1;
                } else {
                    told.unchanged += 1;
                    told.waited += u64::from(self.has_waited);
                }
            }
            Err(Unanswered::NotAttempted) => {
                told.not_attempted += 1;
                if self.expected.is_write() {
                    ledger.disclaim(*rests_on);
                }
            }
            Err(Unanswered::OutcomeUnknown) => {
                assert!(self.expected.is_write(), "only the outcome of a write can be unknown");
                told.unknown += 1;
            }
        }
    }
}
