//! A fake gateway with a settable behavior, which reports its requests.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::deadline::receive;
use crate::expect_ok::ExpectOk;
use crate::packages::require_python;

/// A gateway in Python. It exits when its stdin closes, also if the test process is killed.
pub struct Gateway {
    child: Child,
    port: u16,
    tls: bool,
    requests: Receiver<Request>,
    done: Receiver<Value>,
}

/// A request to the gateway.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers, with names in lower case.
    pub headers: Value,
    /// The body, if it has one.
    pub body: Value,
    /// The behavior of the gateway when the request came.
    pub manner: String,
}

impl Gateway {
    /// Starts a gateway at a free port.
    pub fn start() -> Self {
        Self::at(0, None)
    }

    /// Starts a gateway with TLS.
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::at(0, Some((certificate, key)))
    }

    /// Kills the gateway, and starts another one at the same port.
    pub fn restart(self) -> Self {
        let port = self.kill();
        Self::anew(port)
    }

    /// Kills the gateway and returns its port.
    pub fn kill(self) -> u16 {
        let port = self.port;
        drop(self);
        port
    }

    /// Starts a gateway at this port.
    pub fn anew(port: u16) -> Self {
        Self::at(port, None)
    }

    fn at(port: u16, tls: Option<(&Path, &Path)>) -> Self {
        require_python();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/gateway.py");
        // Debian's own Python, whatever else PATH may lead to.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).arg(port.to_string());
        if let Some((certificate, key)) = tls {
            command.arg(certificate).arg(key);
        }
        command.env_clear().env("LC_ALL", "C.UTF-8");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect_ok("start python3");
        let output = child.stdout.take().expect_ok("read from the gateway");
        let (asked, requests) = mpsc::channel();
        let (did, done) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let printed: Value =
                    serde_json::from_str(&line).expect_ok("read what the gateway says");
                let sent = match printed.get("request") {
                    Some(request) => asked.send(Request::of(request)).is_ok(),
                    None => did.send(printed).is_ok(),
                };
                if !sent {
                    return;
                }
            }
        });
        let begun = receive(&done).expect_ok("start the gateway");
        let port =
            begun.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        Self {
            child,
            port: port.expect_ok("learn the gateway's port"),
            tls: tls.is_some(),
            requests,
            done,
        }
    }

    /// The URL with this host name.
    pub fn address(&self, host: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}", self.port)
    }

    /// Sets the behavior.
    #[track_caller]
    pub fn behave(&mut self, manner: &str) {
        self.order(&json!({ "behave": manner }));
    }

    /// Answers the held requests.
    #[track_caller]
    pub fn release(&mut self) {
        self.order(&json!({ "release": true }));
    }

    #[track_caller]
    fn order(&mut self, order: &Value) {
        let input = self.child.stdin.as_mut().expect_ok("tell the gateway");
        writeln!(input, "{order}").expect_ok("tell the gateway");
        receive(&self.done).expect_ok("hear from the gateway");
    }

    /// Stops the process (SIGSTOP): the kernel accepts connections, and no answer comes.
    pub fn hang(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).expect_ok("stop the gateway");
    }

    /// Resumes the process.
    pub fn resume(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).expect_ok("let the gateway go on");
    }

    /// The next request.
    #[track_caller]
    pub fn next(&self) -> Request {
        receive(&self.requests).expect_ok("be asked something")
    }

    /// The next request, which must be a list of clients.
    #[track_caller]
    pub fn next_list(&self) -> Request {
        let request = self.next();
        assert_eq!(request.method, "PUT", "{request:?}");
        request
    }

    /// Requests up to one with this status of Finch; all of them must be lists.
    #[track_caller]
    pub fn until_finch(&self, status: &str, availability: Option<&str>) -> Request {
        loop {
            let request = self.next_list();
            if request.finch() == (status.to_owned(), availability.map(str::to_owned)) {
                return request;
            }
        }
    }

    /// Requests up to the deletion of the device.
    #[track_caller]
    pub fn until_goodbye(&self) -> Request {
        loop {
            let request = self.next();
            if request.method == "DELETE" {
                return request;
            }
        }
    }

    /// The requests that no caller has read.
    pub fn rest(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

impl Request {
    fn of(request: &Value) -> Self {
        let text = |key: &str| {
            let text = request.get(key).and_then(Value::as_str);
            text.expect_ok("read a request").to_owned()
        };
        let part = |key: &str| request.get(key).cloned().unwrap_or_default();
        let (method, path, manner) = (text("method"), text("path"), text("manner"));
        Self { method, path, manner, headers: part("headers"), body: part("body") }
    }

    /// Finch's status and availability.
    pub fn finch(&self) -> (String, Option<String>) {
        self.client("finch")
    }

    /// A client's status and availability.
    #[track_caller]
    pub fn client(&self, name: &str) -> (String, Option<String>) {
        let clients = self.body.get("clients").and_then(Value::as_array).expect_ok("find clients");
        let mut named = clients.iter().filter(|it| it.get("client").is_some_and(|it| it == name));
        let client = named.next().expect_ok("find the client");
        let text = |key: &str| Some(client.get(key)?.as_str()?.to_owned());
        (text("status").expect_ok("find a status"), text("availability"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
