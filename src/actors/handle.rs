//! What the rest of the house sees of an actor: calls with permits and a deadline, and the last durable value.

use super::actor::Message;
use super::shell::{Done, Hosted, Published, Request, Unanswered, View};
use crate::storage::Store;
use arc_swap::Guard;
use doorward_domain::{Aggregate, Ctx};
use ractor::ActorRef;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

/// How long a command may wait in a mailbox before it is not attempted any more.
const DEADLINE: Duration = Duration::from_secs(10);

/// The door: ractor's mailboxes have no bound, so the writes under way are bounded here, in all and for each aggregate.
#[derive(Clone, Debug)]
pub struct Door {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
    turns: Arc<AtomicU64>,
}

/// The places a write holds until it is answered.
#[derive(Debug)]
pub struct Permit {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Door {
    /// A door of its own for each aggregate, behind one that all share. `turns` counts what goes through any of them.
    #[must_use]
    pub fn new(all: &Arc<Semaphore>, own_max: usize, turns: &Arc<AtomicU64>) -> Self {
        Self { all: Arc::clone(all), own: Arc::new(Semaphore::new(own_max)), turns: Arc::clone(turns) }
    }

    fn enter(&self) -> Option<Permit> {
        let own = Arc::clone(&self.own).try_acquire_owned().ok()?;
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        self.turns.fetch_add(1, Ordering::Relaxed);
        Some(Permit { _all: all, _own: own })
    }
}

/// Why a call has no result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError<R: std::error::Error> {
    /// An expected no.
    #[error(transparent)]
    Rejected(#[from] R),
    /// Too many writes are under way; nothing was attempted, and asking again a little later is safe.
    #[error("too many writes are under way")]
    Overloaded,
    /// Nothing was attempted: writing has ended, or the command waited for too long.
    #[error("the write was not attempted")]
    NotAttempted,
    /// The write was in flight when writing ended: it may or may not have happened.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown,
}

/// A typed handle of one actor. Cloning it is cheap.
pub struct Handle<A: Hosted> {
    pub(super) actor: ActorRef<Message<A, Permit>>,
    pub(super) published: Published<A>,
    pub(super) door: Door,
    pub(super) store: Store,
}

impl<A: Hosted> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self {
            actor: self.actor.clone(),
            published: Arc::clone(&self.published),
            door: self.door.clone(),
            store: self.store.clone(),
        }
    }
}

impl<A: Hosted> Handle<A> {
    /// The last durable value. Hold it for one journey, not longer: it keeps its memory alive.
    #[must_use]
    pub fn view(&self) -> Arc<A> {
        Arc::clone(&self.published.load().state)
    }

    /// The last durable value for the length of one look, without touching a reference count.
    pub fn peek(&self) -> Guard<Arc<View<A>>> {
        self.published.load()
    }

    /// Asks the actor to decide a command, and waits until what it decided is durable.
    ///
    /// # Errors
    /// [`CallError`]: an expected no, or why there is no answer.
    pub async fn call(&self, command: A::Command, ctx: Ctx) -> Result<Done<A>, CallError<A::Rejection>> {
        if !self.store.is_writing() {
            return Err(CallError::NotAttempted);
        }
        let permit = self.door.enter().ok_or(CallError::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { command, ctx, reply, permit };
        let message = Message { request, deadline: Instant::now() + DEADLINE };
        self.actor.send_message(message).map_err(|_| CallError::NotAttempted)?;
        match answer.await {
            Ok(Ok(decided)) => decided.map_err(CallError::Rejected),
            Ok(Err(Unanswered::NotAttempted)) => Err(CallError::NotAttempted),
            // A dropped reply port means that the actor or the journal thread was lost with the command in hand.
            Ok(Err(Unanswered::OutcomeUnknown)) | Err(_) => Err(CallError::OutcomeUnknown),
        }
    }
}

impl<A: Hosted + Aggregate> std::fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("actor", &self.actor.get_id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
