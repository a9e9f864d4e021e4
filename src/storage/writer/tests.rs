//! The journal thread: its order, its groups, and that nobody is left without an answer.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::super::disk::{Disk, Failure, Operation, SimDisk, Trouble};
use super::super::journal::{
    Discard, Flushed, GROUP_LEN_MAX, GROUP_RECORDS_MAX, Generation, Journal, Layout, Preparation, Record, Scan,
};
use super::group::{ENTRIES_MAX, Group, Room};
use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Event {
    Appended(Vec<u64>),
    Published(u64),
    Settled(&'static str, Outcome),
    Observed(Vec<(u64, &'static str)>),
    CutAt(u64),
    DroppedBefore(u64),
}
use Event::*;

struct Teller {
    name: &'static str,
    events: Sender<Event>,
}

impl Completion for Teller {
    fn publish(&mut self, seq: Seq) {
        self.events.send(Published(seq.0)).unwrap();
    }

    fn settle(self: Box<Self>, outcome: Outcome) {
        self.events.send(Settled(self.name, outcome)).unwrap();
    }
}

struct Observer(Sender<Event>, Boundary);

impl GroupObserver<&'static str> for Observer {
    fn group_durable(&mut self, group: DurableGroup<&'static str>) -> Boundary {
        let seen = group.records.into_iter().map(|(seq, attachment)| (seq.0, attachment)).collect();
        self.0.send(Observed(seen)).unwrap();
        self.1
    }

    fn cut(&mut self, cut: Cut) {
        self.0.send(CutAt(cut.seq.0)).unwrap();
    }
}

/// A journal that tells what it does. Each append says that it has begun and waits for its result.
struct Gated {
    inner: Discard,
    events: Sender<Event>,
    begun: Sender<()>,
    results: Receiver<Step>,
}

enum Step {
    Succeed,
    Fail,
    Panic,
}

impl Appender for Gated {
    fn next_seq(&self) -> Seq {
        self.inner.next_seq()
    }

    fn append(&mut self, records: &[Record]) -> Result<Flushed, Error> {
        self.begun.send(()).unwrap();
        match self.results.recv().unwrap() {
            Step::Succeed => {}
            Step::Fail => return Err(Error::Poisoned),
            Step::Panic => unreachable!("on purpose"),
        }
        self.events.send(Appended(records.iter().map(|record| record.seq.0).collect())).unwrap();
        self.inner.append(records)?;
        Ok(Flushed { len: 100, fsyncs: 1 })
    }

    fn cut(&mut self) -> Result<Cut, Error> {
        self.inner.cut()
    }

    fn drop_before(&mut self, segment: SegmentNo) -> Result<(), Error> {
        self.events.send(DroppedBefore(segment.0)).unwrap();
        Ok(())
    }
}

struct Bench {
    writer: Writer<&'static str>,
    handle: Handle<&'static str>,
    events_in: Sender<Event>,
    events: Receiver<Event>,
    begun: Receiver<()>,
    results: Sender<Step>,
}

impl Bench {
    fn new(queue_len_max: usize, boundary: Boundary) -> Self {
        let (events_in, events) = channel();
        let (begun_in, begun) = channel();
        let (results, steps) = channel();
        let inner = Discard::after(Seq(10));
        let gated = Gated { inner, events: events_in.clone(), begun: begun_in, results: steps };
        let observer = Observer(events_in.clone(), boundary);
        let writer = Writer::start(Box::new(gated), Box::new(observer), queue_len_max).unwrap();
        let handle = writer.handle();
        Self { writer, handle, events_in, events, begun, results }
    }

    fn entry(&self, name: &'static str, write: Option<Write<&'static str>>) -> Entry<&'static str> {
        Entry { write, completion: Box::new(Teller { name, events: self.events_in.clone() }) }
    }

    fn submit(&self, name: &'static str) {
        self.handle.submit(self.entry(name, Some(write(name)))).ok().unwrap();
    }

    fn barrier(&self, name: &'static str) {
        self.handle.submit(self.entry(name, None)).ok().unwrap();
    }

    /// Waits until an append has begun, so that what is submitted now waits behind it.
    fn wait_for_append(&self) {
        self.begun.recv().unwrap();
    }

    fn step(&self, step: Step) {
        self.results.send(step).unwrap();
    }

    /// Stops the writer and returns all that happened.
    fn stop(self) -> (bool, Vec<Event>) {
        // An append that was not to be fails at once.
        drop(self.results);
        let drained = self.writer.drain().is_ok();
        // The thread has ended: what has not happened by now never will.
        (drained, self.events.try_iter().collect())
    }
}

fn write(attachment: &'static str) -> Write<&'static str> {
    let header = RecordHeader { kind: 1, aggregate: 2, epoch: 3, aggregate_seq: 4, recorded_at: 5 };
    Write { header, payload: attachment.as_bytes().to_vec(), attachment }
}

#[test]
fn append_then_all_publishes_then_all_replies_then_the_observer() {
    let bench = Bench::new(16, Boundary::GoOn);
    bench.submit("a");
    bench.wait_for_append();
    bench.submit("b");
    bench.barrier("rejected");
    bench.submit("c");
    bench.step(Step::Succeed);
    bench.wait_for_append();
    bench.step(Step::Succeed);
    let handle = bench.handle.clone();
    let (drained, events) = bench.stop();
    assert!(drained);
    let durable = Outcome::Durable;
    let expected = [
        Appended(vec![11]),
        Published(11),
        Settled("a", durable),
        Observed(vec![(11, "a")]),
        Appended(vec![12, 13]),
        Published(12),
        Published(13),
        Settled("b", durable),
        Settled("rejected", durable),
        Settled("c", durable),
        Observed(vec![(12, "b"), (13, "c")]),
    ];
    assert_eq!(events, expected);
    assert_eq!(handle.status(), WriterStatus::Stopped);
    assert_eq!(handle.counts(), Counts { groups: 2, records: 3, fsyncs: 2 });
}

#[test]
fn a_barrier_alone_waits_for_what_is_before_it_and_forces_nothing() {
    let bench = Bench::new(16, Boundary::GoOn);
    bench.submit("a");
    bench.wait_for_append();
    bench.barrier("b");
    assert!(bench.events.try_recv().is_err(), "nothing is told before the flush");
    bench.step(Step::Succeed);
    let handle = bench.handle.clone();
    let (_drained, events) = bench.stop();
    assert_eq!(events.last(), Some(&Settled("b", Outcome::Durable)));
    assert_eq!(handle.counts().groups, 1);
}

#[test]
fn after_a_failed_append_its_group_is_unknown_and_the_queue_not_attempted() {
    for step in [Step::Fail, Step::Panic] {
        let bench = Bench::new(16, Boundary::GoOn);
        bench.submit("before");
        bench.wait_for_append();
        bench.submit("in flight");
        bench.barrier("in flight too");
        bench.step(Step::Succeed);
        bench.wait_for_append();
        bench.submit("behind");
        bench.barrier("behind too");
        bench.step(step);
        let handle = bench.handle.clone();
        let late = bench.entry("late", Some(write("late")));
        let (drained, events) = bench.stop();
        assert!(!drained);
        let (unknown, not) = (Outcome::Unknown, Outcome::NotAttempted);
        let expected = [
            Settled("in flight", unknown),
            Settled("in flight too", unknown),
            Settled("behind", not),
            Settled("behind too", not),
        ];
        assert_eq!(events.get(4..).unwrap(), expected);
        assert_eq!(handle.status(), WriterStatus::Failed);
        assert_eq!(handle.counts().groups, 1);
        let refused = handle.submit(late).err().unwrap();
        assert_eq!(refused.reason, RefusalReason::WritingEnded);
        assert!(handle.request_cut().is_err() && handle.drop_before(SegmentNo(2)).is_err());
    }
}

#[test]
fn a_completion_that_panics_ends_writing_and_the_others_are_still_told() {
    struct Panics;
    impl Completion for Panics {
        fn publish(&mut self, _seq: Seq) {
            unreachable!("on purpose")
        }
        fn settle(self: Box<Self>, _outcome: Outcome) {
            unreachable!("on purpose")
        }
    }
    let bench = Bench::new(16, Boundary::GoOn);
    bench.submit("first");
    bench.wait_for_append();
    bench.submit("a");
    bench.handle.submit(Entry { write: Some(write("bad")), completion: Box::new(Panics) }).ok().unwrap();
    bench.submit("b");
    bench.step(Step::Succeed);
    bench.wait_for_append();
    bench.submit("behind");
    bench.step(Step::Succeed);
    let handle = bench.handle.clone();
    let (drained, events) = bench.stop();
    assert!(!drained);
    let told = [
        Appended(vec![12, 13, 14]),
        Published(12),
        Settled("a", Outcome::Unknown),
        Settled("b", Outcome::Unknown),
        Settled("behind", Outcome::NotAttempted),
    ];
    assert_eq!(events.get(4..).unwrap(), told);
    assert_eq!(handle.status(), WriterStatus::Failed);
}

#[test]
fn a_lost_actor_ends_writing_but_not_the_group_in_flight() {
    let bench = Bench::new(16, Boundary::GoOn);
    bench.submit("in flight");
    bench.wait_for_append();
    bench.submit("behind");
    bench.handle.end_writing();
    assert_eq!(bench.handle.status(), WriterStatus::Failed);
    bench.step(Step::Succeed);
    let (drained, events) = bench.stop();
    assert!(!drained);
    assert_eq!(events.get(2), Some(&Settled("in flight", Outcome::Durable)));
    assert_eq!(events.last(), Some(&Settled("behind", Outcome::NotAttempted)));

    let idle = Bench::new(16, Boundary::GoOn);
    idle.handle.end_writing();
    let handle = idle.handle.clone();
    assert_eq!(idle.stop(), (false, vec![]));
    assert_eq!(handle.status(), WriterStatus::Failed);
}

#[test]
fn a_full_queue_gives_the_entry_back_untold() {
    let bench = Bench::new(2, Boundary::GoOn);
    bench.submit("in flight");
    bench.wait_for_append();
    for _ in 0..2 + CONTROL_SLOTS {
        bench.submit("waits");
    }
    let refused = bench.handle.submit(bench.entry("too many", Some(write("too many")))).err().unwrap();
    assert_eq!(refused.reason, RefusalReason::QueueFull);
    assert_eq!(refused.entry.write.unwrap().attachment, "too many");
    assert!(bench.events.try_recv().is_err());
    refused.entry.completion.settle(Outcome::NotAttempted);
    assert_eq!(bench.events.try_recv().unwrap(), Settled("too many", Outcome::NotAttempted));
    bench.step(Step::Succeed);
    bench.step(Step::Succeed);
    assert!(bench.stop().0);
}

#[test]
fn a_payload_over_its_bound_never_reaches_the_journal() {
    let bench = Bench::new(2, Boundary::GoOn);
    let long = Write { payload: vec![0; PAYLOAD_LEN_MAX + 1], ..write("long") };
    let refused = bench.handle.submit(bench.entry("long", Some(long))).err().unwrap();
    assert_eq!(refused.reason, RefusalReason::PayloadTooLong(PAYLOAD_LEN_MAX + 1));
    let longest = Write { payload: vec![0; PAYLOAD_LEN_MAX], ..write("longest") };
    bench.handle.submit(bench.entry("longest", Some(longest))).ok().unwrap();
    bench.step(Step::Succeed);
    assert_eq!(bench.stop().1.first(), Some(&Appended(vec![11])));
}

#[test]
fn a_stop_settles_all_that_came_before_it() {
    let bench = Bench::new(16, Boundary::GoOn);
    for name in ["a", "b", "c"] {
        bench.submit(name);
        bench.step(Step::Succeed);
    }
    let (drained, events) = bench.stop();
    assert!(drained);
    let settled = events.iter().filter(|event| matches!(event, Settled(_, Outcome::Durable)));
    assert_eq!(settled.count(), 3);
}

#[test]
fn cuts_and_drops_stand_between_groups_in_the_order_of_the_queue() {
    let bench = Bench::new(16, Boundary::GoOn);
    bench.submit("a");
    bench.wait_for_append();
    bench.submit("b");
    bench.handle.request_cut().unwrap();
    bench.handle.drop_before(SegmentNo(7)).unwrap();
    bench.submit("c");
    for _ in 0..3 {
        bench.step(Step::Succeed);
    }
    let (_drained, events) = bench.stop();
    let seen: Vec<_> = events.into_iter().filter(|event| !matches!(event, Published(_) | Settled(..))).collect();
    let expected = [
        Appended(vec![11]),
        Observed(vec![(11, "a")]),
        Appended(vec![12]),
        Observed(vec![(12, "b")]),
        CutAt(12),
        DroppedBefore(7),
        Appended(vec![13]),
        Observed(vec![(13, "c")]),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn the_observer_may_ask_for_a_cut_at_the_boundary_it_sees() {
    let bench = Bench::new(16, Boundary::Cut);
    bench.submit("a");
    bench.step(Step::Succeed);
    let (_drained, events) = bench.stop();
    assert_eq!(events.get(3..).unwrap(), [Observed(vec![(11, "a")]), CutAt(11)]);
}

#[test]
fn a_group_is_full_at_its_bounds_and_what_did_not_fit_begins_the_next() {
    let (events, _listener) = channel();
    let submitted =
        |write| Submitted { write, settler: Settler::new(Box::new(Teller { name: "x", events: events.clone() })) };
    let of_len = |len| submitted(Some(Write { payload: vec![0; len], ..write("x") }));
    let mut group: Group<&str> = Group::new(Seq(1));
    for _ in 1..ENTRIES_MAX {
        assert_eq!(group.take(of_len(1)), Room::More);
    }
    assert_eq!(group.take(submitted(None)), Room::Full);
    assert_eq!(group.records().len(), GROUP_RECORDS_MAX - 1);

    let mut group: Group<&str> = Group::new(Seq(1));
    for _ in 0..3 {
        assert_eq!(group.take(of_len(PAYLOAD_LEN_MAX)), Room::More);
    }
    assert_eq!(group.take(of_len(PAYLOAD_LEN_MAX)), Room::Full);
    let len: usize = group.records().iter().map(Record::encoded_len).sum();
    assert!(group.records().len() == 3 && len <= GROUP_LEN_MAX);
    assert_eq!(group.durable().len(), 3);
    assert_eq!(group.begin(), Room::More);
    let seqs: Vec<_> = group.records().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [Seq(4)]);
}

#[test]
fn over_a_real_journal_a_failed_fsync_ends_writing_and_what_was_told_is_there() {
    let disk = SimDisk::new(3);
    let layout = Layout { segment_len: 4096, preparation: Preparation::Inline };
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let journal = Journal::create(shared, layout, Generation(1), Seq(0)).unwrap();
    let writer: Writer<&str> = Writer::start(Box::new(journal), Box::new(()), 100).unwrap();
    let (events, told) = channel();
    let submit = |name| {
        let completion = Box::new(Teller { name, events: events.clone() });
        writer.handle().submit(Entry { write: Some(write(name)), completion }).ok().unwrap();
    };
    let hear = || told.recv_timeout(Duration::from_secs(20)).unwrap();
    submit("kept");
    assert_eq!([hear(), hear()], [Published(1), Settled("kept", Outcome::Durable)]);
    assert_eq!(writer.handle().counts(), Counts { groups: 1, records: 1, fsyncs: 1 });
    disk.fail(Failure { operation: Operation::Sync, after: 0, trouble: Trouble::Device });
    submit("lost");
    assert_eq!(hear(), Settled("lost", Outcome::Unknown));
    assert_eq!(writer.handle().status(), WriterStatus::Failed);
    assert!(writer.drain().is_err());
    disk.power_cut();
    let from = Cut { generation: Generation(1), segment: SegmentNo::FIRST, seq: Seq(0), crc: 0 };
    let mut scan = Scan::open(&disk, from).unwrap();
    assert_eq!(scan.next_group().unwrap().unwrap().first().unwrap().payload, b"kept");
}
