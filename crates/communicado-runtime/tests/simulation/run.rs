//! One run of a scripted source: its client handles, and its reports.

use std::collections::BTreeMap;

use communicado_core::{Availability, Fact, Life, Moment, Presence, SignIn, Symbol};
use communicado_runtime::{ClientHandle, LimitReached, SourceHandle};

use crate::scripted_source::{Act, Claim, Overflow};

/// One run of a scripted source. Ended runs are kept, because they report late.
pub(crate) struct Run {
    pub(crate) handle: SourceHandle,
    /// The move of the clock in which the run started.
    pub(crate) began: (Moment, Moment),
    pub(crate) ready: Option<Event>,
    pub(crate) ended: Option<Ended>,
    /// The number of reports while it ran.
    pub(crate) report_count: usize,
    /// The number of rejected names.
    pub(crate) refused: usize,
    generations: BTreeMap<&'static str, Vec<ClientHandle>>,
    last: Option<(&'static str, usize, Fact)>,
}

/// The order of an event, and the poll of the source in which it happened.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) order: u64,
    pub(crate) poll: u64,
}

pub(crate) struct Ended {
    pub(crate) at: Moment,
    pub(crate) by_panic: bool,
    pub(crate) event: Event,
}

impl Run {
    pub(crate) fn new(handle: SourceHandle, began: (Moment, Moment)) -> Self {
        let (generations, last) = (BTreeMap::new(), None);
        Self {
            handle,
            began,
            ready: None,
            ended: None,
            report_count: 0,
            refused: 0,
            generations,
            last,
        }
    }

    pub(crate) fn perform(&mut self, act: Act) {
        let result = match act {
            Act::Open(client) => self.open(client),
            Act::Report(client, claim) => self.report(client, 0, claim),
            Act::ReportLate(client, claim) => self.report(client, 1, claim),
            Act::Flood(client, count) => self.flood(client, count),
            Act::Overflow(overflow) => self.overflow(overflow),
            Act::Repeat => {
                if let Some((client, generation, fact)) = self.last {
                    self.tell(client, generation, fact);
                }
                Ok(())
            }
            Act::Ready => {
                self.handle.ready();
                Ok(())
            }
            Act::End | Act::Panic | Act::PanicAtOnce => unreachable!("{act:?} ends the run"),
        };
        self.refused += usize::from(result.is_err());
    }

    fn open(&mut self, client: &'static str) -> Result<(), LimitReached> {
        let opened = self.handle.open(client)?;
        self.generations.entry(client).or_default().push(opened);
        Ok(())
    }

    /// Reports `claim` over the newest handle but `skip`, or over the oldest.
    fn report(
        &mut self,
        client: &'static str,
        skip: usize,
        claim: Claim,
    ) -> Result<(), LimitReached> {
        if !self.generations.contains_key(client) {
            self.open(client)?;
        }
        let generations = &self.generations[client];
        let generation = generations.len().saturating_sub(1 + skip);
        let fact = fact(&generations[generation], claim)?;
        self.tell(client, generation, fact);
        Ok(())
    }

    fn tell(&mut self, client: &'static str, generation: usize, fact: Fact) {
        self.generations[client][generation].report(fact);
        self.last = Some((client, generation, fact));
        self.report_count += usize::from(self.ended.is_none());
    }

    fn flood(&mut self, client: &'static str, count: usize) -> Result<(), LimitReached> {
        self.report(client, 0, Claim::Life(Life::Running, None))?;
        for number in 0..count {
            let availability = Availability::ALL[number % Availability::ALL.len()];
            self.report(client, 0, Claim::Account("alice", Some(signed_in(availability))))?;
        }
        Ok(())
    }

    fn overflow(&mut self, overflow: Overflow) -> Result<(), LimitReached> {
        for number in 0.. {
            match overflow {
                Overflow::Clients => {
                    let client = self.handle.open(&format!("client {number}"))?;
                    client.report_life(Life::Running, None);
                    self.report_count += usize::from(self.ended.is_none());
                }
                Overflow::Accounts => {
                    let client = self.handle.open("finch")?;
                    client.account(&format!("account {number}"), "XMPP")?;
                }
                Overflow::Words => {
                    self.handle.open("finch")?.intern(&format!("word {number}"))?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) const fn signed_in(availability: Availability) -> SignIn {
    SignIn::SignedIn(Presence { availability, activity: None, raw: Symbol(0), note: None })
}

fn fact(client: &ClientHandle, claim: Claim) -> Result<Fact, LimitReached> {
    Ok(match claim {
        Claim::Life(life, lease) => Fact::Life(life, lease),
        Claim::Saved(text) => Fact::Saved(client.intern(text)?),
        Claim::Account(name, sign_in) => {
            let account = client.account(name, "XMPP")?;
            let sign_in = match sign_in {
                Some(SignIn::SignedIn(presence)) => {
                    let raw = client.intern(presence.availability.word())?;
                    Some(SignIn::SignedIn(Presence { raw, ..presence }))
                }
                other => other,
            };
            Fact::Account(account, sign_in)
        }
    })
}
