//! What an actor does with a request: decide on the tip, evolve, hand on. A plain state machine: the actor beside it drives it.
//!
//! The **tip** may be ahead of the disk; the published **view** never is. An answer that was decided on a tip ahead of the view waits
//! for the same flush, whether it is a rejection or an `Ok` without events: else a crash could take back what the caller was told.

use crate::storage::{Batch, Completion, Outcome, Seq, Store, Value, Write};
use arc_swap::ArcSwap;
use doorward_domain::{Aggregate, Ctx, account, platform};
use std::sync::Arc;
use tokio::sync::oneshot;

/// An aggregate that can be hosted: it knows its shape for storage.
pub trait Hosted: Aggregate {
    /// The state, as storage takes it.
    fn value(state: Arc<Self>) -> Value;
    /// The events of one command, as storage takes them.
    fn batch(events: Vec<Self::Event>) -> Batch;
}

impl Hosted for account::State {
    fn value(state: Arc<Self>) -> Value {
        Value::Account(state)
    }

    fn batch(events: Vec<Self::Event>) -> Batch {
        Batch::Account(events)
    }
}

impl Hosted for platform::State {
    fn value(state: Arc<Self>) -> Value {
        Value::Platform(state)
    }

    fn batch(events: Vec<Self::Event>) -> Batch {
        Batch::Platform(events)
    }
}

/// A durable value and its place in the aggregate's log.
#[derive(Debug)]
pub struct View<A> {
    /// The value.
    pub state: Arc<A>,
    /// How many records led to it.
    pub aggregate_seq: u64,
}

/// Where the last durable value is published. Readers take it without a lock and without a message.
pub type Published<A> = Arc<ArcSwap<View<A>>>;

/// Whether a command changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It did, and the change is durable.
    Changed,
    /// All was as asked already.
    Unchanged,
}

/// What became of a command.
#[derive(Debug)]
pub struct Done<A> {
    /// Whether it changed anything.
    pub effect: Effect,
    /// The value after it.
    pub state: Arc<A>,
}

/// Why there is no answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was not attempted; asking again is safe.
    NotAttempted,
    /// It was in flight when writing ended: it may or may not have happened.
    OutcomeUnknown,
}

/// The answer to a command: what became of it, an expected no, or nothing.
pub type Answer<A> = Result<Result<Done<A>, <A as Aggregate>::Rejection>, Unanswered>;

/// A command on its way to an actor.
pub struct Request<A: Aggregate, P> {
    /// What is asked.
    pub command: A::Command,
    /// Its surroundings.
    pub ctx: Ctx,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Answer<A>>,
    /// What the caller took at the door; it is given back with the answer.
    pub permit: P,
}

/// One aggregate, its tip, and the way to the disk.
pub struct Shell<A: Hosted> {
    tip: Arc<A>,
    tip_seq: u64,
    published: Published<A>,
    store: Store,
}

impl<A: Hosted> Shell<A> {
    /// A shell over what recovery found.
    pub fn new(published: Published<A>, store: Store) -> Self {
        let view = published.load_full();
        Self { tip: Arc::clone(&view.state), tip_seq: view.aggregate_seq, published, store }
    }

    /// Decides a request and hands it on. It answers at once only when the decision rests on durable state and changes nothing.
    pub fn handle<P: Send + 'static>(&mut self, request: Request<A, P>) {
        let Request { command, ctx, reply, permit } = request;
        match self.tip.decide(&command, &ctx) {
            Ok(events) if events.is_empty() => {
                let done = Done { effect: Effect::Unchanged, state: Arc::clone(&self.tip) };
                self.settle_when_durable(Settling { answer: Ok(done), reply, permit });
            }
            Ok(events) => self.write(events, &ctx, Asker { reply, permit }),
            Err(rejection) => self.settle_when_durable(Settling { answer: Err(rejection), reply, permit }),
        }
    }

    fn write<P: Send + 'static>(&mut self, events: Vec<A::Event>, ctx: &Ctx, asker: Asker<A, P>) {
        let next = events.iter().fold((*self.tip).clone(), A::evolve);
        debug_assert_eq!(next.check_invariants_if_small(), Ok(()));
        let next = Arc::new(next);
        let seq = self.tip_seq + 1;
        let completion = Written {
            published: Arc::clone(&self.published),
            view: Arc::new(View { state: Arc::clone(&next), aggregate_seq: seq }),
            done: Done { effect: Effect::Changed, state: Arc::clone(&next) },
            asker,
        };
        self.tip = Arc::clone(&next);
        self.tip_seq = seq;
        self.store.submit(Write {
            value: A::value(next),
            aggregate_seq: seq,
            recorded_at: ctx.now,
            events: A::batch(events),
            completion: Box::new(completion),
        });
    }

    fn settle_when_durable<P: Send + 'static>(&self, settling: Settling<A, P>) {
        if self.published.load().aggregate_seq >= self.tip_seq {
            Box::new(settling).settle(Outcome::Durable);
        } else {
            self.store.barrier(Box::new(settling));
        }
    }
}

/// Debug assertions check every rule after every command, as long as the state is small enough for that.
trait CheckIfSmall {
    fn check_invariants_if_small(&self) -> Result<(), doorward_domain::aggregate::Violation>;
}

impl<A: Aggregate> CheckIfSmall for A {
    fn check_invariants_if_small(&self) -> Result<(), doorward_domain::aggregate::Violation> {
        const SMALL: usize = 200;
        if A::each(self.entities()).nth(SMALL).is_some() { Ok(()) } else { self.check_invariants() }
    }
}

struct Asker<A: Aggregate, P> {
    reply: oneshot::Sender<Answer<A>>,
    permit: P,
}

impl<A: Aggregate, P> Asker<A, P> {
    /// The permit goes back before the caller wakes, so that it can ask again at once. A caller that is gone does not mind.
    fn answer(self, answer: Answer<A>) {
        drop(self.permit);
        let _gone = self.reply.send(answer);
    }
}

/// A write on its way through the journal.
struct Written<A: Aggregate, P> {
    published: Published<A>,
    view: Arc<View<A>>,
    done: Done<A>,
    asker: Asker<A, P>,
}

impl<A: Aggregate, P: Send> Completion for Written<A, P> {
    fn publish(&mut self, _: Seq) {
        self.published.store(Arc::clone(&self.view));
    }

    fn settle(self: Box<Self>, outcome: Outcome) {
        let answer = match outcome {
            Outcome::Durable => Ok(Ok(self.done)),
            Outcome::NotAttempted => Err(Unanswered::NotAttempted),
            Outcome::Unknown => Err(Unanswered::OutcomeUnknown),
        };
        self.asker.answer(answer);
    }
}

/// An answer that changes nothing, and that may have to wait for the flush of what it was decided on.
struct Settling<A: Aggregate, P> {
    answer: Result<Done<A>, A::Rejection>,
    reply: oneshot::Sender<Answer<A>>,
    permit: P,
}

impl<A: Aggregate, P: Send> Completion for Settling<A, P> {
    fn publish(&mut self, _: Seq) {}

    fn settle(self: Box<Self>, outcome: Outcome) {
        let Self { answer, reply, permit } = *self;
        let answer = match outcome {
            Outcome::Durable => Ok(answer),
            Outcome::NotAttempted | Outcome::Unknown => Err(Unanswered::NotAttempted),
        };
        Asker { reply, permit }.answer(answer);
    }
}

#[cfg(test)]
mod tests;
