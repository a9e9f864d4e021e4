//! A server with a small table, and clients that speak bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use utoipa::openapi::path::{Operation, OperationBuilder};

use crate::http::address::TrustedProxies;
use crate::http::admission::AdmissionLimits;
use crate::http::error::Outcome;
use crate::http::reply::Reply;
use crate::http::request::{Request, RequestIds};
use crate::http::routes::{Door, Doorway, Route, Table};
use crate::http::serve::{Drained, Limits, Settings, serve};

/// Longer than anything here may take; a test that runs into it fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough to be out of the way of the time-out under test.
pub(super) const NEVER: Duration = Duration::from_secs(3600);
/// Short enough to wait for.
pub(super) const SOON: Duration = Duration::from_millis(80);

/// What handlers wait for and tell.
pub(super) struct Context {
    pub(super) entered: Semaphore,
    pub(super) released: Semaphore,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) context: Arc<Context>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

fn operation() -> Operation {
    OperationBuilder::new().build()
}

async fn echo(_: Arc<Context>, request: Request) -> Outcome {
    let mut reading = request.fields().read();
    let text = reading.optional_string("text").unwrap_or_default().len();
    reading.finish()?;
    Reply::json(StatusCode::OK, &text)
}

/// Tells that it has begun, and ends when it is told to.
async fn wait(context: Arc<Context>, _: Request) -> Outcome {
    context.entered.add_permits(1);
    context.released.acquire().await.unwrap().forget();
    Reply::json(StatusCode::OK, &"waited")
}

/// An answer larger than any socket's buffer.
async fn large(_: Arc<Context>, _: Request) -> Outcome {
    Reply::json(StatusCode::OK, &"x".repeat(64 * 1024 * 1024))
}

/// Limits without any time-out that a test could run into by chance.
pub(super) fn calm() -> Limits {
    Limits {
        first_byte_timeout: NEVER,
        head_timeout: NEVER,
        idle_timeout: NEVER,
        body_timeout: NEVER,
        body_grace: NEVER,
        write_stall_timeout: NEVER,
        connection_age_max: NEVER,
        drain_timeout: PATIENCE,
        linger_timeout: PATIENCE,
        ..Limits::default()
    }
}

impl Server {
    pub(super) async fn start(limits: Limits) -> Self {
        Self::start_behind(limits, TrustedProxies::default()).await
    }

    pub(super) async fn start_behind(limits: Limits, proxies: TrustedProxies) -> Self {
        let routes = vec![
            Route::get("/", "root", |_, _| async { Reply::json(StatusCode::OK, &"root") }, operation),
            Route::post("/echo", "echo", echo, operation),
            Route::get("/wait", "wait", wait, operation),
            Route::get("/large", "large", large, operation),
        ];
        let context = Arc::new(Context { entered: Semaphore::new(0), released: Semaphore::new(0) });
        let door = Door::new(Doorway {
            context: Arc::clone(&context),
            table: Table::new(routes).unwrap(),
            origins: Box::new(|_, _| false),
            proxies: proxies.clone(),
            admission: AdmissionLimits::default(),
            ids: RequestIds::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let service = warp::service(door.filter());
        let settings = Settings { limits, proxies };
        let ended = tokio::spawn(serve(listener, service, settings, async {
            drop(stopped.await);
        }));
        Self { address, context, stop, ended }
    }

    pub(super) async fn connect(&self) -> Client {
        Client(timeout(PATIENCE, TcpStream::connect(self.address)).await.unwrap().unwrap())
    }

    /// Sends bytes on a connection of their own and reads all that comes back until the server closes.
    pub(super) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.read_to_end().await
    }

    /// Asks the server to stop without waiting for it.
    pub(super) fn stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).unwrap();
        self.ended
    }
}

pub(super) struct Client(pub(super) TcpStream);

impl Client {
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Everything until the server closes; a reset counts as a close.
    pub(super) async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let _: Result<usize, std::io::Error> = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Everything up to and including `end`.
    pub(super) async fn read_until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(timeout(PATIENCE, self.0.read_u8()).await.unwrap().unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// The status of the first answer in what was read, 0 if there is none.
pub(super) fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

/// How many answers were read.
pub(super) fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}
