//! The ractor side: an actor that drives a [`Shell`], and the supervisor that watches all of them.

use super::shell::{Hosted, Published, Request, Shell, Unanswered};
use crate::storage::Store;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::time::Duration;
use tokio::time::Instant;

/// A request with the time after which nobody waits for it any more.
pub(super) struct Message<A: Hosted, P> {
    pub(super) request: Request<A, P>,
    pub(super) deadline: Instant,
}

/// The actor of one aggregate.
pub(super) struct Host<A, P>(std::marker::PhantomData<fn() -> (A, P)>);

impl<A, P> Host<A, P> {
    pub(super) fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<A: Hosted, P: Send + Sync + 'static> Actor for Host<A, P> {
    type Msg = Message<A, P>;
    type State = Shell<A>;
    type Arguments = (Published<A>, Store);

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let (published, store) = args;
        Ok(Shell::new(published, store))
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        shell: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Message { request, deadline } = message;
        if request.reply.is_closed() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let _gone = request.reply.send(Err(Unanswered::NotAttempted));
            return Ok(());
        }
        shell.handle(request);
        Ok(())
    }
}

/// Watches every actor. One that fails or stops on its own takes all writing with it: its tip is lost, and only a replay can rebuild it.
pub(super) struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = Store;
    type Arguments = Store;

    async fn pre_start(&self, _: ActorRef<()>, store: Store) -> Result<Store, ActorProcessingErr> {
        Ok(store)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        store: &mut Store,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, why) => {
                tracing::error!(actor = %who.get_id(), reason = %why, "an actor is lost; all writing ends until the next start");
                store.fail();
            }
            SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

/// Lets an actor finish what is in its mailbox, takes no more, and waits for its end. `drain`, not `stop`: `stop` drops the queue.
pub(super) async fn drain(cell: &ActorCell, within: Duration) {
    if cell.drain_and_wait(Some(within)).await.is_err() {
        tracing::warn!(actor = %cell.get_id(), "an actor did not drain in time");
    }
}
