//! What `strace -f -y` writes, as calls with a beginning and an end.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// What is traced: whatever writes, syncs, renames or removes.
pub(super) const TRACED: &str = "trace=open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync,\
                                 rename,renameat,renameat2,ftruncate,truncate,fallocate,copy_file_range,sendfile";

/// A call. Its beginning and end are places in the one order of all that was seen.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: String,
    /// Its arguments and its result, as strace writes them: each descriptor with its path, texts with escapes.
    pub(super) text: String,
    pub(super) begin: usize,
    pub(super) end: usize,
}

pub(super) struct Trace {
    pub(super) calls: Vec<Call>,
}

impl Call {
    /// Whether it is of this kind.
    pub(super) fn is(&self, kind: &str) -> bool {
        match kind {
            "write" => ["write", "pwrite64", "writev", "pwritev", "pwritev2"].contains(&self.name.as_str()),
            "send" => ["write", "writev", "sendto", "sendmsg"].contains(&self.name.as_str()),
            "sync" => ["fdatasync", "fsync"].contains(&self.name.as_str()),
            "rename" => self.name.starts_with("rename"),
            "open" => ["open", "openat", "creat"].contains(&self.name.as_str()),
            other => panic!("no such kind of call: {other}"),
        }
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The path of its first argument, a descriptor.
    fn path(&self) -> &str {
        let path = self.text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        path.map(|(path, _)| path).unwrap_or_default()
    }

    pub(super) fn on_path(&self, end: &str) -> bool {
        self.path().ends_with(end)
    }

    fn is_on_socket(&self) -> bool {
        self.path().starts_with("socket:") || self.path().starts_with("TCP")
    }

    fn succeeded(&self) -> bool {
        !self.has(") = -1")
    }

    /// Whether it opens a file so that it can be changed.
    pub(super) fn creates(&self) -> bool {
        self.is("open") && ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| self.has(flag))
    }

    /// Whether it changes a file below a directory, or opens one for that.
    pub(super) fn changes_below(&self, dir: &str) -> bool {
        if self.is("open") {
            return self.creates() && self.has(dir);
        }
        let changes = self.is("write") || self.is("rename") || !(self.is("sync") || self.is("send"));
        changes && (self.path().contains(dir) || (!self.is("write") && self.has(dir)))
    }
}

impl Trace {
    pub(super) fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let mut calls = Vec::new();
        let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
        let text = String::from_utf8_lossy(&bytes);
        for (at, line) in text.lines().enumerate() {
            let Some((pid, said)) = line.split_once(' ') else { continue };
            let said = said.trim_start();
            if let Some(begun) = said.strip_suffix(" <unfinished ...>") {
                unfinished.insert(pid, (at, begun.to_owned()));
            } else if said.starts_with("<... ") {
                let Some((begin, mut begun)) = unfinished.remove(pid) else { continue };
                begun.push_str(said.split_once("resumed>").map(|(_, rest)| rest).unwrap_or_default());
                calls.extend(Call::parse(&begun, (begin, at)));
            } else {
                calls.extend(Call::parse(said, (at, at)));
            }
        }
        assert!(calls.len() > 100, "strace saw {} calls", calls.len());
        Self { calls }
    }

    /// Writes of groups to the journal; the zeros of new segments are none.
    pub(super) fn journal_writes(&self) -> impl Iterator<Item = &Call> {
        let is_group = |call: &&Call| call.is("write") && call.path().contains("/journal/") && call.on_path(".segment");
        self.calls.iter().filter(is_group).filter(|call| call.has("\\377DW\\1"))
    }

    /// Answers of success that were sent to clients.
    pub(super) fn replies(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.is("send") && call.is_on_socket() && call.has("HTTP/1.1 2"))
    }

    /// Whether a write was made durable after it was done and before a reply began.
    pub(super) fn is_synced_between(&self, write: &Call, reply: &Call) -> bool {
        let is_it = |call: &Call| call.name == "fdatasync" && call.succeeded() && call.path() == write.path();
        self.calls.iter().any(|call| is_it(call) && call.begin > write.end && call.end < reply.begin)
    }
}

impl Call {
    fn parse(said: &str, (begin, end): (usize, usize)) -> Option<Self> {
        let (name, text) = said.split_once('(')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name.then(|| Self { name: name.to_owned(), text: text.to_owned(), begin, end })
    }
}
