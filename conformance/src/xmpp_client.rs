//! A client of an XMPP server that this project did not write: slixmpp.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use crate::broker::sink_python;
use crate::deadline::receive;
use crate::expect_ok::ExpectOk;

/// A signed-in client. Dropping the value kills it.
#[derive(Debug)]
pub struct XmppClient {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
}

impl XmppClient {
    /// Signs in with an address such as `alice@uc.test/phone`, and waits until the server has the
    /// presence.
    pub fn sign_in(address: &str, password: &str, port: u16) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/xmpp_client.py");
        let mut command = Command::new(sink_python());
        command.arg(script).args([address, password, &port.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect_ok("start slixmpp");
        let input = process.stdin.take().expect_ok("write to slixmpp");
        let lines = BufReader::new(process.stdout.take().expect_ok("read from slixmpp")).lines();
        let (sender, output) = mpsc::channel();
        // The thread ends with the client.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let client = Self { process, input, output };
        client.expect("signed-in");
        client
    }

    /// Does what the line says, and waits until the server has it.
    #[track_caller]
    pub fn act(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect_ok("write to slixmpp");
        self.expect(line);
    }

    /// Waits for a line of the client.
    #[track_caller]
    pub fn expect(&self, line: &str) {
        assert_eq!(receive(&self.output).expect_ok("read from slixmpp"), line);
    }

    /// Signs out and ends.
    pub fn quit(mut self) {
        writeln!(self.input, "quit").expect_ok("write to slixmpp");
        self.expect("ended");
        self.process.wait().expect_ok("wait for slixmpp");
    }

    /// Kills the client with SIGKILL.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for XmppClient {
    fn drop(&mut self) {
        self.end();
    }
}
