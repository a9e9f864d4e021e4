//! As many connections as the front door takes, all at once. Nothing runs beside this test: it counts memory and open files.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::dev::start;
use super::{PATIENCE, get};

/// What `doorward dev` takes at most, and at most from one address.
const CONNECTIONS_MAX: u32 = 10_000;
const PER_ADDRESS: u32 = 500;
/// What an open connection may cost, in KiB: its buffers, its task and its timers.
const KIB_PER_CONNECTION: u32 = 20;

/// This process holds the other ends.
fn raise_the_limit_of_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let files_max = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    assert!(files_max > u64::from(CONNECTIONS_MAX) + 256, "the hard limit of open files is only {files_max}");
}

/// A connection from the `n`th client: a loopback address for every few hundred of them.
async fn connect(to: SocketAddr, n: u32) -> TcpStream {
    let from = Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 1, 1).to_bits() + n / PER_ADDRESS);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

async fn ask(connection: &mut TcpStream) {
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
}

/// Reads an answer and leaves the connection open.
async fn answer(connection: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"up\"}") {
        let mut piece = [0; 1024];
        let len = timeout(PATIENCE, connection.read(&mut piece))
            .await
            .unwrap_or_else(|_| panic!("no more than {:?}", String::from_utf8_lossy(&answer)))
            .unwrap();
        assert_ne!(len, 0, "closed after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..len]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer));
}

fn resident_kib(pid: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[tokio::test]
async fn ten_thousand_open_connections_are_served_and_the_next_one_waits_its_turn() {
    raise_the_limit_of_open_files();
    let dir = tempfile::tempdir().unwrap();
    let (mut running, _, listening) = start(dir.path());
    let mut log = running.take_stderr();
    let log = std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()).unwrap());
    let to: SocketAddr = listening.parse().unwrap();
    assert_eq!(get(&listening, "/healthz").1, "{\"status\":\"up\"}");
    let before = resident_kib(running.child.id());
    let mut open = Vec::new();
    for n in 0..CONNECTIONS_MAX {
        let mut connection = connect(to, n).await;
        ask(&mut connection).await;
        answer(&mut connection).await;
        open.push(connection);
    }
    let grown = resident_kib(running.child.id()).saturating_sub(before);
    assert!(grown < CONNECTIONS_MAX * KIB_PER_CONNECTION, "{grown} KiB more");

    // The system takes one more into its queue; the server does not look at it before there is room.
    let mut next = connect(to, CONNECTIONS_MAX).await;
    ask(&mut next).await;
    for connection in &mut open {
        ask(connection).await;
        answer(connection).await;
    }
    assert_eq!(next.try_read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody answers yet");
    open.pop();
    answer(&mut next).await;

    drop((open, next));
    assert_eq!(get(&listening, "/healthz").0, 200, "and everybody is welcome again");
    running.signal(Signal::TERM);
    assert_ne!(log.join().unwrap(), 0, "each request leaves a line, which somebody must read");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}
