//! The end of a run, when all that was told is added up.

use communicado_core::SourceId;
use communicado_runtime::{Notice, Update};
use communicado_wire::Status;

use crate::puppet::{Act, Puppet};
use crate::reader::Habit;
use crate::script::Stage;
use crate::told::Truth;
use crate::world::NAMES;

impl Stage {
    /// Ends every source, so that the journal's last line comes after all that there is to tell.
    pub(crate) fn finish(&mut self) {
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
        let mut truth = Truth::replayed(&self.world, !self.swarm.travels);
        if self.world.journal_failed() && !truth.go_on(&self.world) {
            return;
        }
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
        let runs = |puppet: &Puppet| -> usize {
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
            let expected = strings.runs.first().map_or(0, |run| run.handle.expected().len());
            let id = SourceId(u16::try_from(number).expect("there are four"));
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
    }
}
