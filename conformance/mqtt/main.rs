//! The source `mqtt`: Mosquitto, and a client that publishes what teams-for-linux publishes.
//!
//! The client replays a trace of teams-for-linux with npm's `mqtt`, which teams-for-linux uses too.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use communicado_conformance::{
    Broker, BrokerKind, Communicado, ExpectOk as _, TestSession, Watch, receive, require,
};

mod teams;

/// A client that publishes as teams-for-linux does.
struct Teams {
    process: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Teams {
    /// Starts the client, and waits until the broker has `connected`.
    fn start(broker: &Broker) -> Self {
        require(&["node"]);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let modules = root.join("../target/peers/sinks/node");
        assert!(
            modules.is_dir(),
            "{} is missing\n  help: cargo xtask sink-peers",
            modules.display()
        );
        let mut command = Command::new("node");
        command.arg(root.join("peers/teams_for_linux.mjs")).arg(modules);
        command.arg(format!("mqtt://127.0.0.1:{}", broker.port()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect_ok("start node");
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let lines = BufReader::new(output.expect_ok("read from node")).lines();
        let (sender, output) = mpsc::channel();
        // The thread ends with the client.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let teams = Self { process, input, output };
        teams.expect("connected");
        teams
    }

    /// Publishes a value, and waits until the broker has it.
    fn publish(&mut self, line: &str) {
        self.write(line);
        self.expect(line);
    }

    fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect_ok("write to node");
        writeln!(input, "{line}").expect_ok("write to node");
    }

    /// Waits for a line of the client.
    fn expect(&self, line: &str) {
        assert_eq!(receive(&self.output).expect_ok("read from node"), line);
    }

    fn kill(&mut self) {
        self.process.kill().expect_ok("kill node");
        self.process.wait().expect_ok("wait for node");
    }
}

impl Drop for Teams {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program with the source `mqtt`, and further options of the source.
fn with_mqtt(session: &TestSession, broker: &Broker, more: &str) -> Communicado {
    let config = format!(
        "[sources.purple]\nenabled = false\n[sources.provider]\nenabled = false\n\
         [sources.mqtt]\nbroker = \"mqtt://127.0.0.1:{}\"\n{more}",
        broker.port()
    );
    let communicado = session.communicado();
    let folder = session.folder().join("communicado/config/communicado");
    fs::write(folder.join("config.toml"), config).expect_ok("write a configuration");
    communicado
}

fn mosquitto(session: &TestSession) -> Broker {
    Broker::start(BrokerKind::Mosquitto, session.folder())
}

fn watch(communicado: &Communicado) -> Watch {
    Watch::start(communicado, &[])
}
