//! The supply of segments: the next one is made ahead, so that no group waits for 64 MiB of zeros. A failure to make
//! one ahead is no failure yet; it is tried again when the segment is needed, and then it counts.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::super::disk::{Disk, DiskFile};
use super::{Error, Generation, Layout, Preparation, SegmentNo, segment};

const THREAD: &str = "journal-segments";

type Made = Result<Box<dyn DiskFile>, Error>;

pub(super) struct Supply {
    maker: Maker,
    source: Source,
}

#[derive(Clone)]
struct Maker {
    disk: Arc<dyn Disk>,
    generation: Generation,
    segment_len: u64,
}

enum Source {
    Inline(Option<(SegmentNo, Made)>),
    Thread(Preparer),
}

struct Preparer {
    /// `None` once it is to end or has died.
    requests: Option<SyncSender<SegmentNo>>,
    ready: Receiver<(SegmentNo, Made)>,
    asked: Option<SegmentNo>,
    thread: Option<JoinHandle<()>>,
}

impl Supply {
    pub(super) fn start(disk: Arc<dyn Disk>, generation: Generation, layout: Layout) -> Result<Self, Error> {
        let maker = Maker { disk, generation, segment_len: layout.segment_len };
        let source = match layout.preparation {
            Preparation::Inline => Source::Inline(None),
            Preparation::Thread => Source::Thread(Preparer::start(maker.clone())?),
        };
        Ok(Self { maker, source })
    }

    /// Asks for a segment ahead of need. At most one is asked for at a time.
    pub(super) fn ask(&mut self, segment: SegmentNo) {
        match &mut self.source {
            Source::Inline(ready) => *ready = Some((segment, self.maker.make(segment))),
            Source::Thread(preparer) => preparer.ask(segment),
        }
    }

    /// The segment, made ahead if it was asked for, made now if not or if that failed.
    pub(super) fn take(&mut self, segment: SegmentNo) -> Made {
        let ready = match &mut self.source {
            Source::Inline(ready) => ready.take(),
            Source::Thread(preparer) => preparer.wait()?,
        };
        match ready {
            Some((made, Ok(file))) if made == segment => Ok(file),
            _ => self.maker.make(segment),
        }
    }
}

impl Maker {
    fn make(&self, segment: SegmentNo) -> Made {
        segment::prepare(&*self.disk, self.generation, segment, self.segment_len)
    }
}

impl Preparer {
    fn start(maker: Maker) -> Result<Self, Error> {
        let (requests, inbox) = sync_channel::<SegmentNo>(1);
        let (outbox, ready) = sync_channel(1);
        let run = move || {
            for segment in inbox {
                if outbox.send((segment, maker.make(segment))).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(run);
        let thread = thread.map_err(|source| Error::Thread { name: THREAD, source })?;
        Ok(Self { requests: Some(requests), ready, asked: None, thread: Some(thread) })
    }

    fn ask(&mut self, segment: SegmentNo) {
        match self.requests.as_ref().map(|requests| requests.send(segment)) {
            Some(Ok(())) => self.asked = Some(segment),
            // It has died; the next `wait` says so.
            Some(Err(_)) | None => self.requests = None,
        }
    }

    /// What was asked for; waits for it when it is still being made.
    fn wait(&mut self) -> Result<Option<(SegmentNo, Made)>, Error> {
        if self.requests.is_none() {
            return Err(Error::PreparerLost);
        }
        if self.asked.take().is_none() {
            return Ok(None);
        }
        self.ready.recv().map(Some).map_err(|_died| {
            self.requests = None;
            Error::PreparerLost
        })
    }
}

impl Drop for Preparer {
    /// Waits for the thread: once the journal is closed, nothing writes to its directory any more.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been reported by its hook and matters no more.
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::disk::{Failure, Fault, Operation, SimDisk, Trouble};
    use super::super::segment::list_segments;
    use super::*;

    const G: Generation = Generation(1);

    fn supply(disk: &SimDisk, preparation: Preparation) -> Supply {
        Supply::start(Arc::new(disk.clone()), G, Layout { segment_len: 2048, preparation }).unwrap()
    }

    #[test]
    fn a_segment_asked_for_is_there_before_it_is_taken() {
        for preparation in [Preparation::Inline, Preparation::Thread] {
            let disk = SimDisk::new(1);
            let mut supply = supply(&disk, preparation);
            supply.ask(SegmentNo(4));
            let mut file = supply.take(SegmentNo(4)).unwrap();
            let made = disk.changes();
            file.write_at(0, &[1]).unwrap();
            assert_eq!(disk.changes(), made + 1);
            drop(supply);
            assert_eq!(list_segments(&disk, G).unwrap(), [SegmentNo(4)]);
        }
    }

    #[test]
    fn a_segment_nobody_asked_for_is_made_when_taken() {
        for preparation in [Preparation::Inline, Preparation::Thread] {
            let disk = SimDisk::new(1);
            supply(&disk, preparation).take(SegmentNo(4)).unwrap();
            assert_eq!(list_segments(&disk, G).unwrap(), [SegmentNo(4)]);
        }
    }

    #[test]
    fn a_failure_ahead_of_need_is_tried_again_and_only_then_counts() {
        for preparation in [Preparation::Inline, Preparation::Thread] {
            let disk = SimDisk::new(1);
            let full = Failure { operation: Operation::Create, after: 0, trouble: Trouble::Full };
            disk.fail(full);
            let mut supply = supply(&disk, preparation);
            supply.ask(SegmentNo(1));
            supply.take(SegmentNo(1)).unwrap();
            disk.fail(full);
            disk.fail(full);
            supply.ask(SegmentNo(2));
            assert!(matches!(supply.take(SegmentNo(2)), Err(Error::Disk(_))));
        }
    }

    #[test]
    fn a_dead_thread_is_an_error_not_a_wait() {
        let layout = Layout { segment_len: 2048, preparation: Preparation::Thread };
        let mut supply = Supply::start(Arc::new(Panics(SimDisk::new(1))), G, layout).unwrap();
        supply.ask(SegmentNo(1));
        assert!(matches!(supply.take(SegmentNo(1)), Err(Error::PreparerLost)));
        assert!(matches!(supply.take(SegmentNo(1)), Err(Error::PreparerLost)));
    }

    /// Panics when it is to make a file.
    struct Panics(SimDisk);

    impl Disk for Panics {
        fn create_dir(&self, path: &str) -> Result<(), Fault> {
            self.0.create_dir(path)
        }
        fn create(&self, _path: &str, _len: u64) -> Result<Box<dyn DiskFile>, Fault> {
            unreachable!("on purpose")
        }
        fn read(&self, path: &str, offset: u64, len: usize) -> Result<Vec<u8>, Fault> {
            self.0.read(path, offset, len)
        }
        fn len(&self, path: &str) -> Result<Option<u64>, Fault> {
            self.0.len(path)
        }
        fn rename(&self, from: &str, to: &str) -> Result<(), Fault> {
            self.0.rename(from, to)
        }
        fn list(&self, dir: &str) -> Result<Vec<String>, Fault> {
            self.0.list(dir)
        }
        fn remove(&self, path: &str) -> Result<(), Fault> {
            self.0.remove(path)
        }
        fn sync_dir(&self, dir: &str) -> Result<(), Fault> {
            self.0.sync_dir(dir)
        }
    }
}
