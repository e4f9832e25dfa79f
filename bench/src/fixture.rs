//! The fixture of a benchmark: a private bus, a real signed-in Finch, and a player.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use communicado_conformance::{Account, Client, ExpectOk, Prosody, TestSession};

use crate::player::Player;
use crate::raw_dbus::{Kind, RawDbus, Received};
use crate::relay::Relay;

/// The name that Finch owns on the bus, and its object and interface.
pub(crate) const PURPLE: [&str; 3] = [
    "im.pidgin.purple.PurpleService",
    "/im/pidgin/purple/PurpleObject",
    "im.pidgin.purple.PurpleInterface",
];

/// A Finch that is signed in to its own server, and a paused player.
pub(crate) struct Fixture {
    pub(crate) player: Player,
    _finch: Client,
    _server: Prosody,
    /// The last field, so that the bus ends after its programs.
    pub(crate) empty: Empty,
}

/// An empty bus.
pub(crate) struct Empty {
    session: TestSession,
    pub(crate) bus: String,
}

impl Empty {
    pub(crate) fn new() -> Self {
        let mut session = TestSession::new();
        let bus = session.bus().address();
        Self { session, bus }
    }

    /// The folder of the session.
    pub(crate) fn folder(&self) -> &Path {
        self.session.folder()
    }

    /// A command on this bus with its own home and an otherwise empty environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Debian's `purple-remote` needs Debian's Python first in the path.
        let path = format!("/usr/bin:/bin:{}", std::env::var("PATH").unwrap_or_default());
        command
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.session.folder())
            .env("XDG_CONFIG_HOME", self.session.folder())
            .env("XDG_RUNTIME_DIR", self.session.folder())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::on(Empty::new())
    }

    /// A fixture with a relay between Finch and the bus. Other programs use the bus directly.
    pub(crate) fn relayed(member: &'static str) -> (Self, Relay) {
        let mut empty = Empty::new();
        let relay = Relay::before(&empty.bus, member);
        let (relay, itself) = relay.expect_ok("put a relay before the bus");
        empty.bus = itself;
        (Self::on(empty), relay)
    }

    fn on(empty: Empty) -> Self {
        let server = empty.session.prosody();
        let account = Account::xmpp("alice", &server);
        let mut bus = RawDbus::connect(&empty.bus).expect_ok("get onto the bus");
        let [_, path, interface] = PURPLE;
        let signed_on =
            format!("type='signal',path='{path}',interface='{interface}',member='AccountSignedOn'");
        bus.listen(&signed_on).expect_ok("listen to Finch");
        let finch = empty.session.finch(&[&account]);
        let is_signal =
            |heard: &Received| heard.kind == Kind::Signal && heard.member == "AccountSignedOn";
        while !bus.receive().expect_ok("see Finch sign in").iter().any(is_signal) {}
        let player = Player::start(&empty.bus).expect_ok("start a player");
        Self { player, _finch: finch, _server: server, empty }
    }
}

/// A program that runs and writes lines, until it is dropped.
pub(crate) struct Follower {
    child: Child,
    output: ChildStdout,
}

impl Follower {
    pub(crate) fn start(mut command: Command) -> Self {
        Self::of(command.spawn().expect_ok("start a program that listens"))
    }

    /// A program that was started, with a pipe for its output.
    pub(crate) fn of(mut child: Child) -> Self {
        let output = child.stdout.take().expect_ok("read what a listener writes");
        Self { child, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Appends new output to `text`, and waits for some.
    pub(crate) fn read(&mut self, text: &mut Vec<u8>) {
        let mut piece = [0; 16_384];
        let length = self.output.read(&mut piece).expect_ok("read what a listener writes");
        assert_ne!(length, 0, "a listener has ended");
        text.extend(piece.iter().take(length));
    }
}

impl AsFd for Follower {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // An error means that it has exited.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
