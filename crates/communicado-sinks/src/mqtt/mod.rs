//! `mqtt`: a retained document on an MQTT broker, and discovery by Home Assistant.
//!
//! `document` writes the messages, and is pure. `sink` publishes them over the connection of
//! `communicado_net::mqtt`.
//!
//! One retained document is the state of the device and its availability. The last will replaces
//! it, so no reader sees a status of an agent that died. Nothing is received but the own state and
//! the messages of Home Assistant: the sink takes no commands.

mod document;
mod sink;

use self::sink::MqttSink;
use crate::agent::{SinkContext, SinkDescriptor, SinkOption, SinkOptionKind, SinkOptions};

const BROKER: SinkOption = SinkOption {
    name: "broker",
    kind: SinkOptionKind::Url(&["mqtts", "mqtt"]),
    default: None,
    help: "The URL of the broker. `mqtt` without TLS is for this computer, or with `insecure`.",
};
const USER: SinkOption = SinkOption {
    name: "user",
    kind: SinkOptionKind::Text,
    default: Some(""),
    help: "The user name at the broker.",
};
const PASSWORD_FILE: SinkOption = SinkOption {
    name: "password-file",
    kind: SinkOptionKind::SecretFile,
    default: Some(""),
    help: "The file with the password, or the name of a systemd credential.",
};
const CA_FILE: SinkOption = SinkOption {
    name: "ca-file",
    kind: SinkOptionKind::Path,
    default: Some(""),
    help: "Verify the broker against this CA only. The file is in PEM format.",
};
const CERTIFICATE_FILE: SinkOption = SinkOption {
    name: "certificate-file",
    kind: SinkOptionKind::Path,
    default: Some(""),
    help: "The file with the client certificate in PEM format, if the broker requires one.",
};
const KEY_FILE: SinkOption = SinkOption {
    name: "key-file",
    kind: SinkOptionKind::SecretFile,
    default: Some(""),
    help: "The file with the key of the client certificate, or the name of a systemd credential.",
};
const INSECURE: SinkOption = SinkOption {
    name: "insecure",
    kind: SinkOptionKind::Bool,
    default: Some("false"),
    help: "Whether to connect to another computer without TLS.",
};
const TOPIC: SinkOption = SinkOption {
    name: "topic",
    kind: SinkOptionKind::Topic,
    default: Some("communicado"),
    help: "The prefix of the topic, before the device.",
};
const DEVICE: SinkOption = SinkOption {
    name: "device",
    kind: SinkOptionKind::Id,
    default: Some(""),
    help: "The name of this device. Default: the host name.",
};
const HOME_ASSISTANT: SinkOption = SinkOption {
    name: "home-assistant",
    kind: SinkOptionKind::Topic,
    default: Some("homeassistant"),
    help: "The discovery prefix of Home Assistant. An empty text means no discovery.",
};

/// The kind `mqtt`.
pub(crate) const DESCRIPTOR: SinkDescriptor = SinkDescriptor {
    kind: "mqtt",
    about: "An MQTT broker, and Home Assistant by discovery",
    capabilities: &[
        "one retained document with the state of each client",
        "entities in Home Assistant",
        "`offline` when the agent stops, pauses or crashes",
    ],
    limitations: &[
        "It takes no commands: Communicado does not act on clients.",
        "After a crash, the broker reports `offline` up to 6 s later with MQTT 5.",
        "Home Assistant shows its remembered value for a moment after a restart of the broker.",
    ],
    leaves_machine: true,
    options: &[
        BROKER,
        USER,
        PASSWORD_FILE,
        CA_FILE,
        CERTIFICATE_FILE,
        KEY_FILE,
        INSECURE,
        TOPIC,
        DEVICE,
        HOME_ASSISTANT,
    ],
    destination: |context, options| {
        format!("{} topic {}/{}", options.text(&BROKER), topic(options), device(context, options))
    },
    open: |context, options| Ok(Box::new(MqttSink::new(context, options)?)),
};

fn topic(options: &SinkOptions) -> String {
    let topic = options.text(&TOPIC);
    if topic.is_empty() { "communicado".to_owned() } else { topic }
}

fn device(context: &SinkContext, options: &SinkOptions) -> String {
    let device = options.text(&DEVICE);
    if device.is_empty() { context.host.clone() } else { device }
}
