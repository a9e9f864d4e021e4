//! The log: where it goes and in which form. What is logged is decided where it happens; secrets never are.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{Directive, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Libraries that print requests, headers or bodies when asked for more than warnings: they are never asked.
const QUIET: [&str; 5] = ["hyper=warn", "hyper_util=warn", "warp=warn", "h2=warn", "mio=warn"];

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for machines.
    #[default]
    Json,
    /// For people at a terminal.
    Human,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is not one.
    #[error("cannot read the log filter")]
    Filter(#[source] ParseError),
    /// There is a log already.
    #[error("cannot start the log")]
    Install(#[source] TryInitError),
}

/// Logs to standard error from now on, for the whole process. `filter` is written as `info,doorward::storage=debug`.
///
/// # Errors
/// See [`Error`].
pub fn init(format: Format, filter: &str) -> Result<(), Error> {
    match format {
        Format::Json => json(filter, io::stderr)?.try_init(),
        Format::Human => human(filter, io::stderr)?.try_init(),
    }
    .map_err(Error::Install)
}

/// Whether a filter is one, without starting a log.
///
/// # Errors
/// [`Error::Filter`].
pub fn check(filter: &str) -> Result<(), Error> {
    self::filter(filter).map(drop)
}

fn json<W>(filter: &str, writer: W) -> Result<impl SubscriberInitExt + Send + Sync + 'static, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(writer);
    Ok(tracing_subscriber::registry().with(self::filter(filter)?).with(lines))
}

fn human<W>(filter: &str, writer: W) -> Result<impl SubscriberInitExt + Send + Sync + 'static, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().compact().with_ansi(false).with_writer(writer);
    Ok(tracing_subscriber::registry().with(self::filter(filter)?).with(lines))
}

fn filter(text: &str) -> Result<EnvFilter, Error> {
    let mut filter = EnvFilter::builder().parse(text).map_err(Error::Filter)?;
    for directive in QUIET {
        filter = filter.add_directive(directive.parse::<Directive>().map_err(Error::Filter)?);
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::util::SubscriberInitExt;

    use super::{Error, human, json};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_is_one_line_whatever_it_holds() {
        let written = Written::default();
        let sink = written.clone();
        let log = json("info", move || sink.clone()).unwrap().set_default();
        tracing::info!(text = "a\r\nb\u{1b}[31m", "two\nlines");
        tracing::debug!("not asked for");
        drop(log);
        let text = written.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line.get("message").unwrap(), "two\nlines");
        assert_eq!(line.get("text").unwrap(), "a\r\nb\u{1b}[31m");
    }

    #[test]
    fn a_filter_can_ask_for_more_of_ours_but_not_of_what_prints_requests() {
        let written = Written::default();
        let sink = written.clone();
        let log = human("trace,hyper=trace", move || sink.clone()).unwrap().set_default();
        tracing::trace!("ours");
        tracing::trace!(target: "hyper::proto", "canary");
        tracing::debug!(target: "warp::filters", "canary");
        drop(log);
        let text = written.text();
        assert!(text.contains("ours"), "{text}");
        assert!(!text.contains("canary"), "{text}");
        assert!(matches!(json("a=b=c", io::stderr).map(drop), Err(Error::Filter(_))));
    }
}
