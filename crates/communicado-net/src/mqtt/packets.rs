//! The packets of both versions of MQTT that a client needs, over the codec `mqtt-proto`. Pure.

use hyper::body::Bytes;
use mqtt_proto::{Pid, QoS, QosPid, TopicFilter, TopicName, v3, v5};

use crate::NetError;

/// The largest packet to accept from a broker.
pub(super) const PACKET_MAX: usize = 256 * 1024;
/// The bytes of the longest head of a packet: the type, and a length of four bytes.
const HEAD_MAX: usize = 5;
/// The delay of the last will in seconds, so that a reconnection shows none.
const WILL_DELAY: u32 = 5;
/// The seconds for which the broker keeps a lost session: more than the delay of the last will.
const SESSION_EXPIRY: u32 = 30;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 5.
    V5,
    /// MQTT 3.1.1.
    V311,
}

/// The parameters of a connection.
#[derive(Clone, Debug)]
pub struct ConnectInfo {
    /// The id of the client, which is stable.
    pub client_id: String,
    /// The user name.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The keep-alive in seconds.
    pub keep_alive: u16,
    /// The topic and text of the last will, which is retained.
    pub will: Option<(String, String)>,
}

/// A packet from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// Accepted, with the keep-alive that the broker wants, in seconds.
    Accepted(Option<u16>),
    /// Refused with this reason code of MQTT 5.
    Refused(u8),
    /// An acknowledgement, with this reason code.
    Acknowledged(u16, u8),
    /// A granted or refused subscription.
    Subscribed(u16, bool),
    Message {
        topic: String,
        payload: Vec<u8>,
        retained: bool,
        acknowledge: Option<u16>,
    },
    Pong,
    /// The broker ends the connection with this reason code.
    Closing(u8),
    /// A packet without a meaning for a client.
    Other,
}

fn invalid(what: &str, why: &dyn std::fmt::Debug) -> NetError {
    NetError::permanent(format!("{what} is not valid in MQTT: {why:?}"), "report this as a bug")
}

fn malformed(why: &str) -> NetError {
    NetError::needs_action(
        format!("the broker sent bytes that are not MQTT: {why}"),
        "check the port, and whether the broker uses TLS",
    )
}

impl Version {
    pub(super) fn connect(self, info: &ConnectInfo) -> Result<Vec<u8>, NetError> {
        let will = info.will.as_ref().map(|(name, text)| Ok((topic(name)?, text.clone())));
        let will: Option<(TopicName, String)> = will.transpose()?;
        let user = info.user.as_deref().map(Into::into);
        let password = info.password.clone().map(Bytes::from);
        match self {
            Self::V5 => {
                let mut connect = v5::Connect::new(info.client_id.as_str().into(), info.keep_alive);
                connect.properties.session_expiry_interval =
                    info.will.as_ref().map(|_| SESSION_EXPIRY);
                connect.properties.max_packet_size = u32::try_from(PACKET_MAX).ok();
                connect.last_will = will.map(|(topic, text)| {
                    let mut will = v5::LastWill::new(QoS::Level1, topic, Bytes::from(text));
                    will.retain = true;
                    will.properties.delay_interval = Some(WILL_DELAY);
                    will
                });
                (connect.username, connect.password) = (user, password);
                encode_v5(&v5::Packet::Connect(connect))
            }
            Self::V311 => {
                let mut connect = v3::Connect::new(info.client_id.as_str().into(), info.keep_alive);
                connect.last_will = will.map(|(topic_name, text)| v3::LastWill {
                    qos: QoS::Level1,
                    retain: true,
                    topic_name,
                    message: Bytes::from(text),
                });
                (connect.username, connect.password) = (user, password);
                encode_v3(&v3::Packet::Connect(connect))
            }
        }
    }

    pub(super) fn publish(
        self,
        id: u16,
        name: &str,
        payload: String,
        retain: bool,
    ) -> Result<Vec<u8>, NetError> {
        let (quality, name) = (QosPid::Level1(pid(id)?), topic(name)?);
        match self {
            Self::V5 => {
                let mut publish = v5::Publish::new(quality, name, Bytes::from(payload));
                publish.retain = retain;
                encode_v5(&v5::Packet::Publish(publish))
            }
            Self::V311 => {
                let mut publish = v3::Publish::new(quality, name, Bytes::from(payload));
                publish.retain = retain;
                encode_v3(&v3::Packet::Publish(publish))
            }
        }
    }

