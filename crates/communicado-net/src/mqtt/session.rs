//! One connection to a broker: what to send, what is awaited, and when it is dead. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use communicado_core::Moment;

use super::packets::{ConnectInfo, Incoming, Version};
use crate::NetError;

/// The time for an answer of the broker.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The reason code of MQTT 5 for a connection that another one with the same id replaced.
const TAKEN_OVER: u8 = 0x8e;

/// The state of one connection.
pub struct MqttSession {
    version: Version,
    keep_alive: Duration,
    /// The bytes to send.
    pub(super) output: Vec<u8>,
    input: Vec<u8>,
    is_accepted: bool,
    last_id: u16,
    /// The packets that the broker has yet to acknowledge, and when they were sent.
    awaited: BTreeMap<u16, Moment>,
    last_sent: Moment,
    /// When the answer to CONNECT or PINGREQ is overdue.
    answer_due: Option<Moment>,
}

/// An event of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MqttEvent {
    /// The broker has accepted the connection.
    Accepted,
    /// The broker does not know this version of the protocol.
    WrongVersion,
    /// The broker has stored a message, or refused it.
    Acknowledged(u16, Result<(), NetError>),
    /// The broker has answered a ping, after all that it had sent before.
    Pong,
    /// The broker has refused a subscription.
    SubscriptionRefused,
    /// A message to a subscription.
    Message {
        /// The topic.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
        /// True if the message is older than the subscription.
        retained: bool,
    },
    /// Another connection with the same id replaces this one.
    TakenOver,
}

impl MqttSession {
    /// A new connection, whose first packet is in the output.
    ///
    /// # Errors
    ///
    /// If a text is not valid in MQTT.
    pub fn open(version: Version, info: &ConnectInfo, now: Moment) -> Result<Self, NetError> {
        Ok(Self {
            version,
            keep_alive: Duration::from_secs(u64::from(info.keep_alive)),
            output: version.connect(info)?,
            input: Vec::new(),
            is_accepted: false,
            last_id: 0,
            awaited: BTreeMap::new(),
            last_sent: now,
            answer_due: Some(now.after(ANSWER_MAX)),
        })
    }

    /// Publishes a message, and returns its number.
    pub(super) fn publish(
        &mut self,
        topic: &str,
        payload: String,
        retain: bool,
        now: Moment,
    ) -> Result<u16, NetError> {
        let id = self.next_id(now);
        let packet = self.version.publish(id, topic, payload, retain)?;
        self.send(&packet, now);
        Ok(id)
    }

    /// Subscribes to the topics of these filters.
    ///
    /// # Errors
    ///
    /// If a filter is not valid in MQTT.
    pub fn subscribe(&mut self, filters: &[String], now: Moment) -> Result<(), NetError> {
        let id = self.next_id(now);
        let packet = self.version.subscribe(id, filters)?;
        self.send(&packet, now);
        Ok(())
    }

    /// Ends the connection, so that the broker drops the last will.
    pub(super) fn disconnect(&mut self, now: Moment) -> Result<(), NetError> {
        let packet = self.version.disconnect()?;
        self.send(&packet, now);
        Ok(())
    }

    /// Returns whether the broker has accepted this connection.
    pub(super) const fn is_accepted(&self) -> bool {
        self.is_accepted
    }

