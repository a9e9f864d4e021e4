//! A hundred lives that end by `kill -9`, in four histories. After each the next one starts, and every customer looks for what he was told.

use super::person::Person;
use super::{Service, prepared};
use crate::cli::{Place, Running};
use crate::sim::random::Dice;
use rustix::process::Signal;
use std::io::BufRead;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Lives of one history; there are four histories.
const ROUNDS: u64 = 25;
/// Customers who ask at the same time.
const PEOPLE: usize = 6;
/// Answers after which a life ends, at most.
const ANSWERS_MAX: u64 = 60;
/// How long after that it may take, and how far a start or a stop may have come, at most. Milliseconds.
const DELAY_MAX_MS: u64 = 40;
const START_MAX_MS: u64 = 250;

struct History {
    place: Place,
    dice: Dice,
    people: Vec<Person>,
    /// Those who had their time; they look again at the end.
    done: Vec<Person>,
    born: usize,
}

/// What ends the lives of a history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A kill under load.
    Kills,
    /// As well a kill while it starts, once or twice.
    KillsAtStart,
    /// Sometimes a stop in order, or a kill in the middle of one, while the last snapshot is taken.
    StopsAndKills,
}

impl History {
    fn new(seed: u64) -> Self {
        let dice = Dice::seeded(seed);
        let mut history = Self { place: prepared(), dice, people: Vec::new(), done: Vec::new(), born: 0 };
        history.renew();
        history
    }

    /// Lets new customers come for those who had their time.
    fn renew(&mut self) {
        let (done, people) = std::mem::take(&mut self.people).into_iter().partition(Person::is_done);
        self.people = people;
        let done: Vec<Person> = done;
        self.done.extend(done);
        while self.people.len() < PEOPLE {
            self.born += 1;
            let dice = Dice::seeded(self.dice.next());
            self.people.push(Person::new(&format!("person-{}", self.born), dice));
        }
    }

    async fn live(&mut self, ends: Ends) {
        if ends == Ends::KillsAtStart {
            for _ in 0..self.dice.below(3) {
                let within = Duration::from_millis(self.dice.below(START_MAX_MS));
                kill_within(Running::start(&self.place.with_config(&["serve"])), within);
            }
        }
        let service = Service::start(&self.place);
        for person in &mut self.people {
            person.check(&service.http).await;
        }
        self.renew();
        let (answered, mut answers) = mpsc::channel(PEOPLE);
        let mut asking = JoinSet::new();
        for mut person in std::mem::take(&mut self.people) {
            let (http, answered) = (service.http.clone(), answered.clone());
            asking.spawn(async move {
                while person.ask(&http).await {
                    // Nobody counts any more once the service is being killed.
                    answered.send(()).await.ok();
                    if person.is_done() {
                        break;
                    }
                }
                person
            });
        }
        drop(answered);
        for _ in 0..self.dice.below(ANSWERS_MAX) {
            answers.recv().await;
        }
        // The others go on meanwhile.
        answers.close();
        let delay = Duration::from_millis(self.dice.below(DELAY_MAX_MS));
        let people = &mut self.people;
        let mut gather = async || {
            while let Some(person) = asking.join_next().await {
                people.push(person.unwrap());
            }
        };
        tokio::time::timeout(delay, gather()).await.ok();
        let stop = if ends == Ends::StopsAndKills { self.dice.below(3) } else { 0 };
        let within = Duration::from_millis(self.dice.below(DELAY_MAX_MS));
        // The others go on, on their own threads, until nobody answers them.
        match stop {
            0 => service.kill(),
            1 => service.stop(),
            _ => {
                service.running.signal(Signal::TERM);
                kill_within(service.running, within);
            }
        }
        gather().await;
    }
}

/// Kills a process at some moment of the time it would take to be ready or to end.
fn kill_within(mut running: Running, within: Duration) {
    let (ready, is_ready) = sync_channel(1);
    let stderr = running.take_stderr();
    let reader = std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            assert!(!line.contains("panicked") && !line.contains("\"ERROR\""), "{line}");
            if line.contains("\"ready\"") {
                ready.try_send(()).ok();
            }
        }
    });
    is_ready.recv_timeout(within).ok();
    running.child.kill().unwrap();
    reader.join().unwrap();
}

async fn play(seed: u64, ends: Ends) {
    let mut history = History::new(seed);
    for _ in 0..ROUNDS {
        history.live(ends).await;
    }
    let service = Service::start(&history.place);
    for person in history.people.iter_mut().chain(&mut history.done) {
        person.check(&service.http).await;
    }
    assert!(history.done.len() > PEOPLE, "there was no load: {} people", history.born);
    service.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_loaded_service_is_killed() {
    play(1, Ends::Kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_loaded_service_is_killed_over_and_over() {
    play(2, Ends::Kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_start_is_killed_too() {
    play(3, Ends::KillsAtStart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_stop_is_killed_too() {
    play(4, Ends::StopsAndKills).await;
}
