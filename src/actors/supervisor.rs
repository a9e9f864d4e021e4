//! The supervisor of all actors: it owns what the end of one means, and that none outlives the directory. It must never restart one.

use crate::storage::Store;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::{Instant, timeout_at};

/// What the end of an actor means. Its tip goes with it, and only a replay can rebuild that: so it takes all writing with it, unless it
/// was asked to end.
#[derive(Clone)]
struct Watch {
    store: Store,
    marks: Arc<Marks>,
}

#[derive(Default)]
struct Marks {
    /// From the drain on, actors end because they are asked to.
    draining: AtomicBool,
    /// The first loss is logged; what follows from it is not.
    lost: AtomicBool,
}

impl Watch {
    fn ended(&self, who: &str, why: &str) {
        if !self.marks.draining.load(Ordering::Acquire) {
            self.lost(who, why);
        }
    }

    fn lost(&self, who: &str, why: &str) {
        self.store.fail();
        if !self.marks.lost.swap(true, Ordering::AcqRel) {
            tracing::error!(actor = who, reason = why, "an actor is lost; all writing ends until the next start");
        }
    }
}

/// Hears the end of every actor that was spawned under it.
struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = Watch;
    type Arguments = Watch;

    async fn pre_start(&self, _: ActorRef<()>, watch: Watch) -> Result<Watch, ActorProcessingErr> {
        Ok(watch)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        watch: &mut Watch,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            // One that failed while it drained has not decided what it was asked to.
            SupervisionEvent::ActorFailed(who, why) => watch.lost(&who.get_id().to_string(), &why.to_string()),
            // Also what ractor tells of one that was killed.
            SupervisionEvent::ActorTerminated(who, _, why) => {
                watch.ended(&who.get_id().to_string(), why.as_deref().unwrap_or("stopped"));
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

/// The running supervisor. Dropped, it ends and takes every actor under it along; that is no loss, and fails nothing.
pub(super) struct Supervision {
    supervisor: ActorRef<()>,
    watch: Watch,
}

impl Supervision {
    /// Starts it, and a task that watches the watcher: its end would go unheard, and kills the actors under it.
    pub(super) async fn start(store: Store) -> Result<Self, SpawnErr> {
        let watch = Watch { store, marks: Arc::default() };
        let (supervisor, end) = Actor::spawn(None, Supervisor, watch.clone()).await?;
        let watching = watch.clone();
        tokio::spawn(async move {
            // However it ended.
            end.await.ok();
            watching.ended("supervisor", "ended");
        });
        Ok(Self { supervisor, watch })
    }

    /// The cell to spawn actors under.
    pub(super) fn cell(&self) -> ActorCell {
        self.supervisor.get_cell()
    }

    /// From now on actors end because they are asked to.
    pub(super) fn expect_ends(&self) {
        self.watch.marks.draining.store(true, Ordering::Release);
    }

    /// Ends it and waits for its end. `drain`, not `stop`: it first hears of every actor that has ended.
    pub(super) async fn end(&self, deadline: Instant) {
        self.expect_ends();
        drain_all(&[self.cell()], deadline).await;
    }
}

impl Drop for Supervision {
    fn drop(&mut self) {
        self.expect_ends();
        self.supervisor.stop(None);
    }
}

/// Lets actors finish what is in their mailboxes, take no more, and end: all at once, with one deadline for all. `drain`, not `stop`:
/// `stop` drops the queue. Those that are late are killed.
pub(super) async fn drain_all(cells: &[ActorCell], deadline: Instant) {
    for cell in cells {
        // One that has ended cannot be told, and need not be.
        cell.drain().ok();
    }
    let mut late = 0_usize;
    for cell in cells {
        if timeout_at(deadline, cell.wait(None)).await.is_err() {
            cell.kill();
            late += 1;
        }
    }
    if late > 0 {
        tracing::warn!(actors = late, "actors that did not drain in time are killed");
    }
}

#[cfg(test)]
mod tests;