    /// Takes bytes from the broker, which may end within a packet.
    ///
    /// # Errors
    ///
    /// If the bytes are not MQTT, a packet is too large, or the broker refuses the connection.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<Vec<MqttEvent>, NetError> {
        self.input.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(incoming) = self.version.decode(&mut self.input)? {
            events.extend(self.handle(incoming, now)?);
        }
        Ok(events)
    }

    fn handle(&mut self, incoming: Incoming, now: Moment) -> Result<Option<MqttEvent>, NetError> {
        Ok(match incoming {
            Incoming::Accepted(keep_alive) => {
                self.is_accepted = true;
                self.answer_due = None;
                if let Some(seconds) = keep_alive.filter(|seconds| *seconds > 0) {
                    self.keep_alive = Duration::from_secs(u64::from(seconds));
                }
                Some(MqttEvent::Accepted)
            }
            Incoming::Refused(0x01 | 0x84) => Some(MqttEvent::WrongVersion),
            Incoming::Refused(code) => return Err(refused("the connection", code)),
            Incoming::Acknowledged(id, code) => {
                let result = if code < 0x80 { Ok(()) } else { Err(refused("a message", code)) };
                self.awaited.remove(&id).map(|_| MqttEvent::Acknowledged(id, result))
            }
            Incoming::Subscribed(id, is_granted) => {
                self.awaited.remove(&id);
                (!is_granted).then_some(MqttEvent::SubscriptionRefused)
            }
            Incoming::Message { topic, payload, retained, acknowledge } => {
                if let Some(id) = acknowledge {
                    let packet = self.version.acknowledge(id)?;
                    self.send(&packet, now);
                }
                Some(MqttEvent::Message { topic, payload, retained })
            }
            Incoming::Pong => {
                self.answer_due = None;
                Some(MqttEvent::Pong)
            }
            Incoming::Closing(TAKEN_OVER) => Some(MqttEvent::TakenOver),
            Incoming::Closing(code) => return Err(refused("the connection", code)),
            Incoming::Other => None,
        })
    }

    /// When [`Self::tick`] is due.
    pub(super) fn deadline(&self) -> Moment {
        let overdue = self.awaited.values().min().map(|sent| sent.after(ANSWER_MAX));
        let ping = match self.answer_due {
            Some(due) => due,
            None => self.last_sent.after(self.keep_alive),
        };
        overdue.map_or(ping, |overdue| overdue.min(ping))
    }

    /// Sends a ping if one is due.
    ///
    /// An answer that is overdue is an error: the connection is dead.
    pub(super) fn tick(&mut self, now: Moment) -> Result<(), NetError> {
        let is_overdue = |sent: &Moment| sent.after(ANSWER_MAX) <= now;
        if self.awaited.values().any(is_overdue) || self.answer_due.is_some_and(|due| due <= now) {
            return Err(NetError::transient(
                format!("the broker did not answer within {} s", ANSWER_MAX.as_secs()),
                "check that the broker runs and that this network can reach it",
            ));
        }
        if self.answer_due.is_none() && self.last_sent.after(self.keep_alive) <= now {
            self.ping(now)?;
        }
        Ok(())
    }

    /// Sends a ping.
    pub(super) fn ping(&mut self, now: Moment) -> Result<(), NetError> {
        let packet = self.version.ping()?;
        self.send(&packet, now);
        self.answer_due = Some(now.after(ANSWER_MAX));
        Ok(())
    }

    /// Returns whether the answer to the first packet is overdue.
    pub(super) fn is_overdue(&self, now: Moment) -> bool {
        !self.is_accepted && self.answer_due.is_some_and(|due| due <= now)
    }

    fn send(&mut self, packet: &[u8], now: Moment) {
        self.output.extend_from_slice(packet);
        self.last_sent = now;
    }

    fn next_id(&mut self, now: Moment) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.awaited.insert(self.last_id, now);
        self.last_id
    }
}

