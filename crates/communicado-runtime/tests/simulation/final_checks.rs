//! The checks at the end of a run.

use communicado_core::SourceId;
use communicado_runtime::{Notice, Update};
use communicado_wire::Status;

use crate::delivery::ExpectedChanges;
use crate::reader::ReadPattern;
use crate::script::ScriptRun;
use crate::scripted_source::{Act, ScriptedSource};
use crate::simulation::NAMES;

impl ScriptRun {
    /// Ends every source, so that the last line of the journal comes after all changes.
    pub(crate) fn finish(&mut self) {
        self.sim.pass(self.sim.patience_ends.since(self.sim.clock.shows()));
        for source in 0..self.sim.sources.len() {
            self.sim.act(source, &[Act::End]);
        }
        for client in self.sim.eager_reader.state().clients.values() {
            assert_eq!(client.status, Status::Unknown, "{client:?}");
        }
        self.sim.check_retries();
        self.check_notices();
        self.check_updates();
        self.close();
    }

    fn check_updates(&mut self) {
        let mut expected = ExpectedChanges::replayed(&self.sim, !self.swarm.travels);
        if self.sim.journal_failed() && !expected.add_later_changes(&self.sim) {
            return;
        }
        expected.assert_delivered(&self.sim.updates_since(0));
        let state = self.sim.updates_since(0);
        let lagged = state[1..].iter().any(|update| matches!(update, Update::Snapshot { .. }));
        let crowded = self.sim.client_state("client 300").is_some();
        assert!(crowded || !lagged, "the witness reads at once and still missed some");
        for reader in &mut self.sim.readers {
            reader.read(usize::MAX);
            expected.assert_delivered(&reader.updates);
        }
        self.sim.add_reader(ReadPattern::Prompt);
        expected.assert_delivered(&self.sim.readers.last().expect("it was added").updates);
    }

    fn check_notices(&self) {
        let notices = self.sim.notices();
        let count =
            |is: fn(&Notice) -> bool| notices.iter().filter(|each| is(&each.notice)).count();
        let runs = |scripted: &ScriptedSource| -> usize {
            scripted.state().runs.iter().map(|run| run.refused).sum()
        };
        let refused: usize = self.sim.sources.iter().map(runs).sum();
        assert_eq!(count(|notice| matches!(notice, Notice::Limit { .. })), refused);
        let given_up = count(|notice| matches!(notice, Notice::JournalFailed { .. }));
        assert!(given_up <= 1, "a journal is given up once");
        if given_up == 0 {
            self.check_report_counts();
        }
    }

    /// Every report of a running source was handled, and no other.
    fn check_report_counts(&self) {
        for (number, scripted) in self.sim.sources.iter().enumerate() {
            let state = scripted.state();
            let report_count: usize = state.runs.iter().map(|run| run.report_count).sum();
            let losses = state.runs.iter().filter(|run| run.ended.is_some()).count();
            let expected = state.runs.first().map_or(0, |run| run.handle.expected().len());
            let id = SourceId(u16::try_from(number).expect("there are four"));
            let observed = self.sim.lease_model.observed.get(&id).copied().unwrap_or(0);
            assert_eq!(observed, report_count + losses * expected, "{}", NAMES[number]);
        }
    }

    fn close(&mut self) {
        self.sim.hub.close();
        self.sim.settle();
        for reader in &mut self.sim.readers {
            assert!(!reader.waits || reader.ended || reader.flag.is_raised(), "it waits for ever");
            reader.read(usize::MAX);
            assert!(reader.ended, "{:?}", reader.pattern);
        }
        assert!(self.sim.eager_reader.state().ended);
    }
}
