//! A home: the broker, Home Assistant, and an agent that reports a user.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use communicado_conformance::{
    AgentSession, Broker, BrokerKind, ExpectOk as _, Person, Process, Relay, Saved, require, within,
};

use crate::server::HomeAssistant;

pub(crate) const STATUS: &str = "sensor.laptop_finch_status";
pub(crate) const AVAILABILITY: &str = "sensor.laptop_finch_availability";
pub(crate) const AGENT: &str = "binary_sensor.laptop_agent";

/// The processes, in the order of their ends.
pub(crate) struct Home {
    pub(crate) agent: Process,
    pub(crate) person: Person,
    pub(crate) server: HomeAssistant,
    pub(crate) broker: Broker,
    pub(crate) session: AgentSession,
    /// The port at which the agent reaches the broker.
    port: u16,
}

impl Home {
    /// Starts everything, until the user is available in Home Assistant.
    pub(crate) fn start(kind: BrokerKind) -> Self {
        let session = AgentSession::new("");
        let broker = Broker::start(kind, session.session.folder());
        let port = broker.port();
        Self::with(session, broker, port, "6s")
    }

    /// The same with a relay between the agent and the broker, and this lease.
    pub(crate) fn over_relay(lease: &str) -> (Self, Relay) {
        let session = AgentSession::new("");
        let broker = Broker::start(BrokerKind::Mosquitto, session.session.folder());
        let relay = Relay::to(broker.port());
        (Self::with(session, broker, relay.port(), lease), relay)
    }

    fn with(session: AgentSession, broker: Broker, port: u16, lease: &str) -> Self {
        configure(&session, port, lease, "");
        let server = HomeAssistant::start(session.session.folder(), broker.port());
        let agent = session.agent();
        let person = session.person();
        let home = Self { agent, person, server, broker, session, port };
        home.shows(AVAILABILITY, "available");
        home
    }

    /// Configures the sink with this lease and more options, and consents.
    pub(crate) fn configure(&self, lease: &str, more: &str) {
        configure(&self.session, self.port, lease, more);
    }

    /// Starts the agent again.
    pub(crate) fn start_agent(&mut self) {
        self.agent = self.session.agent();
    }

    /// Waits until an entity has this state.
    #[track_caller]
    pub(crate) fn shows(&self, entity: &str, state: &str) {
        let what = format!("{entity} is {state}; {}", self.session.session.folder().display());
        within(&what, || (self.server.state(entity).as_deref() == Some(state)).then_some(()));
    }

    /// Waits until an entity does not exist.
    #[track_caller]
    pub(crate) fn has_no(&self, entity: &str) {
        within(&format!("{entity} is removed"), || {
            self.server.state(entity).is_none().then_some(())
        });
    }

    /// Waits until Home Assistant knows that nobody reports.
    #[track_caller]
    pub(crate) fn nobody_reports(&self) {
        for (entity, state) in
            [(STATUS, "unavailable"), (AVAILABILITY, "unavailable"), (AGENT, "off")]
        {
            self.shows(entity, state);
        }
    }

    /// The user selects a status, which Home Assistant shows when this function returns.
    #[track_caller]
    pub(crate) fn pick(&self, saved: Saved, availability: &str) {
        self.person.pick(saved);
        self.shows(AVAILABILITY, availability);
    }

    /// The times from Finch's signals to the changes of the entity, for so many changes.
    pub(crate) fn delays(&mut self, count: usize) -> Vec<Duration> {
        require(&["dbus-monitor"]);
        let address = self.session.session.bus().address();
        let folder = self.session.session.folder().to_owned();
        let monitor = Process::start("dbus-monitor", "dbus-monitor", &folder, |command| {
            command.args(["--session", "type=signal,member=AccountStatusChanged"]);
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        });
        within("the monitor listens", || (!monitor.output().is_empty()).then_some(()));
        let mut before = 0.0;
        let delay = |index: usize| {
            let (saved, availability) =
                [(Saved::Away, "away"), (Saved::Available, "available")][index % 2];
            self.pick(saved, availability);
            let change = self.server.changes(AVAILABILITY).pop().expect_ok("find the change");
            let signal = within("the monitor has the signal", || {
                last_signal(&monitor.output()).filter(|time| *time > before)
            });
            before = signal;
            // The monitor can be later than the entity.
            Duration::from_secs_f64((change.at - signal).max(0.0))
        };
        (0..count).map(delay).collect()
    }

    /// Paints a dashboard card into the documents.
    pub(crate) fn paint(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut node = Command::new("node");
        node.arg("home-assistant.js").arg(self.server.url()).arg(self.server.token());
        let painted = node.current_dir(root.join("board")).output().expect_ok("start node");
        assert!(painted.status.success(), "{}", String::from_utf8_lossy(&painted.stderr));
    }
}

fn configure(session: &AgentSession, port: u16, lease: &str, more: &str) {
    session.configure(&format!(
        "[agent]\nlease = \"{lease}\"\n[sinks.mqtt]\nbroker = \"mqtt://127.0.0.1:{port}\"\n\
         device = \"laptop\"\n{more}"
    ));
    session.expect_success(&["allow", "mqtt", "--yes"]);
}

/// The time of the last signal in the output of dbus-monitor, in seconds since 1970.
fn last_signal(output: &str) -> Option<f64> {
    let signals = output.lines().filter(|line| line.ends_with("member=AccountStatusChanged"));
    let mut times = signals.filter_map(|line| line.strip_prefix("signal time="));
    times.next_back()?.split(' ').next()?.parse().ok()
}
