//! One run of a puppet: the links that it took, and what it said over them.

use std::collections::BTreeMap;

use communicado_core::{Availability, Fact, Life, Moment, Presence, SignIn, Symbol};
use communicado_runtime::{ClientHandle, LimitReached, SourceHandle};

use crate::puppet::{Act, Crowd, Word};

/// One run of a puppet. It is kept when the run is over, for old runs speak too.
pub(crate) struct Run {
    pub(crate) handle: SourceHandle,
    /// The turn of the clock with which it began.
    pub(crate) began: (Moment, Moment),
    pub(crate) ready: Option<Event>,
    pub(crate) ended: Option<Ended>,
    /// How much it said while it ran.
    pub(crate) said: usize,
    /// How many names were refused.
    pub(crate) refused: usize,
    generations: BTreeMap<&'static str, Vec<ClientHandle>>,
    last: Option<(&'static str, usize, Fact)>,
}

/// When something happened: its place among all that happened, and in which poll of the puppet.
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
        Self { handle, began, ready: None, ended: None, said: 0, refused: 0, generations, last }
    }

    pub(crate) fn perform(&mut self, act: Act) {
        let result = match act {
            Act::Open(client) => self.open(client),
            Act::Say(client, word) => self.say(client, 0, word),
            Act::SayLate(client, word) => self.say(client, 1, word),
            Act::Flood(client, count) => self.flood(client, count),
            Act::Crowd(crowd) => self.crowd(crowd),
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

    /// Says `word` over the newest link but `back`, as far as there are so many.
    fn say(&mut self, client: &'static str, back: usize, word: Word) -> Result<(), LimitReached> {
        if !self.generations.contains_key(client) {
            self.open(client)?;
        }
        let generations = &self.generations[client];
        let generation = generations.len().saturating_sub(1 + back);
        let fact = fact(&generations[generation], word)?;
        self.tell(client, generation, fact);
        Ok(())
    }

    fn tell(&mut self, client: &'static str, generation: usize, fact: Fact) {
        self.generations[client][generation].report(fact);
        self.last = Some((client, generation, fact));
        self.said += usize::from(self.ended.is_none());
    }

    fn flood(&mut self, client: &'static str, count: usize) -> Result<(), LimitReached> {
        self.say(client, 0, Word::Life(Life::Running, None))?;
        for number in 0..count {
            let availability = Availability::ALL[number % Availability::ALL.len()];
            self.say(client, 0, Word::Account("alice", Some(signed_in(availability))))?;
        }
        Ok(())
    }

    fn crowd(&mut self, crowd: Crowd) -> Result<(), LimitReached> {
        for number in 0.. {
            match crowd {
                Crowd::Clients => {
                    let client = self.handle.open(&format!("client {number}"))?;
                    client.report_life(Life::Running, None);
                    self.said += usize::from(self.ended.is_none());
                }
                Crowd::Accounts => {
                    let client = self.handle.open("finch")?;
                    client.account(&format!("account {number}"), "XMPP")?;
                }
                Crowd::Words => {
                    self.handle.open("finch")?.intern(&format!("word {number}"))?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) const fn signed_in(availability: Availability) -> SignIn {
    SignIn::SignedIn(Presence { availability, activity: None, raw: Symbol(0) })
}

fn fact(client: &ClientHandle, word: Word) -> Result<Fact, LimitReached> {
    Ok(match word {
        Word::Life(life, lease) => Fact::Life(life, lease),
        Word::Saved(text) => Fact::Saved(client.intern(text)?),
        Word::Account(name, sign_in) => {
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
