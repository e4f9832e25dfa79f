//! A cluster of gateways over three real NATS servers.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Events, Gateway, free_port, peer, publication, within};

/// Three NATS servers with one replicated bucket.
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

    fn restart(&mut self, index: usize) {
        self.nodes[index] = self.node(index);
    }

    fn signal(&self, signal: Signal) {
        for node in &self.nodes {
            kill_process(Pid::from_child(node), signal).unwrap();
        }
    }

    /// Starts a gateway of the cluster, which uses the token of the first one.
    fn gateway(&self, first: Option<&Gateway>) -> Gateway {
        self.gateway_with(first, &["--requests-per-second", "9999"])
    }

    /// Starts a gateway of the cluster with more arguments of `serve`.
    pub(crate) fn gateway_with(&self, first: Option<&Gateway>, more: &[&str]) -> Gateway {
        let servers: Vec<String> =
            self.ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let servers = servers.join(",");
        let mut arguments = vec!["--nats", &servers, "--nats-replicas", "3"];
        arguments.extend(more);
        Gateway::in_cluster("127.0.0.1:0", &arguments, first.map(|gateway| gateway.token.clone()))
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
fn every_gateway_of_a_cluster_serves_every_person() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &["london"]);
    let (token, id) = one.token(&["read"], &json!({}));
    let mut here = Events::of(&one, &token, "", "");
    let mut there = Events::of(&other, &token, "", "");
    let snapshot = there.expect_event("snapshot");
    assert_eq!(snapshot.data["people"][0]["id"], "ada");
    here.expect_event("snapshot");
    other.publish("ada", "laptop", "busy");
    let change = here.expect_event("change");
    // A change has the same revision on all gateways.
    assert_eq!(there.expect_event("change"), change);
    assert_eq!(one.get("/v1/people/ada"), other.get("/v1/people/ada"));
    // A reader that reconnects to the other gateway misses nothing.
    one.publish("ada", "laptop", "away");
    let last = here.expect_event("change").id.unwrap();
    there.expect_event("change");
    other.publish("ada", "laptop", "available");
    let mut moved = Events::of(&other, &token, &format!("?last_event_id={last}"), "");
    assert_eq!(moved.expect_event("change").data["availability"], "available");
    here.expect_event("change");
    there.expect_event("change");
    // Both gateways have the manual status, the audience, revocations and removals.
    one.set_note("ada", "in room 7").expect_json(200);
    assert_eq!(there.expect_event("change").data["note"], json!(null));
    assert_eq!(other.get("/v1/people/ada")["note"], "in room 7");
    within("the other gateway has the audience", || {
        let audience = other.get("/v1/people/ada/audience");
        audience["readers"].to_string().contains("a test's").then_some(())
    });
    one.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_json(204);
    here.expect_event("change");
    assert_eq!(here.expect_event("end").data["reason"], "token-revoked");
    assert_eq!(there.expect_event("end").data["reason"], "token-revoked");
    other.request("DELETE", "/v1/people/ada", None).expect_json(204);
    within("ada is gone", || {
        (one.request("GET", "/v1/people/ada", None).status == 404).then_some(())
    });
    // A person with the id of a removed one has no devices.
    one.add("ada", &[]);
    assert_eq!(one.get("/v1/people/ada")["devices"], json!([]));
}

#[test]
fn the_older_nats_server_of_debian_works() {
    let nats = Nats::of("/usr/sbin/nats-server".into());
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    within("the other gateway has ada", || {
        (other.request("GET", "/v1/people/ada", None).status == 200).then_some(())
    });
    let mut there = Events::of(&other, &one.token, "", "");
    there.expect_event("snapshot");
    one.publish("ada", "laptop", "busy");
    assert_eq!(there.expect_event("change").data["availability"], "busy");
}

#[test]
fn concurrent_updates_of_two_devices_through_two_gateways_both_apply() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    within("the other gateway has ada", || {
        (other.request("GET", "/v1/people/ada", None).status == 200).then_some(())
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
fn a_write_acknowledged_by_a_killed_gateway_is_visible_on_another() {
    let nats = Nats::start();
    let mut one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    let mut last = 0;
    for number in 1..=30 {
        one.set_note("ada", &number.to_string()).expect_json(200);
        last = number;
    }
    one.kill();
    assert_eq!(number(&other.get("/v1/people/ada")["note"]), last);
    other.set_note("ada", "31").expect_json(200);
    // After the restart, the gateway has the later write too.
    one.restart();
    assert_eq!(number(&one.get("/v1/people/ada")["note"]), 31);
}

fn number(note: &Value) -> usize {
    note.as_str().unwrap().parse().unwrap()
}

#[test]
fn killing_any_nats_node_during_writes_loses_nothing() {
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
            if gateway.set_note("ada", &next.to_string()).status == 200 {
                acknowledged = next;
            } else {
                refused += 1;
            }
        }
        nats.restart(node);
        for gateway in [&one, &other] {
            within("both gateways have the write", || {
                let note = gateway.get("/v1/people/ada")["note"].clone();
                // The bucket may have stored a write that was refused.
                (number(&note) >= acknowledged).then_some(())
            });
        }
    }
    // The gateway waits for a new leader, so few writes are refused.
    assert!(refused <= 6, "{refused} were refused, {acknowledged} acknowledged");
    assert!(acknowledged >= 39, "{acknowledged}");
}

