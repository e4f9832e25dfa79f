//! Finch in a terminal multiplexer that is older than the login.
//!
//! A tmux server keeps the environment of its start, also for windows that a later login opens.

use std::path::PathBuf;
use std::process::{Command, Output};

use communicado_conformance::{ExpectOk as _, Process, TestSession, require, within};

use crate::off_bus::{assert_unknown, finding_of, until_it_runs};

/// A tmux server; its windows end with it.
struct Tmux {
    socket: PathBuf,
    _server: Process,
}

impl Tmux {
    /// Starts a server with the address of `login`'s bus, and with its files in `session`.
    fn start(session: &TestSession, login: &mut TestSession) -> Self {
        require(&["tmux", "finch"]);
        let socket = session.folder().join("tmux");
        let bus = login.bus().address();
        let server = Process::start("tmux", "tmux", session.folder(), |command| {
            command.arg("-S").arg(&socket).args(["-f", "/dev/null", "-D"]);
            command.env("TERM", "screen").env("DBUS_SESSION_BUS_ADDRESS", bus);
        });
        let tmux = Self { socket, _server: server };
        within("tmux listens", || tmux.socket.exists().then_some(()));
        tmux
    }

    /// Starts Finch in a new session of tmux, from a terminal of `login`. Returns its process.
    fn finch(&self, name: &str, login: &mut TestSession) -> u32 {
        let home = self.socket.with_file_name(name);
        std::fs::create_dir(&home).expect_ok("make a home");
        let finch = format!("exec env HOME={0} finch -c {0}/purple", home.display());
        let bus = login.bus().address();
        let arguments =
            ["new-session", "-d", "-P", "-F", "#{pane_pid}", "-x", "100", "-y", "30", &finch];
        let output = self.command(&arguments, &bus);
        let process = String::from_utf8_lossy(&output.stdout).trim().parse();
        let process = process.expect_ok(&format!("read the process: {output:?}"));
        until_it_runs(process, "finch");
        process
    }

    fn command(&self, arguments: &[&str], bus: &str) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(arguments);
        command.env_remove("TMUX").env("DBUS_SESSION_BUS_ADDRESS", bus);
        command.output().expect_ok("run tmux")
    }
}

#[test]
fn finch_in_the_tmux_of_a_former_login_is_unknown() {
    let (mut former, mut session) = (TestSession::new(), TestSession::new());
    let tmux = Tmux::start(&session, &mut former);
    let early = tmux.finch("early", &mut former);
    within("finch is on the bus of the login", || {
        let status = former.communicado().run(&["status", "--client", "finch"]);
        status.out.contains("signed-out").then_some(())
    });
    drop(former);
    let late = tmux.finch("late", &mut session);
    let communicado = session.communicado().with_other_buses();
    assert_unknown(&communicado, "finch");
    for process in [early, late] {
        let finding = finding_of(&communicado, process);
        assert!(finding.contains("which is gone"), "{finding}");
        let remedy = "quit finch and start it inside the desktop session; in tmux, first set \
                      DBUS_SESSION_BUS_ADDRESS";
        assert!(finding.contains(remedy), "{finding}");
    }
    // The remedy works.
    let address = session.bus().address();
    tmux.command(&["set-environment", "-g", "DBUS_SESSION_BUS_ADDRESS", &address], &address);
    tmux.finch("again", &mut session);
    within("finch is on the bus of the session", || {
        let status = session.communicado().run(&["status", "--client", "finch"]);
        status.out.contains("signed-out").then_some(())
    });
}
