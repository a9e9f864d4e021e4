//! The ractor side: an actor that drives a [`Shell`]. It turns away what nobody waits for any more, and never awaits anything.

use super::shell::{Hosted, Published, Request, Shell, Unanswered};
use crate::storage::Store;
use ractor::{Actor, ActorProcessingErr, ActorRef};
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
