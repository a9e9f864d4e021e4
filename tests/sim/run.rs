//! One run: several lives of one engine over one disk, with an accident at the end of each, and the promises held after every restart.

use crate::sim::engine::{Engine, Ledgers};
use crate::sim::flaky::Flaky;
use crate::sim::host::Told;
use crate::sim::random::Random;
use doorward::domain::ids::{AccountId, SiteId};
use doorward::domain::platform;
use doorward::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use doorward::storage::current::{self, Current};
use doorward::storage::disk::{Failure, Operation, SimDisk, Trouble};
use doorward::storage::journal::Damage;
use doorward::storage::recovery::Place;
use doorward::storage::stepped::{Snapshot, Stepped, open_stepped};
use doorward::storage::{Error, Layout, NoProgress, Options, Preparation, Refusal};
use doorward_testkit::START;
use doorward_testkit::build::text;
use doorward_testkit::strategy::{Played, opening};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ACCOUNTS: [AccountId; 3] = [AccountId(1), AccountId(2), AccountId(3)];
/// Lives of one run.
const LIVES: u64 = 6;
/// Turns of one life, at most.
const TURNS_MAX: u64 = 60;

/// What kind of accidents a run meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Processes are killed and the power fails, at any operation, during recovery too.
    Cuts,
    /// The disk is full or fails, then as above.
    Failures,
}

/// What happened, so that a simulation in which nothing does is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) lives: u64,
    pub(crate) failed_openings: u64,
    pub(crate) written: u64,
    pub(crate) unknown: u64,
    pub(crate) not_attempted: u64,
    pub(crate) unchanged: u64,
    pub(crate) waited: u64,
    /// Groups that were there although nobody had been told.
    pub(crate) unacknowledged: u64,
    pub(crate) torn: u64,
    pub(crate) read_only: u64,
    pub(crate) snapshots: u64,
    pub(crate) snapshots_failed: u64,
    pub(crate) fell_back: u64,
    pub(crate) stops: u64,
    pub(crate) jumps: u64,
    /// Everything that happened, in one number: the same seed gives the same.
    pub(crate) trace: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.failed_openings += other.failed_openings;
        self.written += other.written;
        self.unknown += other.unknown;
        self.not_attempted += other.not_attempted;
        self.unchanged += other.unchanged;
        self.waited += other.waited;
        self.unacknowledged += other.unacknowledged;
        self.torn += other.torn;
        self.read_only += other.read_only;
        self.snapshots += other.snapshots;
        self.snapshots_failed += other.snapshots_failed;
        self.fell_back += other.fell_back;
        self.stops += other.stops;
        self.jumps += other.jumps;
        self.trace ^= other.trace;
    }
}

pub(crate) struct Run {
    weather: Weather,
    random: Random,
    disk: SimDisk,
    snapshots: Flaky,
    now: Timestamp,
    ledgers: Ledgers,
    /// Records that callers or readers know to be durable.
    durable: u64,
    /// Records whose callers were told that nobody knows.
    in_flight: u64,
    seen: Seen,
}

/// Whether an opening failed on an accident and not on damage. What a device cannot read, now or ever, is told as damage of that place.
fn is_accident(error: &Error) -> bool {
    let reason = match error {
        Error::Disk(_) | Error::NoRoom { .. } | Error::Snapshot(_) => return true,
        Error::Damaged { reason, .. } => reason,
        Error::Refused { reason, .. } => match &**reason {
            Refusal::Journal { reason, .. } => reason,
            _ => return false,
        },
        _ => return false,
    };
    matches!(reason, Damage::Unreadable)
}

/// How a process ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Stop,
    Kill,
    PowerCut,
}

