//! A receiver at a loopback address, honest or not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What it does with each connection.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    /// Reads the request, answers with these bytes, closes.
    Answers(String),
    /// Reads the request, answers with these bytes, and says no more.
    AnswersAndHangs(String),
    /// Reads nothing, says nothing.
    Hangs,
    /// Closes as soon as it is connected to.
    ClosesAtOnce,
    /// Reads the request, writes the first, then the second over and over.
    Floods(String, String),
    /// Reads the request, and writes a good answer one byte at a time, slowly.
    Drips,
}

impl Behaviour {
    pub(super) fn answer(status_line: &str, body: &str) -> Self {
        Self::Answers(format!("HTTP/1.1 {status_line}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }
}

/// A running receiver; it ends when it is dropped.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
    connected: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub(super) async fn start(behaviour: Behaviour) -> Self {
        Self::start_at("127.0.0.1:0", behaviour).await
    }

    pub(super) async fn start_at(address: &str, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, written, connected) = (Arc::default(), Arc::default(), Arc::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, behaviour, (Arc::clone(&requests), Arc::clone(&written), Arc::clone(&connected))));
        Self { address, requests, written, connected, _tasks: tasks }
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many bytes it got rid of.
    pub(super) fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    pub(super) fn connected(&self) -> usize {
        self.connected.load(Ordering::SeqCst)
    }
}

type Seen = (Arc<Mutex<Vec<String>>>, Arc<AtomicUsize>, Arc<AtomicUsize>);

async fn serve(listener: TcpListener, behaviour: Behaviour, (requests, written, connected): Seen) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _peer) = listener.accept().await.unwrap();
        connected.fetch_add(1, Ordering::SeqCst);
        let (behaviour, requests, written) = (behaviour.clone(), Arc::clone(&requests), Arc::clone(&written));
        connections.spawn(async move {
            behave(stream, behaviour, &requests, &written).await;
        });
    }
}

async fn behave(mut stream: TcpStream, behaviour: Behaviour, requests: &Mutex<Vec<String>>, written: &AtomicUsize) {
    match behaviour {
        Behaviour::Answers(answer) => {
            let request = request(&mut stream).await;
            requests.lock().unwrap().push(request);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Behaviour::AnswersAndHangs(answer) => {
            request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Ends when the other side has had enough.
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::ClosesAtOnce => {}
        Behaviour::Floods(first, again) => {
            request(&mut stream).await;
            stream.write_all(first.as_bytes()).await.unwrap();
            while let Ok(len) = stream.write(again.as_bytes()).await {
                written.fetch_add(len, Ordering::SeqCst);
            }
        }
        Behaviour::Drips => {
            request(&mut stream).await;
            let mut ticks = tokio::time::interval(Duration::from_millis(200));
            for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" {
                ticks.tick().await;
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads one request with its body.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = String::new();
    let mut buf = [0; 4_096];
    loop {
        let len = stream.read(&mut buf).await.unwrap();
        read.push_str(std::str::from_utf8(&buf[..len]).unwrap());
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            return read;
        }
    }
}
