//! What the tests of actors share: a journal that stands still until it is stepped, small commands, and looks at what is not yet so.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::View;
use crate::storage::disk::{Failure, Operation, SimDisk, Trouble};
use crate::storage::recovery::{NoProgress, Place};
use crate::storage::snapshot::MemorySnapshots;
use crate::storage::stepped::{Stepped, open_stepped};
use crate::storage::{self, Layout, Opened, Options, Preparation};
use doorward_domain::account;
use doorward_domain::account::command::{Command, OpenAccount};
use doorward_domain::ids::{AccountId, AggregateRef};
use doorward_domain::{Aggregate, Ctx, platform};
use doorward_testkit::build::{signing_key, text};
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Storage with a thread, which keeps nothing and never fails.
pub(super) fn in_memory() -> Opened {
    storage::in_memory(&Options::default()).unwrap()
}

/// Storage whose journal writes a group only when it is told to.
pub(super) struct Stalled {
    disk: SimDisk,
    pub(super) storage: Stepped,
}

impl Stalled {
    pub(super) fn open() -> Self {
        let layout = Layout { segment_len: 16 * 1024, preparation: Preparation::Inline };
        let (disk, options) = (SimDisk::new(1), Options { layout, ..Options::default() });
        let snapshots = Arc::new(MemorySnapshots::default());
        let place = Place { dir: PathBuf::from("/sim"), disk: Arc::new(disk.clone()), snapshots, layout };
        let storage = open_stepped(place, &options, &mut |lineage| lineage.fill(7), &mut NoProgress).unwrap();
        Self { disk, storage }
    }

    /// Writes and answers what waits.
    pub(super) fn flush(&mut self) {
        while self.storage.journal() {}
    }

    /// Fails to write what waits.
    pub(super) fn fail_to_flush(&mut self) {
        self.disk.fail(Failure { operation: Operation::Sync, after: 0, trouble: Trouble::Device });
        self.flush();
        assert!(!self.storage.store.is_writing());
    }
}

/// The platform to which nothing has happened.
pub(super) fn blank_platform() -> View<platform::State> {
    let state = platform::State::assemble(platform::State::blank(AggregateRef::Platform));
    View { state: Arc::new(state), aggregate_seq: 0 }
}

/// An account that is registered and not opened.
pub(super) fn blank_account(id: u64) -> View<account::State> {
    View { state: Arc::new(account::State::blank(AccountId(id))), aggregate_seq: 0 }
}

/// Changes the platform once for each id; asked again it changes nothing, and under another name it is rejected.
pub(super) fn register(id: u64, name: &str) -> platform::Command {
    platform::Command::RegisterAccount { id: AccountId(id), name: text(name) }
}

/// Changes an account once; asked again it changes nothing, and under another name it is rejected.
pub(super) fn open(name: &str) -> Command {
    Command::OpenAccount(OpenAccount { name: text(name), signing_key: signing_key("key-1") })
}

pub(super) fn now() -> Ctx {
    Ctx::at(doorward_testkit::START)
}

/// Polls once, and lets nothing else run.
pub(super) async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Lets every task that can go on go on. For runtimes of one thread.
pub(super) async fn let_all_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Waits until it is so.
pub(super) async fn until(is_so: impl Fn() -> bool) {
    let reached = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
}

/// Tasks of this runtime, without the one that asks.
pub(super) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
