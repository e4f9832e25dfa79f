//! A model of the running leases, derived from the journal.

use std::collections::BTreeMap;

use communicado_core::{
    ClientId, Fact, Generation, Life, Moment, Observation, RosterInput, SourceId, UnknownReason,
};
use communicado_wire::journal::Entry;

use crate::journal_buffer::JournalBuffer;
use crate::simulation::NAMES;

/// The leases after the inputs so far.
#[derive(Default)]
pub(crate) struct LeaseModel {
    read: usize,
    claims: BTreeMap<(SourceId, ClientId), Claim>,
    clients: BTreeMap<ClientId, String>,
    last: Moment,
    last_made: Moment,
    /// The number of handled observations of each source.
    pub(crate) observed: BTreeMap<SourceId, usize>,
}

#[derive(Default)]
struct Claim {
    highest: Option<Generation>,
    live: Option<Live>,
}

#[derive(Clone, Copy)]
struct Live {
    generation: Generation,
    phase: u8,
    deadline: Option<Moment>,
}

/// A lease: its source, its client, and when it expires.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) source: &'static str,
    pub(crate) client: String,
    pub(crate) ends: Moment,
}

impl LeaseModel {
    /// Reads the new lines of the journal.
    pub(crate) fn read(&mut self, journal: &JournalBuffer) {
        let text = journal.text_from(self.read);
        self.read += text.len();
        for line in text.lines() {
            match Entry::from_json(line).unwrap_or_else(|error| panic!("{error}: {line}")) {
                Entry::Client { id, name } => {
                    self.clients.insert(ClientId(id), name);
                }
                Entry::Observed(observed) => {
                    let (at, input) = observed.input().expect("it was read");
                    let RosterInput::Observed(observation) = input else { unreachable!("{line}") };
                    assert!(observation.observed_at <= at, "made after it was handled: {line}");
                    assert!(observation.observed_at > self.last_made, "made with another: {line}");
                    self.last_made = observation.observed_at;
                    self.advance(at);
                    self.observe(observation);
                }
                Entry::Lost { at, source } => {
                    self.advance(Moment::new(std::time::Duration::from_nanos(at)));
                    self.lose(SourceId(source));
                }
                Entry::Journal { .. }
                | Entry::Source { .. }
                | Entry::Account { .. }
                | Entry::DisplayName { .. }
                | Entry::Note { .. }
                | Entry::Symbol { .. } => {}
            }
        }
    }

    fn advance(&mut self, at: Moment) {
        assert!(self.last <= at, "the journal goes back in time");
        self.last = at;
    }

    fn observe(&mut self, observation: Observation) {
        let Observation { observed_at, source, client, generation, fact, began: _ } = observation;
        *self.observed.entry(source).or_default() += 1;
        let claim = self.claims.entry((source, client)).or_default();
        let Fact::Life(life, lease) = fact else {
            claim.highest = claim.highest.max(Some(generation));
            return;
        };
        let phase = match life {
            Life::Starting => 0,
            Life::Running => 1,
            Life::Unknown(UnknownReason::SourceLost) => 3,
            Life::ShuttingDown | Life::Unknown(_) | Life::Absent => 2,
        };
        if claim.live.is_none_or(|live| (live.generation, live.phase) <= (generation, phase)) {
            let deadline = lease.map(|duration| observed_at.after(duration));
            claim.live = Some(Live { generation, phase, deadline });
            claim.highest = claim.highest.max(Some(generation));
        }
    }

    fn lose(&mut self, source: SourceId) {
        for (_, claim) in self.claims.iter_mut().filter(|((of, _), _)| *of == source) {
            claim.live =
                claim.highest.map(|generation| Live { generation, phase: 3, deadline: None });
        }
    }

    /// Every lease, including expired ones.
    pub(crate) fn leases(&self) -> impl Iterator<Item = Lease> {
        self.claims.iter().filter_map(|((source, client), claim)| {
            let ends = claim.live?.deadline?;
            let client = self.clients[client].clone();
            Some(Lease { source: NAMES[usize::from(source.0)], client, ends })
        })
    }

    /// The next expiry of a lease.
    pub(crate) fn next_deadline(&self, now: Moment) -> Option<Moment> {
        let now = now.max(self.last);
        self.leases().map(|lease| lease.ends).filter(|ends| *ends > now).min()
    }
}
