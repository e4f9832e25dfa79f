//! One run of the simulation, from a seed.

use std::sync::Arc;
use std::time::Duration;

use communicado_core::{Availability, Life};

use crate::chance::Chance;
use crate::puppet::{Act, Word};
use crate::reader::Habit;
use crate::run::signed_in;
use crate::swarm::{Kind, Swarm};
use crate::world::{Cast, NAMES, Setup, World};

const NIGHT: Duration = Duration::from_secs(8 * 3600);
/// Longer than a feed holds; not so long that a run takes seconds.
const FLOOD_MAX: usize = 700;
/// More than any run writes.
const ROOM: usize = usize::MAX;

/// Plays the run that `seed` stands for, and returns its journal.
pub(crate) fn play(seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let swarm = Swarm::of(&mut chance);
    // A crowd overflows even the witness's feed, so that only the journal has the whole truth.
    let fails = chance.one_in(10) && swarm.crowd.is_none();
    let room = if fails { 200 + chance.below(5_000) } else { ROOM };
    let mut stage = Stage { world: world(&mut chance, &swarm, room), chance, swarm };
    stage.begin();
    for _ in 0..10 + stage.chance.below(60) {
        stage.step();
    }
    stage.finish();
    stage.world.journal.text_from(0)
}

fn world(chance: &mut Chance, swarm: &Swarm, room: usize) -> World {
    let count = chance.below(NAMES.len() + 1);
    let mut cast = || {
        let expected = chance.below(swarm.clients.len() + 1);
        let clients = swarm.clients[..expected].to_vec();
        let (swarm, mut own, of_start) =
            (swarm.clone(), Chance::new(chance.next()), clients.clone());
        Cast { clients, start: Box::new(move || swarm.start(&mut own, &of_start)) }
    };
    let sources = (0..count).map(|_| cast()).collect();
    let patience = Duration::from_millis(chance.of(&[0, 1, 500, 5_000]));
    World::new(Setup { sources, patience, room })
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) swarm: Swarm,
    chance: Chance,
}

impl Stage {
    fn begin(&mut self) {
        self.world.settle();
        self.world.check();
        for habit in [Habit::Prompt, Habit::Slow, Habit::Never] {
            self.world.add_reader(habit);
        }
    }

    fn step(&mut self) {
        self.world.readers_first = self.chance.one_in(2);
        if self.chance.one_in(20)
            && let Some(crowd) = self.swarm.crowd.take()
        {
            return self.act(|_, _| vec![Act::Crowd(crowd)]);
        }
        let kind = self.chance.weighted(&self.swarm.kinds).unwrap_or(Kind::Pass);
        match kind {
            Kind::Acts => self.act(|swarm, chance| swarm.acts(chance, false)),
            Kind::Late => self.act(|swarm, chance| swarm.acts(chance, true)),
            Kind::Repeat => self.act(|swarm, chance| {
                let mut acts = swarm.acts(chance, false);
                acts.extend([Act::Repeat, Act::Repeat]);
                acts
            }),
            Kind::Flood => self.act(|swarm, chance| {
                let client = chance.of(&swarm.clients);
                vec![Act::Open(client), Act::Flood(client, 1 + chance.below(FLOOD_MAX))]
            }),
            Kind::Ready => self.act(|_, _| vec![Act::Ready]),
            Kind::End => self.act(|swarm, chance| in_mid_sentence(swarm, chance, Act::End)),
            Kind::Panic => self.act(|swarm, chance| in_mid_sentence(swarm, chance, Act::Panic)),
            Kind::OldVoice => self.old_voice(),
            Kind::Pass => {
                let ms = self.chance.of(&[0, 1, 19, 300, 3_000, 40_000]);
                self.world.pass(Duration::from_millis(ms));
            }
            Kind::Night => self.night(),
            Kind::Travel => self.world.clock.set_civil_ahead(Duration::from_secs(3600)),
            Kind::ReaderComes => {
                let habit = self.chance.of(&[Habit::Prompt, Habit::Slow, Habit::Never]);
                self.world.add_reader(habit);
            }
            Kind::ReaderReads => {
                let most = 1 + self.chance.below(40);
                let mut readers = self.world.readers.iter_mut();
                let slow = readers.find(|reader| reader.habit == Habit::Slow);
                slow.into_iter().for_each(|reader| reader.read(most));
            }
            Kind::ReaderGoes => {
                let count = self.world.readers.len();
                if count > 0 {
                    let gone = self.world.readers.swap_remove(self.chance.below(count)).flag;
                    assert_eq!(Arc::strong_count(&gone), 1, "something is kept of one who went");
                }
            }
        }
    }

    fn act(&mut self, acts: impl FnOnce(&Swarm, &mut Chance) -> Vec<Act>) {
        let acts = acts(&self.swarm, &mut self.chance);
        if !self.world.puppets.is_empty() {
            let source = self.chance.below(self.world.puppets.len());
            self.world.act(source, &acts);
        }
    }

    /// Eight hours asleep, after which whoever likes speaks before anything else happens.
    fn night(&mut self) {
        let Self { world, chance, swarm } = self;
        let morning = world.clock.shows().after(NIGHT);
        world.turn_to_and(morning, |world| {
            for puppet in world.puppets.clone() {
                if chance.one_in(2) {
                    puppet.tell(&swarm.acts(chance, false));
                }
            }
        });
    }

    /// What was kept of a run that was lost says things that nobody is to believe.
    fn old_voice(&mut self) {
        for puppet in self.world.puppets.clone() {
            let told = self.world.told_count();
            let written = self.world.journal.text_from(0).len();
            let mut strings = puppet.strings();
            let mut old = strings.runs.iter_mut().filter(|run| run.ended.is_some());
            let Some(run) = old.nth(self.chance.below(3)) else { continue };
            let client = self.chance.of(&self.swarm.clients);
            let account = Word::Account("alice", Some(signed_in(Availability::Available)));
            let alive = Word::Life(Life::Running, None);
            let acts = [Act::Say(client, account), Act::Say(client, alive), Act::Open(client)];
            let more = [Act::Say(client, account), Act::Say(client, alive), Act::Ready];
            acts.into_iter().chain(more).for_each(|act| run.perform(act));
            drop(strings);
            self.world.settle();
            let since = self.world.journal.text_from(written);
            assert!(!since.contains("observed"), "an old voice was heard: {since}");
            assert_eq!(self.world.told_count(), told, "an old voice was believed");
        }
        self.world.check();
    }
}

fn in_mid_sentence(swarm: &Swarm, chance: &mut Chance, end: Act) -> Vec<Act> {
    let mut acts = swarm.acts(chance, false);
    acts.push(end);
    acts
}
