//! A connection of which no more than so much is read, whatever the other side sends, and in whatever form.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reading past the cap is an error of the kind [`PAST_THE_CAP`]; writing is as it was.
pub(super) struct Capped<S> {
    inner: S,
    left: usize,
}

/// How it is told that the other side sent too much.
pub(super) const PAST_THE_CAP: io::ErrorKind = io::ErrorKind::FileTooLarge;

impl<S> Capped<S> {
    pub(super) fn new(inner: S, len_max: usize) -> Self {
        Self { inner, left: len_max }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Capped<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(PAST_THE_CAP.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buf))?;
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Capped<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn no_read_passes_the_cap_by_more_than_itself() {
        let mut endless = Capped::new(tokio::io::repeat(b'a'), 100);
        let mut read = Vec::new();
        let mut buf = [0; 64];
        let error = loop {
            match endless.read(&mut buf).await {
                Ok(len) => read.extend_from_slice(buf.get(..len).unwrap()),
                Err(error) => break error,
            }
        };
        assert_eq!((read.len(), error.kind()), (128, PAST_THE_CAP));
    }
}
