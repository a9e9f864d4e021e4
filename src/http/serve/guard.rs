//! The socket as hyper sees it: every wait has an end, and every request head is looked at before it is answered.
//!
//! hyper's own header timer starts when the last answer ended, so that it cannot tell an idle client from a slow one; this
//! wrapper can. It changes no byte in either direction.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::{Phase, Scanner};
use super::limits::Limits;

/// What the two ends of one connection (socket below hyper, service above it) tell each other.
#[derive(Debug, Default)]
pub(super) struct Line {
    tainted: AtomicBool,
    busy: AtomicBool,
}

impl Line {
    /// Whether a head on this connection broke a framing rule: nothing on it may be served any more.
    pub(super) fn is_tainted(&self) -> bool {
        self.tainted.load(Ordering::Acquire)
    }

    /// Marks a request as in hand until the returned value is dropped; meanwhile the idle time-out is off.
    pub(super) fn hold(self: &Arc<Self>) -> Busy {
        self.busy.store(true, Ordering::Release);
        Busy(Arc::clone(self))
    }
}

/// A request in hand.
#[derive(Debug)]
pub(super) struct Busy(Arc<Line>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

/// A stream with time-outs on heads, idleness, stalled writes and the last reading before a close.
#[derive(Debug)]
pub(super) struct Guarded<S> {
    stream: S,
    line: Arc<Line>,
    scanner: Scanner,
    head: Alarm,
    idle: Alarm,
    stall: Alarm,
    linger: Alarm,
    linger_left: usize,
    half_closed: bool,
}

impl<S> Guarded<S> {
    /// Wraps a stream; `line` is shared with the service on top of hyper.
    pub(super) fn new(stream: S, line: Arc<Line>, limits: &Limits) -> Self {
        Self {
            stream,
            line,
            scanner: Scanner::default(),
            head: Alarm::new(limits.head_timeout),
            idle: Alarm::new(limits.idle_timeout),
            stall: Alarm::new(limits.write_stall_timeout),
            linger: Alarm::new(limits.linger_timeout),
            linger_left: limits.linger_len_max,
            half_closed: false,
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.idle.disarm();
        let heads_before = self.scanner.heads();
        if self.scanner.feed(bytes).is_err() {
            self.line.tainted.store(true, Ordering::Release);
        }
        // The next head has a time of its own, which starts when hyper waits for more of it.
        if self.scanner.heads() != heads_before || self.scanner.phase() != Phase::Head {
            self.head.disarm();
        }
    }

    /// Whether the client has been silent for longer than this moment of the conversation allows.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.scanner.phase() {
            Phase::Head => self.head.poll(cx),
            Phase::Between if !self.line.busy.load(Ordering::Acquire) => self.idle.poll(cx),
            Phase::Between | Phase::Body => {
                self.idle.disarm();
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                this.read(buf.filled().get(before..).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // To hyper a client that is silent for too long has gone: the end of the stream.
            Poll::Pending => this.poll_silence(cx).map(Ok),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guarded<S> {
    fn poll_stall<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stall.disarm();
            return result;
        }
        self.stall.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads away what the client still sends, within bounds: closing over unread bytes resets the connection, and the reset can
    /// overtake the answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; 4096];
        while self.linger_left > 0 {
            let mut buf = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.linger_left = self.linger_left.saturating_sub(buf.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.linger.poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.poll_stall(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.poll_stall(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_flush(cx);
        this.poll_stall(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.half_closed {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.half_closed = true;
        }
        if this.scanner.phase() != Phase::Between {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

/// A timer that runs only while something is waited for.
#[derive(Debug)]
struct Alarm {
    after: Duration,
    running: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    fn new(after: Duration) -> Self {
        Self { after, running: false, sleep: None }
    }

    /// Starts the time; one that runs goes on.
    fn arm(&mut self) {
        if self.running {
            return;
        }
        self.running = true;
        let deadline = Instant::now() + self.after;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(deadline),
            None => self.sleep = Some(Box::pin(sleep_until(deadline))),
        }
    }

    fn disarm(&mut self) {
        self.running = false;
    }

    /// Starts the time if it does not run, and is ready when it is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.arm();
        self.sleep.as_mut().map_or(Poll::Ready(()), |sleep| sleep.as_mut().poll(cx))
    }
}
