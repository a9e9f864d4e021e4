//! A panic is a bug and is logged where it happens, on one line, without what it may have held: a message that was put together at run
//! time may hold anything, so only fixed ones are shown.

use std::panic::{self, PanicHookInfo};
use std::thread;

/// Logs panics from now on.
pub(super) fn log() {
    panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(thread = name, at, reason = reason(panic), "a thread panicked: this is a bug");
    }));
}

fn reason(panic: &PanicHookInfo<'_>) -> &'static str {
    panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("not shown")
}