    pub(super) fn subscribe(self, id: u16, filters: &[String]) -> Result<Vec<u8>, NetError> {
        let filter = |text: &String| {
            TopicFilter::try_from(text.as_str()).map_err(|error| invalid("a filter", &error))
        };
        let filters = filters.iter().map(filter).collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::V5 => {
                let mut options = v5::SubscriptionOptions::new(QoS::Level1);
                options.no_local = true;
                // The flag then means a message that is older than the subscription, as in 3.1.1.
                options.retain_as_published = false;
                let filters = filters.into_iter().map(|filter| (filter, options)).collect();
                encode_v5(&v5::Packet::Subscribe(v5::Subscribe::new(pid(id)?, filters)))
            }
            Self::V311 => {
                let topics = filters.into_iter().map(|filter| (filter, QoS::Level1)).collect();
                encode_v3(&v3::Packet::Subscribe(v3::Subscribe { pid: pid(id)?, topics }))
            }
        }
    }

    pub(super) fn acknowledge(self, id: u16) -> Result<Vec<u8>, NetError> {
        match self {
            Self::V5 => encode_v5(&v5::Packet::Puback(v5::Puback::new_success(pid(id)?))),
            Self::V311 => encode_v3(&v3::Packet::Puback(pid(id)?)),
        }
    }

    pub(super) fn ping(self) -> Result<Vec<u8>, NetError> {
        match self {
            Self::V5 => encode_v5(&v5::Packet::Pingreq),
            Self::V311 => encode_v3(&v3::Packet::Pingreq),
        }
    }

    /// The end of the connection, after which the broker drops the last will.
    pub(super) fn disconnect(self) -> Result<Vec<u8>, NetError> {
        match self {
            Self::V5 => encode_v5(&v5::Packet::Disconnect(v5::Disconnect::new_normal())),
            Self::V311 => encode_v3(&v3::Packet::Disconnect),
        }
    }

    /// Takes the first packet from `buffer`, if it is complete.
    pub(super) fn decode(self, buffer: &mut Vec<u8>) -> Result<Option<Incoming>, NetError> {
        let Some(length) = packet_length(buffer)? else { return Ok(None) };
        if buffer.len() < length {
            return Ok(None);
        }
        let packet: Vec<u8> = buffer.drain(..length).collect();
        let incoming = match self {
            // A broker that knows only 3.1.1 refuses in its own form.
            Self::V5 if matches!(packet.as_slice(), [0x20, 2, _, 1]) => {
                Some(Incoming::Refused(0x84))
            }
            Self::V5 => decode_v5(&packet)?,
            Self::V311 => decode_v3(&packet)?,
        };
        incoming.map(Some).ok_or_else(|| malformed("a packet is shorter than its length"))
    }
}

/// The length of the first packet with its head, or `None` if the head is not complete.
fn packet_length(buffer: &[u8]) -> Result<Option<usize>, NetError> {
    let (mut length, mut shift) = (0_usize, 0);
    for (index, byte) in buffer.iter().enumerate().take(HEAD_MAX).skip(1) {
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let length = length + index + 1;
            if length > PACKET_MAX {
                return Err(malformed(&format!("a packet has {length} bytes")));
            }
            return Ok(Some(length));
        }
    }
    if buffer.len() >= HEAD_MAX { Err(malformed("a length has five bytes")) } else { Ok(None) }
}

fn decode_v5(packet: &[u8]) -> Result<Option<Incoming>, NetError> {
    let packet = v5::Packet::decode(packet).map_err(|error| malformed(&format!("{error:?}")))?;
    let Some(packet) = packet else { return Ok(None) };
    Ok(Some(match packet {
        v5::Packet::Connack(ack) => match ack.reason_code {
            v5::ConnectReasonCode::Success => Incoming::Accepted(ack.properties.server_keep_alive),
            code => Incoming::Refused(code as u8),
        },
        v5::Packet::Puback(ack) => Incoming::Acknowledged(ack.pid.value(), ack.reason_code as u8),
        v5::Packet::Suback(ack) => {
            let is_granted = ack.topics.iter().all(|code| (*code as u8) < 0x80);
            Incoming::Subscribed(ack.pid.value(), is_granted)
        }
        v5::Packet::Publish(it) => message(&it.topic_name, &it.payload, it.retain, it.qos_pid),
        v5::Packet::Pingresp => Incoming::Pong,
        v5::Packet::Disconnect(end) => Incoming::Closing(end.reason_code as u8),
        _ => Incoming::Other,
    }))
}

