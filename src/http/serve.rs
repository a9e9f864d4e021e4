//! The accept loop: sockets in, answers out, every wait and every number bounded.
//!
//! warp's own server installs no timer and caps nothing, so the loop is ours: hyper's HTTP/1 below `warp::service`. This file
//! decides who may connect and when to stop; it knows nothing of routes. At the cap of all connections it accepts nothing more
//! (the kernel's queue is the back-pressure); at the cap of one address it closes at once.

mod body;
mod connection;
mod guard;
mod head;
mod limits;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tower_service::Service;
use warp::reply::Response;

pub use self::body::{BodyError, Metered};
use self::connection::Shared;
pub use self::limits::Limits;
use super::address::{AddressKey, TrustedProxies};

/// A request as the loop hands it on.
pub type Incoming = http::Request<Metered<hyper::body::Incoming>>;

/// The other end of the connection, as an extension of each request. Behind a proxy this is the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// How a server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that ended by themselves within the time given.
    pub finished: usize,
    /// Connections that were cut.
    pub cut: usize,
}

/// The shortest and the longest pause after an accept failed for lack of a resource.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Serves until `stop` is ready, then drains: nothing new is accepted, idle connections close, requests in hand get
/// [`Limits::drain_timeout`].
pub async fn serve<S>(listener: TcpListener, service: S, settings: Settings, stop: impl Future<Output = ()>) -> Drained
where
    S: Service<Incoming, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let Settings { limits, proxies } = settings;
    let limits = Arc::new(limits);
    let (stopping, stop_seen) = watch::channel(false);
    let shared = Shared { service, limits: Arc::clone(&limits), stop: stop_seen };
    let mut open = Open::new(proxies, &limits);
    let mut pause = Pause::default();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = open.tasks.join_next_with_id() => open.forget(ended),
            accepted = pause.accept(&listener), if open.has_room() => match accepted {
                Ok((stream, peer)) => {
                    pause.end();
                    open.admit(peer, || shared.clone().run(stream, peer));
                }
                Err(error) => pause.begin(&error),
            },
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    open.drain(limits.drain_timeout).await
}

/// What the accept loop is told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The numbers.
    pub limits: Limits,
    /// Addresses that many clients share rightly: exempt from the cap of one address.
    pub proxies: TrustedProxies,
}

/// The open connections, each a task; owned by the loop alone, so that counting needs no lock.
struct Open {
    tasks: JoinSet<()>,
    address_of: HashMap<task::Id, AddressKey>,
    per_address: HashMap<AddressKey, usize>,
    proxies: TrustedProxies,
    connections_max: usize,
    per_address_max: usize,
}

impl Open {
    fn new(proxies: TrustedProxies, limits: &Limits) -> Self {
        Self {
            tasks: JoinSet::new(),
            address_of: HashMap::new(),
            per_address: HashMap::new(),
            proxies,
            connections_max: limits.connections_max,
            per_address_max: limits.connections_per_address_max,
        }
    }

    fn has_room(&self) -> bool {
        self.tasks.len() < self.connections_max
    }

    fn admit<F>(&mut self, peer: SocketAddr, connection: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let key = AddressKey::of(peer.ip());
        let exempt = self.proxies.contains(peer.ip());
        let count = self.per_address.get(&key).copied().unwrap_or(0);
        if !exempt && count >= self.per_address_max {
            metrics::counter!("doorward_http_connections_refused_total").increment(1);
            return;
        }
        let handle = self.tasks.spawn(connection());
        if !exempt {
            self.per_address.insert(key, count + 1);
            self.address_of.insert(handle.id(), key);
        }
        self.report();
    }

    fn forget(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!("a connection's task panicked");
                }
                error.id()
            }
        };
        if let Some(key) = self.address_of.remove(&id) {
            match self.per_address.get_mut(&key) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.per_address.remove(&key)),
            }
        }
        self.report();
    }

    fn report(&self) {
        metrics::gauge!("doorward_http_connections")
            .set(f64::from(u32::try_from(self.tasks.len()).unwrap_or(u32::MAX)));
    }

    async fn drain(mut self, within: Duration) -> Drained {
        let mut drained = Drained::default();
        let all_done = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                drop(ended);
                drained.finished += 1;
            }
        };
        if timeout(within, all_done).await.is_err() {
            drained.cut = self.tasks.len();
            self.tasks.shutdown().await;
        }
        drained
    }
}

/// The pause the loop makes when it cannot accept (out of file descriptors or memory), so that it does not spin.
#[derive(Debug, Default)]
struct Pause {
    until: Option<Instant>,
    length: Duration,
}

impl Pause {
    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        if let Some(until) = self.until {
            sleep_until(until).await;
        }
        listener.accept().await
    }

    fn end(&mut self) {
        *self = Self::default();
    }

    fn begin(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            // The client left before it was accepted: nothing to wait for.
            return;
        }
        if self.until.is_none() {
            tracing::error!(%error, "cannot accept connections");
        }
        self.length = (self.length * 2).clamp(BACKOFF.0, BACKOFF.1);
        self.until = Some(Instant::now() + self.length);
    }
}
