//! Several gateways as one, over three real NATS servers.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Events, Gateway, free_port, peer, publication, within};

/// Three servers that keep one bucket.
pub(crate) struct Nats {
    program: PathBuf,
    nodes: Vec<Child>,
    ports: Vec<u16>,
    routes: Vec<u16>,
    folder: TempDir,
}

impl Nats {
    pub(crate) fn start() -> Self {
        Self::of(peer("nats-server"))
    }

    fn of(program: PathBuf) -> Self {
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let folder = TempDir::new().unwrap();
        let mut nats = Self { program, nodes: Vec::new(), ports, routes, folder };
        for index in 0..3 {
            let node = nats.node(index);
            nats.nodes.push(node);
        }
        for port in &nats.ports {
            within("NATS listens", || TcpStream::connect(("127.0.0.1", *port)).ok());
        }
        nats
    }

    fn node(&self, index: usize) -> Child {
        let store: PathBuf = self.folder.path().join(index.to_string());
        let routes: Vec<String> =
            self.routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        Command::new(&self.program)
            .args(["-n", &format!("n{index}"), "-a", "127.0.0.1", "-p"])
            .arg(self.ports[index].to_string())
            .args(["-js", "-sd", store.to_str().unwrap(), "--cluster_name", "c", "--cluster"])
            .arg(format!("nats://127.0.0.1:{}", self.routes[index]))
            .args(["--routes", &routes.join(",")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn kill(&mut self, index: usize) {
        self.nodes[index].kill().unwrap();
        self.nodes[index].wait().unwrap();
    }

    fn again(&mut self, index: usize) {
        self.nodes[index] = self.node(index);
    }

    fn signal(&self, signal: Signal) {
        for node in &self.nodes {
            kill_process(Pid::from_child(node), signal).unwrap();
        }
    }

    /// A gateway among others; a token of the first is good for all.
    fn gateway(&self, first: Option<&Gateway>) -> Gateway {
        self.gateway_with(first, &["--requests-per-second", "9999"])
    }

    /// The same, with more arguments of `serve`.
    pub(crate) fn gateway_with(&self, first: Option<&Gateway>, more: &[&str]) -> Gateway {
        let servers: Vec<String> =
            self.ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let servers = servers.join(",");
        let mut arguments = vec!["--nats", &servers, "--nats-replicas", "3"];
        arguments.extend(more);
        Gateway::among("127.0.0.1:0", &arguments, first.map(|gateway| gateway.token.clone()))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

#[test]
fn any_of_them_answers_for_any_person() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &["london"]);
    let (token, id) = one.token(&["read"], &json!({}));
    let mut here = Events::of(&one, &token, "", "");
    let mut there = Events::of(&other, &token, "", "");
    let snapshot = there.must("snapshot");
    assert_eq!(snapshot.data["people"][0]["id"], "ada");
    here.must("snapshot");
    other.publish("ada", "laptop", "busy");
    let change = here.must("change");
    // The same change has the same number everywhere.
    assert_eq!(there.must("change"), change);
    assert_eq!(one.get("/v1/people/ada"), other.get("/v1/people/ada"));
    // A reader moves, and misses nothing.
    one.publish("ada", "laptop", "away");
    let last = here.must("change").id.unwrap();
    there.must("change");
    other.publish("ada", "laptop", "available");
    let mut moved = Events::of(&other, &token, &format!("?last_event_id={last}"), "");
    assert_eq!(moved.must("change").data["availability"], "available");
    here.must("change");
    there.must("change");
    // What was said by hand, who reads, who is gone: everywhere.
    one.say("ada", "in room 7").must(200);
    assert_eq!(there.must("change").data["note"], json!(null));
    assert_eq!(other.get("/v1/people/ada")["note"], "in room 7");
    within("the audience is known", || {
        let audience = other.get("/v1/people/ada/audience");
        audience["readers"].to_string().contains("a test's").then_some(())
    });
    one.ask("DELETE", &format!("/v1/tokens/{id}"), None).must(204);
    here.must("change");
    assert_eq!(here.must("end").data["reason"], "token-revoked");
    assert_eq!(there.must("end").data["reason"], "token-revoked");
    other.ask("DELETE", "/v1/people/ada", None).must(204);
    within("ada is gone", || (one.ask("GET", "/v1/people/ada", None).status == 404).then_some(()));
    // Who is new again is new.
    one.add("ada", &[]);
    assert_eq!(one.get("/v1/people/ada")["devices"], json!([]));
}

#[test]
fn the_older_server_of_debian_keeps_a_bucket_too() {
    let nats = Nats::of("/usr/sbin/nats-server".into());
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    within("ada is known", || {
        (other.ask("GET", "/v1/people/ada", None).status == 200).then_some(())
    });
    let mut there = Events::of(&other, &one.token, "", "");
    there.must("snapshot");
    one.publish("ada", "laptop", "busy");
    assert_eq!(there.must("change").data["availability"], "busy");
}

#[test]
fn two_devices_that_speak_to_two_gateways_at_once_are_both_heard() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    within("ada is known", || {
        (other.ask("GET", "/v1/people/ada", None).status == 200).then_some(())
    });
    std::thread::scope(|scope| {
        for (gateway, device) in [(&one, "laptop"), (&other, "phone")] {
            scope.spawn(move || {
                for round in 0..20 {
                    gateway.publish("ada", device, if round % 2 == 0 { "busy" } else { "away" });
                }
                gateway.publish("ada", device, "available");
            });
        }
    });
    for gateway in [&one, &other] {
        within("both are available", || {
            let devices = gateway.get("/v1/people/ada")["devices"].clone();
            let devices = devices.as_array().unwrap();
            let all = devices.iter().all(|it| it["availability"] == "available");
            (devices.len() == 2 && all).then_some(())
        });
    }
}

#[test]
fn what_one_acknowledged_before_it_was_killed_the_other_has() {
    let nats = Nats::start();
    let mut one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    let mut last = 0;
    for number in 1..=30 {
        one.say("ada", &number.to_string()).must(200);
        last = number;
    }
    one.kill();
    assert_eq!(number(&other.get("/v1/people/ada")["note"]), last);
    other.say("ada", "31").must(200);
    // It comes back, and knows what happened meanwhile.
    one.again();
    assert_eq!(number(&one.get("/v1/people/ada")["note"]), 31);
}

fn number(note: &Value) -> usize {
    note.as_str().unwrap().parse().unwrap()
}

#[test]
fn each_node_may_be_killed_in_the_middle_of_writes_and_nothing_is_lost() {
    let mut nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    let mut acknowledged = 0;
    let mut refused = 0;
    for node in 0..3 {
        nats.kill(node);
        for round in 0..15 {
            let gateway = if round % 2 == 0 { &one } else { &other };
            let next = acknowledged + 1;
            if gateway.say("ada", &next.to_string()).status == 200 {
                acknowledged = next;
            } else {
                refused += 1;
            }
        }
        nats.again(node);
        for gateway in [&one, &other] {
            within("it is known everywhere", || {
                let note = gateway.get("/v1/people/ada")["note"].clone();
                // One that was refused may have been kept.
                (number(&note) >= acknowledged).then_some(())
            });
        }
    }
    // A killed leader is waited for, so nobody is refused for long.
    assert!(refused <= 6, "{refused} were refused, {acknowledged} acknowledged");
    assert!(acknowledged >= 39, "{acknowledged}");
}

#[test]
fn nobody_is_wrong_for_longer_than_the_lease_when_the_network_is_cut() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    let mut streams: Vec<Events> =
        [&one, &other].map(|gateway| Events::of(gateway, &one.token, "", "")).into();
    let path = "/v1/people/ada/devices/laptop";
    one.ask("PUT", path, Some(&publication("busy", 5_000))).must(200);
    for stream in &mut streams {
        while !stream.next().unwrap().data.to_string().contains("busy") {}
    }
    nats.signal(Signal::STOP);
    let began = crate::stage::now();
    for stream in &mut streams {
        let change = stream.must("change");
        assert_eq!(change.data["reason"], "lease-expired", "{change:?}");
    }
    let took = began.elapsed();
    assert!(took.as_secs() <= 12, "{took:?}");
    // It can be read meanwhile, and not written.
    assert_eq!(one.get("/v1/people/ada")["status"], "unknown");
    one.ask("PUT", path, Some(&publication("busy", 60_000))).problem(503);
    nats.signal(Signal::CONT);
    within("it heals", || {
        let said = one.ask("PUT", path, Some(&publication("away", 60_000)));
        (said.status == 200).then_some(())
    });
    for (stream, gateway) in streams.iter_mut().zip([&one, &other]) {
        within("the stream goes on", || {
            let data = stream.next().unwrap().data;
            (data["availability"] == "away").then_some(())
        });
        assert_eq!(gateway.get("/v1/people/ada")["availability"], "away");
    }
}

#[test]
fn without_nats_it_says_so() {
    let gateway = Gateway::start();
    let folder = TempDir::new().unwrap();
    let output = Command::new(crate::stage::program())
        .args(["serve", "--listen", "127.0.0.1:0", "--nats", "nats://127.0.0.1:1", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot reach") && said.contains("help: start NATS"), "{said}");
    gateway.get("/v1/people");
}
