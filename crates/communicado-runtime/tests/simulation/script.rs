//! One run of the simulation, from a seed.

use std::sync::Arc;
use std::time::Duration;

use communicado_core::{Availability, Life};

use crate::reader::ReadPattern;
use crate::rng::Rng;
use crate::run::signed_in;
use crate::scripted_source::{Act, Claim};
use crate::simulation::{NAMES, Setup, Simulation, SourceSetup};
use crate::swarm::{Kind, Swarm};

const NIGHT: Duration = Duration::from_secs(8 * 3600);
/// More than a feed holds, but short enough for a fast run.
const FLOOD_MAX: usize = 700;
/// More than the journal of any run.
const ROOM: usize = usize::MAX;

/// Plays the run of `seed`, and returns its journal.
pub(crate) fn play(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let swarm = Swarm::of(&mut rng);
    // An overflow of names overflows even the eager reader's feed; only the journal is complete
    // then.
    let fails = rng.one_in(10) && swarm.overflow.is_none();
    let capacity = if fails { 200 + rng.below(5_000) } else { ROOM };
    let mut stage = ScriptRun { sim: sim(&mut rng, &swarm, capacity), rng, swarm };
    stage.start();
    for _ in 0..10 + stage.rng.below(60) {
        stage.step();
    }
    stage.finish();
    stage.sim.journal.text_from(0)
}

fn sim(rng: &mut Rng, swarm: &Swarm, capacity: usize) -> Simulation {
    let count = rng.below(NAMES.len() + 1);
    let mut cast = || {
        let expected = rng.below(swarm.clients.len() + 1);
        let clients = swarm.clients[..expected].to_vec();
        let (swarm, mut own, of_start) = (swarm.clone(), Rng::new(rng.next()), clients.clone());
        SourceSetup { clients, start: Box::new(move || swarm.start(&mut own, &of_start)) }
    };
    let sources = (0..count).map(|_| cast()).collect();
    let patience = Duration::from_millis(rng.of(&[0, 1, 500, 5_000]));
    Simulation::new(Setup { sources, patience, capacity })
}

pub(crate) struct ScriptRun {
    pub(crate) sim: Simulation,
    pub(crate) swarm: Swarm,
    rng: Rng,
}

impl ScriptRun {
    fn start(&mut self) {
        self.sim.settle();
        self.sim.check();
        for pattern in [ReadPattern::Prompt, ReadPattern::Slow, ReadPattern::Never] {
            self.sim.add_reader(pattern);
        }
    }

    fn step(&mut self) {
        self.sim.readers_before_runtime = self.rng.one_in(2);
        if self.rng.one_in(20)
            && let Some(overflow) = self.swarm.overflow.take()
        {
            return self.act(|_, _| vec![Act::Overflow(overflow)]);
        }
        let kind = self.rng.weighted(&self.swarm.kinds).unwrap_or(Kind::Pass);
        match kind {
            Kind::Acts => self.act(|swarm, rng| swarm.acts(rng, false)),
            Kind::Late => self.act(|swarm, rng| swarm.acts(rng, true)),
            Kind::Repeat => self.act(|swarm, rng| {
                let mut acts = swarm.acts(rng, false);
                acts.extend([Act::Repeat, Act::Repeat]);
                acts
            }),
            Kind::Flood => self.act(|swarm, rng| {
                let client = rng.of(&swarm.clients);
                vec![Act::Open(client), Act::Flood(client, 1 + rng.below(FLOOD_MAX))]
            }),
            Kind::Ready => self.act(|_, _| vec![Act::Ready]),
            Kind::End => self.act(|swarm, rng| mid_report(swarm, rng, Act::End)),
            Kind::Panic => self.act(|swarm, rng| mid_report(swarm, rng, Act::Panic)),
            Kind::StaleRun => self.stale_run(),
            Kind::Pass => {
                let ms = self.rng.of(&[0, 1, 19, 300, 3_000, 40_000]);
                self.sim.pass(Duration::from_millis(ms));
            }
            Kind::Night => self.night(),
            Kind::Travel => self.sim.clock.set_civil_ahead(Duration::from_secs(3600)),
            Kind::ReaderComes => {
                let pattern =
                    self.rng.of(&[ReadPattern::Prompt, ReadPattern::Slow, ReadPattern::Never]);
                self.sim.add_reader(pattern);
            }
            Kind::ReaderReads => {
                let most = 1 + self.rng.below(40);
                let mut readers = self.sim.readers.iter_mut();
                let slow = readers.find(|reader| reader.pattern == ReadPattern::Slow);
                slow.into_iter().for_each(|reader| reader.read(most));
            }
            Kind::ReaderGoes => {
                let count = self.sim.readers.len();
                if count > 0 {
                    let gone = self.sim.readers.swap_remove(self.rng.below(count)).flag;
                    assert_eq!(Arc::strong_count(&gone), 1, "no data of a removed client is left");
                }
            }
        }
    }

    fn act(&mut self, acts: impl FnOnce(&Swarm, &mut Rng) -> Vec<Act>) {
        let acts = acts(&self.swarm, &mut self.rng);
        if !self.sim.sources.is_empty() {
            let source = self.rng.below(self.sim.sources.len());
            self.sim.act(source, &acts);
        }
    }

    /// Sleeps for eight hours. Some sources report at once after that.
    fn night(&mut self) {
        let Self { sim, rng, swarm } = self;
        let morning = sim.clock.shows().after(NIGHT);
        sim.turn_to_and(morning, |sim| {
            for scripted in sim.sources.clone() {
                if rng.one_in(2) {
                    scripted.tell(&swarm.acts(rng, false));
                }
            }
        });
    }

    /// Reports through the handles of an ended run, which must be ignored.
    fn stale_run(&mut self) {
        for scripted in self.sim.sources.clone() {
            let updates = self.sim.update_count();
            let written = self.sim.journal.text_from(0).len();
            let mut state = scripted.state();
            let mut old = state.runs.iter_mut().filter(|run| run.ended.is_some());
            let Some(run) = old.nth(self.rng.below(3)) else { continue };
            let client = self.rng.of(&self.swarm.clients);
            let account = Claim::Account("alice", Some(signed_in(Availability::Available)));
            let alive = Claim::Life(Life::Running, None);
            let acts =
                [Act::Report(client, account), Act::Report(client, alive), Act::Open(client)];
            let more = [Act::Report(client, account), Act::Report(client, alive), Act::Ready];
            acts.into_iter().chain(more).for_each(|act| run.perform(act));
            drop(state);
            self.sim.settle();
            let since = self.sim.journal.text_from(written);
            assert!(!since.contains("observed"), "a report of an ended run was handled: {since}");
            assert_eq!(self.sim.update_count(), updates, "a report of an ended run was believed");
        }
        self.sim.check();
    }
}

fn mid_report(swarm: &Swarm, rng: &mut Rng, end: Act) -> Vec<Act> {
    let mut acts = swarm.acts(rng, false);
    acts.push(end);
    acts
}
