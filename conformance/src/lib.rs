//! Test fixtures that run Communicado beside real clients and servers.
//!
//! A [`TestSession`] has a folder, a private bus and the programs on it: [`Prosody`], [`Kamailio`],
//! [`Client`] (Finch or Pidgin) and the program under test ([`Communicado`], [`Watch`]).
//! A [`Wine`] is the same for Windows, with its own registry and COM. A [`Peer`] is a client there.
//!
//! [`Purple`] drives a client as its user would, with `dbus-send`.
//!
//! **Invariant:** nothing leaves the machine. Servers listen on 127.0.0.1 at free ports, and the
//! private bus activates only the names that a test registers.
//! **Invariant:** the fixtures end every process that they started, by its id, also if a test
//! panics or its process is killed. They touch no other process. See `process` and `reaper`.
//! **Invariant:** every wait polls [`within`] a deadline for a state, and a failure shows the last
//! state.
//!
//! A failure here is a panic, because the caller is a test.
//!
//! Read next: [`Watch::expect`], then the cases in `conformance/purple/`.

mod account;
mod agent_session;
mod broker;
mod bus;
mod certificate;
mod client;
mod client_kind;
mod communicado;
mod deadline;
mod desktop_client;
mod display;
mod dunst;
mod ejabberd;
mod expect_ok;
mod gateway;
mod introspection;
mod kamailio;
mod line;
mod local_time;
mod namespace;
mod packages;
mod ports;
mod process;
mod prosody;
mod pty;
mod purple;
mod real_gateway;
mod reaper;
mod receiver;
mod relay;
mod session;
mod transcript;
mod watch;
mod wine;
mod wine_command;
mod xmpp_client;

pub use account::{Account, Protocol};
pub use agent_session::{AgentSession, Person, ends, says, sink_in};
pub use broker::{Broker, BrokerKind, MqttMessage, Subscriber, sink_python};
pub use bus::Bus;
pub use certificate::{EXPIRED, Pair, VALID};
pub use client::Client;
pub use client_kind::ClientKind;
pub use communicado::{Communicado, Completed};
pub use deadline::{HANG, receive, within, within_of};
pub use desktop_client::{DesktopClient, DesktopClientKind};
pub use dunst::{Dunst, Notification};
pub use ejabberd::Ejabberd;
pub use expect_ok::ExpectOk;
pub use gateway::{Gateway, Request};
pub use introspection::members;
pub use kamailio::Kamailio;
pub use line::Line;
pub use local_time::{hours_from_now, write_zone};
pub use namespace::as_nobody;
pub use packages::{require, require_python};
pub use ports::free as free_port;
pub use process::{Process, Signal};
pub use prosody::Prosody;
pub use pty::Pty;
pub use purple::{Purple, Saved};
pub use real_gateway::RealGateway;
pub use receiver::{Receiver, ReceiverKind};
pub use relay::Relay;
pub use session::TestSession;
pub use watch::Watch;
pub use wine::{Peer, PeerKind, Program, Wine};
pub use xmpp_client::XmppClient;
