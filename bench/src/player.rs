//! A media player that plays nothing, for `playerctl` to follow.
//!
//! It has the part of the D-Bus interface of MPRIS (Media Player Remote Interfacing Specification
//! 2.2) that `playerctl` uses. It answers immediately, as a fast real player would.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::raw_dbus::{Kind, Message, RawDbus, Received, Writer};

const NAME: &str = "org.mpris.MediaPlayer2.bench";
const PATH: &str = "/org/mpris/MediaPlayer2";
const PLAYER: &str = "org.mpris.MediaPlayer2.Player";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The signal of a change.
pub(crate) const SIGNAL: &str = "PropertiesChanged";

/// A running player; it ends with its bus.
pub(crate) struct Player {
    bus: RawDbus,
    plays: Arc<AtomicBool>,
}

impl Player {
    /// Starts a paused player.
    pub(crate) fn start(address: &str) -> io::Result<Self> {
        let mut bus = RawDbus::connect(address)?;
        bus.own(NAME)?;
        bus.wait_forever()?;
        let player = Self { bus: bus.twin()?, plays: Arc::default() };
        let plays = Arc::clone(&player.plays);
        thread::spawn(move || {
            while let Ok(heard) = bus.receive() {
                for call in heard.into_iter().filter(|heard| heard.kind == Kind::Call) {
                    if answer(&mut bus, &call, plays.load(Ordering::Relaxed)).is_err() {
                        return;
                    }
                }
            }
        });
        Ok(player)
    }

    /// A second driver of the same player.
    pub(crate) fn twin(&self) -> io::Result<Self> {
        Ok(Self { bus: self.bus.twin()?, plays: Arc::clone(&self.plays) })
    }

    /// Plays or pauses, sends the signal, and returns the time just before.
    pub(crate) fn play(&mut self, plays: bool) -> io::Result<Instant> {
        self.plays.store(plays, Ordering::Relaxed);
        let mut body = Writer::default();
        body.string(PLAYER);
        body.dictionary(|changed| status(changed, plays));
        // No property without its value.
        body.u32(0);
        let signal = Message {
            kind: Kind::Signal,
            path: PATH,
            interface: PROPERTIES,
            member: SIGNAL,
            signature: "sa{sv}as",
            body: &body.0,
            ..Message::default()
        };
        let now = Instant::now();
        self.bus.send(&signal).map(|_| now)
    }
}

fn answer(bus: &mut RawDbus, call: &Received, plays: bool) -> io::Result<()> {
    let mut body = Writer::default();
    let mut signature = "";
    if call.member == "GetAll" {
        signature = "a{sv}";
        let of_player = call.text().as_deref() == Some(PLAYER);
        body.dictionary(|all| {
            if of_player {
                status(all, plays);
                all.key("CanControl", "b");
                all.u32(1);
                all.key("Metadata", "a{sv}");
                all.dictionary(|_| ());
            }
        });
    }
    let answer = Message {
        kind: Kind::Answer,
        destination: &call.sender,
        answers: call.serial,
        signature,
        body: &body.0,
        ..Message::default()
    };
    bus.send(&answer).map(|_| ())
}

fn status(properties: &mut Writer, plays: bool) {
    properties.key("PlaybackStatus", "s");
    properties.string(word(plays));
}

/// The playback status in the words of MPRIS and `playerctl`.
pub(crate) const fn word(plays: bool) -> &'static str {
    if plays { "Playing" } else { "Paused" }
}
