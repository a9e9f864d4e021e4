//! Each connection is an open file; the usual soft limit of 1,024 is far below what the front door is ready to take.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files beside connections: segments, snapshots, sockets that listen.
const OWN_FILES: usize = 256;

/// Raises the limit of open files as far as the system allows, and says so when that is not enough.
pub(super) fn raise(connections_max: usize) {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let files_max = getrlimit(Resource::Nofile).current;
    let needed = connections_max.saturating_add(OWN_FILES);
    if files_max.is_some_and(|files_max| usize::try_from(files_max).is_ok_and(|files_max| files_max < needed)) {
        tracing::warn!(
            files_max,
            connections_max,
            "fewer open files are allowed than connections: raise the hard limit"
        );
    }
}
