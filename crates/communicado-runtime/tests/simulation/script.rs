//! One run of the simulation, from a seed.

use std::time::Duration;

use communicado_core::{Availability, Life, Moment};
use communicado_runtime::{Notice, Update};
use communicado_wire::Status;

use crate::chance::Chance;
use crate::puppet::{Act, Word};
use crate::reader::Habit;
use crate::run::signed_in;
use crate::swarm::{Kind, Swarm};
use crate::told::Truth;
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
    stage.end();
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

struct Stage {
    world: World,
    chance: Chance,
    swarm: Swarm,
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
                    self.world.readers.swap_remove(self.chance.below(count));
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
            let written = self.world.journal.text_from(0).matches("\"observed\"").count();
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
            let now_written = self.world.journal.text_from(0).matches("\"observed\"").count();
            assert_eq!((self.world.told_count(), now_written), (told, written), "an old voice");
        }
        self.world.check();
    }

    /// Ends every source, so that the journal's last line comes after all that there is to tell.
    fn end(&mut self) {
        self.world.pass(self.world.patience_ends.since(self.world.clock.shows()));
        for source in 0..self.world.puppets.len() {
            self.world.act(source, &[Act::End]);
        }
        for client in self.world.witness.testimony().believed.values() {
            assert_eq!(client.status, Status::Unknown, "{client:?}");
        }
        self.world.check_retries();
        self.check_notices();
        self.check_told();
        self.close();
    }

    fn check_told(&mut self) {
        let replayed = Truth::replayed(&self.world, !self.swarm.travels);
        let witnessed = Truth::witnessed(&self.world);
        let truth = if self.world.journal_failed() {
            replayed.assert_begins(&witnessed);
            witnessed
        } else {
            replayed
        };
        truth.assert_told(&self.world.told_since(0));
        let testimony = self.world.told_since(0);
        let lagged = testimony[1..].iter().any(|update| matches!(update, Update::Snapshot { .. }));
        let crowded = self.world.believed("client 300").is_some();
        assert!(crowded || !lagged, "the witness reads at once and still missed some");
        for reader in &mut self.world.readers {
            reader.read(usize::MAX);
            truth.assert_told(&reader.told);
        }
        self.world.add_reader(Habit::Prompt);
        truth.assert_told(&self.world.readers.last().expect("it was added").told);
    }

    fn check_notices(&self) {
        let notices = self.world.notices();
        let count =
            |is: fn(&Notice) -> bool| notices.iter().filter(|each| is(&each.notice)).count();
        let runs = |puppet: &crate::puppet::Puppet| -> usize {
            puppet.strings().runs.iter().map(|run| run.refused).sum()
        };
        let refused: usize = self.world.puppets.iter().map(runs).sum();
        assert_eq!(count(|notice| matches!(notice, Notice::Limit { .. })), refused);
        let given_up = count(|notice| matches!(notice, Notice::JournalFailed { .. }));
        assert!(given_up <= 1, "a journal is given up once");
        if given_up == 0 {
            self.check_said();
        }
    }

    /// All that a source said while it ran was handled, and nothing else.
    fn check_said(&self) {
        for (number, puppet) in self.world.puppets.iter().enumerate() {
            let strings = puppet.strings();
            let said: usize = strings.runs.iter().map(|run| run.said).sum();
            let losses = strings.runs.iter().filter(|run| run.ended.is_some()).count();
            let expected = strings.runs.first().map_or(0, |run| run.seen.expected().len());
            let id = communicado_core::SourceId(u16::try_from(number).expect("there are four"));
            let observed = self.world.ledger.observed.get(&id).copied().unwrap_or(0);
            assert_eq!(observed, said + losses * expected, "{}", NAMES[number]);
        }
    }

    fn close(&mut self) {
        self.world.hub.close();
        self.world.settle();
        for reader in &mut self.world.readers {
            assert!(!reader.waits || reader.ended || reader.flag.is_raised(), "it waits for ever");
            reader.read(usize::MAX);
            assert!(reader.ended, "{:?}", reader.habit);
        }
        assert!(self.world.witness.testimony().ended);
        assert!(self.world.clock.shows() >= Moment::START);
    }
}

fn in_mid_sentence(swarm: &Swarm, chance: &mut Chance, end: Act) -> Vec<Act> {
    let mut acts = swarm.acts(chance, false);
    acts.push(end);
    acts
}