fn decode_v3(packet: &[u8]) -> Result<Option<Incoming>, NetError> {
    let packet = v3::Packet::decode(packet).map_err(|error| malformed(&format!("{error:?}")))?;
    let Some(packet) = packet else { return Ok(None) };
    Ok(Some(match packet {
        v3::Packet::Connack(ack) => match ack.code {
            v3::ConnectReturnCode::Accepted => Incoming::Accepted(None),
            v3::ConnectReturnCode::UnacceptableProtocolVersion => Incoming::Refused(0x84),
            v3::ConnectReturnCode::IdentifierRejected => Incoming::Refused(0x85),
            v3::ConnectReturnCode::ServerUnavailable => Incoming::Refused(0x88),
            v3::ConnectReturnCode::BadUserNameOrPassword => Incoming::Refused(0x86),
            v3::ConnectReturnCode::NotAuthorized => Incoming::Refused(0x87),
        },
        v3::Packet::Puback(id) => Incoming::Acknowledged(id.value(), 0),
        v3::Packet::Suback(ack) => {
            let is_granted = ack.topics.iter().all(|code| (*code as u8) < 0x80);
            Incoming::Subscribed(ack.pid.value(), is_granted)
        }
        v3::Packet::Publish(it) => message(&it.topic_name, &it.payload, it.retain, it.qos_pid),
        v3::Packet::Pingresp => Incoming::Pong,
        _ => Incoming::Other,
    }))
}

fn message(topic: &str, payload: &[u8], retained: bool, quality: QosPid) -> Incoming {
    let acknowledge = match quality {
        QosPid::Level1(id) => Some(id.value()),
        QosPid::Level0 | QosPid::Level2(_) => None,
    };
    Incoming::Message { topic: topic.to_owned(), payload: payload.to_vec(), retained, acknowledge }
}

fn topic(name: &str) -> Result<TopicName, NetError> {
    TopicName::try_from(name).map_err(|error| invalid("a topic", &error))
}

fn pid(id: u16) -> Result<Pid, NetError> {
    Pid::try_from(id).map_err(|error| invalid("a packet number", &error))
}

fn encode_v5(packet: &v5::Packet) -> Result<Vec<u8>, NetError> {
    let encoded = packet.encode().map_err(|error| invalid("a packet", &error))?;
    Ok(encoded.as_ref().to_vec())
}

fn encode_v3(packet: &v3::Packet) -> Result<Vec<u8>, NetError> {
    let encoded = packet.encode().map_err(|error| invalid("a packet", &error))?;
    Ok(encoded.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_decoded_when_it_is_complete() {
        for version in [Version::V5, Version::V311] {
            let packet = version.publish(7, "a/b", "text".to_owned(), true).unwrap();
            let mut buffer = Vec::new();
            for byte in &packet {
                assert_eq!(version.decode(&mut buffer).unwrap(), None);
                buffer.push(*byte);
            }
            buffer.push(0xd0);
            let expected = Incoming::Message {
                topic: "a/b".to_owned(),
                payload: b"text".to_vec(),
                retained: true,
                acknowledge: Some(7),
            };
            assert_eq!(version.decode(&mut buffer).unwrap(), Some(expected));
            buffer.push(0);
            assert_eq!(version.decode(&mut buffer).unwrap(), Some(Incoming::Pong));
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn foreign_bytes_are_an_error_and_never_a_panic() {
        let mut random = 1_u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u8::try_from(random >> 56).unwrap_or(0)
        };
        for version in [Version::V5, Version::V311] {
            for _ in 0..20_000 {
                let length = next() % 40;
                let mut bytes: Vec<u8> = (0..length).map(|_| next()).collect();
                while let Ok(Some(_)) = version.decode(&mut bytes) {}
            }
            let http = b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(20);
            assert!(version.decode(&mut http.clone()).is_err());
            assert!(version.decode(&mut vec![0x30, 0xff, 0xff, 0xff, 0x7f]).is_err());
        }
    }

    #[test]
    fn an_old_broker_refuses_version_5_in_its_own_form() {
        let refused = Version::V5.decode(&mut vec![0x20, 2, 0, 1]).unwrap();
        assert_eq!(refused, Some(Incoming::Refused(0x84)));
    }
}
