//! The contract of every sink.

use communicado_conformance::{AgentSession, Saved, Signal, ends, within};

/// A real listener to one sink.
pub(crate) trait Listener {
    /// The name of the sink in the configuration.
    const NAME: &'static str;

    /// True if the listener sees that the agent was killed, and that it has ended.
    const SEES_DEATH: bool;

    /// The listener's knowledge of Finch: the status, and the availability if it is signed in.
    /// `None` if it knows nothing, or knows that nobody reports.
    fn finch(&mut self) -> Option<(String, String)>;

    /// Stops the listener from taking reports, and lets it take them again.
    fn hold(&mut self, is_held: bool);

    /// Ends the listener and starts it again, without its memory.
    fn restart(&mut self);
}

/// Checks the contract of a sink with this listener. Finch is not running yet.
pub(crate) fn check<L: Listener>(fixture: &AgentSession, mut listener: L) {
    let mut agent = fixture.agent();
    knows(&mut listener, "absent", "");
    let person = fixture.person();
    knows(&mut listener, "signed-in", "available");
    fixture.expect_sink(L::NAME, "reporting");

    // A slow listener gets the latest status.
    listener.hold(true);
    for saved in [Saved::Away, Saved::Available, Saved::Unavailable] {
        person.pick(saved);
    }
    settles(fixture, "do-not-disturb");
    listener.hold(false);
    knows(&mut listener, "signed-in", "do-not-disturb");

    // After an interruption, the current status comes again.
    listener.restart();
    person.pick(Saved::Away);
    knows(&mut listener, "signed-in", "away");

    // The end of the agent is visible, however it ends.
    agent.signal(Signal::KILL);
    agent.wait();
    if L::SEES_DEATH {
        forgets(&mut listener);
    } else {
        listener.restart();
    }
    let mut agent = fixture.agent();
    knows(&mut listener, "signed-in", "away");
    ends(&mut agent);
    if L::SEES_DEATH {
        forgets(&mut listener);
    }
}

/// Waits until Finch has this status or availability.
#[track_caller]
pub(crate) fn settles(fixture: &AgentSession, word: &str) {
    within(&format!("Finch is {word}"), || {
        let ended = fixture.session.communicado().run(&["status", "--json", "--client", "finch"]);
        ended.out.contains(&format!("\"{word}\"")).then_some(())
    });
}

#[track_caller]
pub(crate) fn knows<L: Listener>(listener: &mut L, status: &str, availability: &str) {
    let expected = (status.to_owned(), availability.to_owned());
    let mut last = None;
    within(&format!("the listener knows {expected:?}"), || {
        last = listener.finch();
        (last.as_ref() == Some(&expected)).then_some(())
    });
}

#[track_caller]
pub(crate) fn forgets<L: Listener>(listener: &mut L) {
    within("the listener knows that nobody reports", || listener.finch().is_none().then_some(()));
}