impl Run {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        let disk = SimDisk::new(seed);
        Self {
            weather,
            random: Random::seeded(seed),
            snapshots: Flaky::on(&disk),
            disk,
            now: START,
            ledgers: Ledgers::new(&ACCOUNTS),
            durable: 0,
            in_flight: 0,
            seen: Seen::default(),
        }
    }

    /// Plays it to the end. Any broken promise panics.
    pub(crate) fn play(mut self) -> Seen {
        for _ in 0..LIVES {
            self.live();
        }
        self.restart();
        self.seen
    }

    fn live(&mut self) {
        let mut engine = Engine::host(self.restart());
        self.seen.lives += 1;
        self.plan_accident();
        for _ in 0..self.random.below(TURNS_MAX) {
            self.turn(&mut engine);
            let told = engine.collect(&mut self.ledgers);
            self.count(told);
            if !engine.is_writing() || self.disk.is_off() {
                break;
            }
        }
        if !engine.is_writing() && !self.disk.is_off() {
            self.read_only(&mut engine);
        }
        self.end(engine);
    }

    fn turn(&mut self, engine: &mut Engine) {
        match self.random.below(100) {
            0..50 => {
                for _ in 0..=self.random.below(6) {
                    self.ask(engine);
                }
            }
            50..80 => while engine.stepped.journal() && self.random.one_in(2) {},
            80..88 => self.snapshot(engine),
            88..93 => engine.stepped.interval_passed(),
            _ => engine.look(&mut self.ledgers, self.now),
        }
    }

    fn snapshot(&mut self, engine: &mut Engine) {
        match engine.snapshot() {
            Snapshot::NotDue => {}
            Snapshot::Taken => self.seen.snapshots += 1,
            Snapshot::Failed => self.seen.snapshots_failed += 1,
        }
    }

    /// Asks the platform or an account something.
    fn ask(&mut self, engine: &mut Engine) {
        engine.host_registered(&self.ledgers);
        let known = engine.account_ids();
        if known.is_empty() || self.random.one_in(10) {
            let command = self.platform_command();
            return engine.ask_platform(&mut self.ledgers, command, self.now);
        }
        let id = self.random.pick(&known);
        let ledger = &self.ledgers.accounts[&id];
        let opening = opening();
        let command = match opening.get(usize::try_from(ledger.tip_seq()).unwrap()) {
            Some(next) => next.clone(),
            None => {
                let played = Played { model: ledger.model().clone(), now: self.now, answer: Ok(()) };
                let step = self.random.draw(&played.next_step());
                self.now = self.now.plus_millis(step.wait);
                step.command
            }
        };
        engine.ask_account(&mut self.ledgers, id, (command, self.now));
    }

    fn platform_command(&mut self) -> platform::Command {
        let account = self.random.pick(&ACCOUNTS);
        if self.random.one_in(2) {
            let name = text(self.random.pick(&["Gazette", "Gazette", "Other"]));
            return platform::Command::RegisterAccount { id: account, name };
        }
        let site = u32::try_from(account.0 * 10 + self.random.below(3)).unwrap();
        platform::Command::RegisterSite {
            id: SiteId(site),
            account: self.random.pick(&[account, account, AccountId(1)]),
        }
    }

    fn count(&mut self, told: Told) {
        self.durable += told.written;
        self.in_flight += told.unknown;
        self.seen.written += told.written;
        self.seen.unknown += told.unknown;
        self.seen.not_attempted += told.not_attempted;
        self.seen.unchanged += told.unchanged;
        self.seen.waited += told.waited;
        self.trace(told.written ^ (told.unknown << 16) ^ (told.not_attempted << 32) ^ (told.unchanged << 48));
    }

    fn trace(&mut self, what: u64) {
        self.seen.trace = (self.seen.trace ^ what).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }

    /// After a failure nothing is written any more, everybody is told so, and readers go on with what is durable.
    fn read_only(&mut self, engine: &mut Engine) {
        self.seen.read_only += 1;
        assert!(engine.has_failed(), "health is red");
        assert!(!engine.is_anybody_waiting(), "whoever waited was told");
        let (visible, changes) = (engine.visible(), self.disk.changes());
        for _ in 0..self.random.below(12) {
            self.ask(engine);
            engine.stepped.journal();
        }
        let told = engine.collect(&mut self.ledgers);
        assert_eq!((told.written, told.unknown), (0, 0), "nothing is written after a failure");
        assert!(!engine.is_anybody_waiting(), "nobody waits for a journal that has ended");
        self.count(told);
        assert_eq!((engine.visible(), self.disk.changes()), (visible, changes));
        engine.look(&mut self.ledgers, self.now);
        // A snapshot of what is durable may still be written.
        self.snapshot(engine);
    }

    fn end(&mut self, engine: Engine) {
        let end = self.random.pick(&[End::Stop, End::Kill, End::Kill, End::PowerCut, End::PowerCut]);
        if end == End::Stop && !self.disk.is_off() {
            let (is_stopped, told) = engine.stop(&mut self.ledgers);
            self.count(told);
            self.seen.stops += u64::from(is_stopped);
        } else {
            let told = engine.die(&mut self.ledgers);
            self.count(told);
        }
        self.end_process(end);
    }

    /// Without the process its files are closed; the page cache may live on or be lost.
    fn end_process(&mut self, end: End) {
        match end {
            End::Stop | End::Kill => self.disk.kill(),
            End::PowerCut => self.disk.power_cut(),
        }
        self.snapshots.behave();
    }

    /// Opens until it succeeds; up to three openings before that may be cut short.
    fn restart(&mut self) -> Stepped {
        self.jump();
        self.rot();
        for _ in 0..3 {
            if self.random.one_in(2) {
                break;
            }
            self.plan_failed_opening();
            match self.open() {
                Ok(stepped) => return self.opened(stepped),
                Err(error) => {
                    assert!(is_accident(&error), "an accident was taken for damage: {error}");
                    self.seen.failed_openings += 1;
                }
            }
            let end = self.random.pick(&[End::Kill, End::PowerCut]);
            self.end_process(end);
        }
        self.disk.behave();
        match self.open() {
            Ok(stepped) => self.opened(stepped),
            Err(error) => panic!("an honest crash was refused: {error}"),
        }
    }

    fn open(&mut self) -> Result<Stepped, Error> {
        let layout = Layout { segment_len: 16 * 1024, preparation: Preparation::Inline };
        let options = Options {
            layout,
            snapshot_after_len: self.random.pick(&[1, 3_000, 9_000, u64::MAX]),
            snapshot_interval: Duration::from_secs(3_600),
            queue_len_max: 10_000,
        };
        let (disk, snapshots) = (Arc::new(self.disk.clone()), Arc::new(self.snapshots.clone()));
        let place = Place { dir: PathBuf::from("/sim"), disk, snapshots, layout };
        open_stepped(place, &options, &mut |lineage| lineage.fill(7), &mut NoProgress)
    }

    /// Holds what was opened against every promise.
    fn opened(&mut self, stepped: Stepped) -> Stepped {
        let found = stepped.report.seq;
        let (durable, whole) = (self.durable, self.durable + self.in_flight);
        assert!(found == durable || found == whole, "half a group: {found} records, not {durable} and not {whole}");
        self.seen.unacknowledged += u64::from(found > durable);
        self.seen.torn += u64::from(stepped.report.torn.is_some());
        self.seen.fell_back += u64::from(stepped.report.fell_back.is_some());
        self.ledgers.recovered(&stepped, self.now);
        (self.durable, self.in_flight) = (found, 0);
        self.trace(found);
        stepped
    }

    fn plan_accident(&mut self) {
        if self.random.one_in(4) {
            self.snapshots.fail(1 + u32::try_from(self.random.below(2)).unwrap());
        }
        if self.weather == Weather::Failures && !self.random.one_in(4) {
            for _ in 0..=self.random.below(2) {
                self.plan_failure(60);
            }
        } else if !self.random.one_in(4) {
            self.disk.power_off_at(self.random.below(90));
        }
    }

    fn plan_failure(&mut self, within: u64) {
        const OPERATIONS: [Operation; 7] = [
            Operation::Write,
            Operation::Write,
            Operation::Sync,
            Operation::SyncDir,
            Operation::Create,
            Operation::Rename,
            Operation::Remove,
        ];
        let operation = self.random.pick(&OPERATIONS);
        let trouble = self.random.pick(&[Trouble::Full, Trouble::Device]);
        self.disk.fail(Failure { operation, after: self.random.below(within), trouble });
    }

    fn plan_failed_opening(&mut self) {
        if self.weather == Weather::Failures && self.random.one_in(2) {
            self.plan_failure(6);
            let after = self.random.below(12);
            self.disk.fail(Failure { operation: Operation::Read, after, trouble: Trouble::Device });
        } else {
            self.disk.power_off_at(self.random.below(50));
        }
    }

    /// Now and then the clock jumps while nothing runs; after a jump far back it is corrected some day.
    fn jump(&mut self) {
        let by = match self.random.below(24) {
            0 => 6 * MINUTE_MS,
            1 => -6 * MINUTE_MS,
            2 => -HOUR_MS,
            3 => -365 * DAY_MS,
            4 => 365 * DAY_MS,
            _ if self.now < START => START.since(self.now),
            _ => return,
        };
        self.seen.jumps += 1;
        self.now = self.now.plus_millis(by);
    }

    /// Now and then the newest snapshot rots while there is one to fall back to.
    fn rot(&mut self) {
        if !self.random.one_in(6) {
            return;
        }
        let Ok(Ok(current)) = Current::load(&self.disk, current::FILE) else { return };
        let (Some(newest), Some(fallback)) = (current.chain.snapshots.last(), &current.fallback) else { return };
        if !fallback.snapshots.contains(newest) {
            self.snapshots.damage(&newest.name);
        }
    }
}