#[test]
fn leases_expire_while_the_network_is_down() {
    let nats = Nats::start();
    let one = nats.gateway(None);
    let other = nats.gateway(Some(&one));
    one.add("ada", &[]);
    let mut streams: Vec<Events> =
        [&one, &other].map(|gateway| Events::of(gateway, &one.token, "", "")).into();
    let path = "/v1/people/ada/devices/laptop";
    one.request("PUT", path, Some(&publication("busy", 5_000))).expect_json(200);
    for stream in &mut streams {
        while !stream.next().unwrap().data.to_string().contains("busy") {}
    }
    nats.signal(Signal::STOP);
    let began = crate::fixture::now();
    for stream in &mut streams {
        let change = stream.expect_event("change");
        assert_eq!(change.data["reason"], "lease-expired", "{change:?}");
    }
    let took = began.elapsed();
    assert!(took.as_secs() <= 12, "{took:?}");
    // Without NATS, reads succeed and writes fail.
    assert_eq!(one.get("/v1/people/ada")["status"], "unknown");
    one.request("PUT", path, Some(&publication("busy", 60_000))).expect_problem(503);
    nats.signal(Signal::CONT);
    within("NATS is reachable again", || {
        let response = one.request("PUT", path, Some(&publication("away", 60_000)));
        (response.status == 200).then_some(())
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
fn commands_without_a_running_gateway_use_the_bucket() {
    let nats = Nats::start();
    let mut one = nats.gateway(None);
    one.add("ada", &["london"]);
    one.publish("ada", "laptop", "busy");
    one.set_note("ada", "in room 7").expect_json(200);
    let (token, _) = one.token(&["read"], &json!({"view": "everything"}));
    let whole = one.get("/v1/people/ada");
    one.stop();
    let added = one.command(&["people", "add", "bob"]);
    assert!(added.status.success(), "{added:?}");
    let errors = String::from_utf8_lossy(&added.stderr);
    assert!(errors.contains("the bucket `communicado`"), "{errors}");
    assert!(!one.folder().join("gateway.sqlite").exists());
    let other = nats.gateway(Some(&one));
    other.get("/v1/people/bob");
    // A gateway that starts later reports the same revisions.
    assert_eq!(other.get("/v1/people/ada"), whole);

    let backup = one.folder().join("backup");
    let backup = backup.to_str().unwrap();
    let made = other.command(&["backup", backup]);
    assert!(made.status.success(), "{made:?}");
    let mut there = Events::of(&other, &token, "", "");
    there.expect_event("snapshot");
    other.request("DELETE", "/v1/people/ada", None).expect_json(204);
    other.add("eve", &[]);
    there.expect_event("gone");
    there.expect_event("change");
    // Gateways that run follow the restored bucket, and their streams go on.
    let restored = one.command(&["restore", backup]);
    assert!(restored.status.success(), "{restored:?}");
    within("the stream has ada again", || {
        let event = there.next().unwrap();
        (event.kind == "change" && event.data["note"] == "in room 7").then_some(())
    });
    within("eve is gone", || {
        (other.request("GET", "/v1/people/eve", None).status == 404).then_some(())
    });

    // One gateway without NATS can use the same backup.
    let mut alone = Gateway::start();
    alone.stop();
    let restored = alone.command(&["restore", backup]);
    assert!(restored.status.success(), "{restored:?}");
    alone.restart();
    let read = alone.request_as(&token, "GET", "/v1/people/ada", None).expect_json(200);
    assert_eq!(read["note"], "in room 7");
    // A removed file of the bucket leaves a folder without a store.
    std::fs::remove_file(one.folder().join("nats.json")).unwrap();
    assert_eq!(one.command(&["people", "list"]).status.code(), Some(5));
}

#[test]
fn a_command_does_not_create_a_missing_bucket() {
    let nats = Nats::start();
    let mut one = nats.gateway(None);
    one.stop();
    let file = one.folder().join("nats.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"communicado\"", "\"another\"")).unwrap();
    for _ in 0..2 {
        let output = one.command(&["people", "list"]);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("the bucket `another` does not exist"), "{errors}");
    }
}

#[test]
fn an_unreachable_nats_server_is_a_startup_error() {
    let gateway = Gateway::start();
    let folder = TempDir::new().unwrap();
    let output = Command::new(crate::fixture::program())
        .args(["serve", "--listen", "127.0.0.1:0", "--nats", "nats://127.0.0.1:1", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("cannot reach") && errors.contains("help: start NATS"), "{errors}");
    gateway.get("/v1/people");
}
