//! A request body that cannot be too long, too slow or endless.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More bytes than any route takes.
    #[error("the body is longer than allowed")]
    TooLarge,
    /// Below the lowest rate, or past the time for a whole body.
    #[error("the body came too slowly")]
    TooSlow,
    /// The connection ended, or the chunks were malformed.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
}

/// A body within the [`Limits`]: bytes are counted as they come, whatever the header said.
#[derive(Debug)]
pub struct Metered<B> {
    inner: B,
    left: usize,
    received: u64,
    started: Instant,
    pace: Pace,
    alarm: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    total: Duration,
    grace: Duration,
    bytes_per_sec: u32,
}

impl Pace {
    /// How long after its start a body that has brought so many bytes may be silent.
    fn allows(self, received: u64) -> Duration {
        let earned = Duration::from_millis(received.saturating_mul(1000) / u64::from(self.bytes_per_sec.max(1)));
        self.total.min(self.grace.saturating_add(earned))
    }
}

impl<B> Metered<B> {
    /// Puts a body under the limits; its time starts now.
    pub fn new(inner: B, limits: &Limits) -> Self {
        let pace = Pace { total: limits.body_timeout, grace: limits.body_grace, bytes_per_sec: limits.body_rate_min };
        Self { inner, left: limits.body_len_max, received: 0, started: Instant::now(), pace, alarm: None }
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.started + self.pace.allows(self.received);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx)
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Metered<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let len = frame.data_ref().map_or(0, Buf::remaining);
                let Some(left) = this.left.checked_sub(len) else {
                    return Poll::Ready(Some(Err(BodyError::TooLarge)));
                };
                this.left = left;
                this.received = this.received.saturating_add(len as u64);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(BodyError::Broken(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.poll_alarm(cx).map(|()| Some(Err(BodyError::TooSlow))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn the_time_a_body_is_given_grows_with_what_it_brings_up_to_the_total() {
        let pace = Pace { total: Duration::from_secs(30), grace: Duration::from_secs(5), bytes_per_sec: 1024 };
        assert_eq!(pace.allows(0), Duration::from_secs(5));
        assert_eq!(pace.allows(1024), Duration::from_secs(6));
        assert_eq!(pace.allows(25 * 1024), Duration::from_secs(30));
        assert_eq!(pace.allows(u64::MAX), Duration::from_secs(30));
    }
}