/// The error for a reason code of MQTT 5.
fn refused(what: &str, code: u8) -> NetError {
    let (why, help) = match code {
        0x85 => {
            ("the client id is not valid", "set `device` to a short name of letters and digits")
        }
        0x86 => (
            "the user name or the password is wrong",
            "check `user` and the file of `password-file`",
        ),
        0x87 => (
            "not authorized",
            "check `user`, `password-file` and the permissions of the user at the broker",
        ),
        0x88 | 0x89 => ("the broker is unavailable", "check the log of the broker"),
        0x8a => ("this client is banned", "ask the administrator of the broker"),
        0x8b => ("the broker is shutting down", "start the broker again"),
        0x8d => ("the keep-alive has expired", "check the network connection"),
        0x90 => ("the topic is not valid for it", "set another `topic`"),
        0x95 => ("the message is too large", "report fewer clients, or allow larger messages"),
        0x97 => ("a quota is exceeded", "raise the quota in the broker"),
        0x9a => ("it does not support retained messages", "enable retained messages in the broker"),
        0x9b => ("it does not support QoS 1", "enable QoS 1 in the broker"),
        0x9f => ("there are too many connections", "raise the limit in the broker"),
        _ => ("it gave no known reason", "check the log of the broker"),
    };
    let cause = format!("the broker refused {what}: {why} (0x{code:02X})");
    match code {
        0x88 | 0x89 | 0x8b | 0x8d | 0x80 => NetError::transient(cause, help),
        _ => NetError::needs_action(cause, help),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPTED: [u8; 5] = [0x20, 3, 0, 0, 0];

    fn session() -> MqttSession {
        let info = ConnectInfo {
            client_id: "communicado-laptop".to_owned(),
            user: None,
            password: None,
            keep_alive: 40,
            will: Some(("communicado/laptop".to_owned(), "offline".to_owned())),
        };
        MqttSession::open(Version::V5, &info, Moment::START).unwrap()
    }

    fn after(seconds: u64) -> Moment {
        Moment::START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_broker_that_does_not_answer_is_dead_after_ten_seconds() {
        let mut silent = session();
        assert_eq!(silent.deadline(), after(10));
        assert!(silent.tick(after(9)).is_ok() && silent.tick(after(10)).is_err());

        let mut hung = session();
        assert_eq!(hung.receive(&ACCEPTED, after(1)).unwrap(), [MqttEvent::Accepted]);
        hung.publish("a", "x".to_owned(), true, after(5)).unwrap();
        assert_eq!(hung.deadline(), after(15));
        assert!(hung.tick(after(15)).is_err());
    }

    #[test]
    fn a_ping_keeps_an_idle_connection_alive() {
        let mut idle = session();
        idle.receive(&ACCEPTED, after(1)).unwrap();
        let sent = idle.publish("a", "x".to_owned(), true, after(2)).unwrap();
        let acknowledged = idle.receive(&[0x40, 2, 0, 1], after(2)).unwrap();
        assert_eq!(acknowledged, [MqttEvent::Acknowledged(sent, Ok(()))]);
        assert_eq!(idle.deadline(), after(42));
        idle.output.clear();
        idle.tick(after(42)).unwrap();
        assert_eq!(idle.output, [0xc0, 0]);
        idle.receive(&[0xd0, 0], after(43)).unwrap();
        assert_eq!(idle.deadline(), after(82));
    }

    #[test]
    fn a_refused_subscription_is_an_event() {
        for (code, expected) in [(0x87, vec![MqttEvent::SubscriptionRefused]), (1, Vec::new())] {
            let mut subscriber = session();
            subscriber.receive(&ACCEPTED, after(1)).unwrap();
            subscriber.subscribe(&["a/b".to_owned()], after(1)).unwrap();
            assert_eq!(subscriber.receive(&[0x90, 4, 0, 1, 0, code], after(2)).unwrap(), expected);
        }
    }

    #[test]
    fn a_refusal_names_the_reason() {
        let mut refused = session();
        let error = refused.receive(&[0x20, 3, 0, 0x86, 0], after(1)).unwrap_err();
        assert!(error.cause.contains("password is wrong (0x86)"), "{error}");
        let mut old = session();
        let events = old.receive(&[0x20, 2, 0, 1], after(1)).unwrap();
        assert_eq!(events, [MqttEvent::WrongVersion]);
        let mut replaced = session();
        replaced.receive(&ACCEPTED, after(1)).unwrap();
        let events = replaced.receive(&[0xe0, 2, 0x8e, 0], after(2)).unwrap();
        assert_eq!(events, [MqttEvent::TakenOver]);
    }
}
