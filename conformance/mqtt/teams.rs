//! The life of a client: start, status, call, kill, quit, and the end of the broker.

use communicado_conformance::{Broker, BrokerKind, ExpectOk as _, TestSession};

use crate::{Teams, mosquitto, watch, with_mqtt};

const NOT_SUPPORTED: &str = "unknown reason=not-supported by mqtt";
const LOST: &str = "unknown reason=source-lost by mqtt";
const BUSY: &str = "signed-in busy/busy by mqtt";
const CALL: &str = "signed-in busy/busy activity=on-the-phone by mqtt";

#[test]
fn the_status_and_the_call_are_reported_until_the_client_is_killed() {
    let session = TestSession::new();
    let broker = mosquitto(&session);
    let mut watch = watch(&with_mqtt(&session, &broker, ""));
    watch.expect("teams", &[NOT_SUPPORTED]);
    let mut teams = Teams::start(&broker);
    teams.publish("status available 1");
    watch.expect("teams", &["signed-in available/available by mqtt"]);
    teams.publish("status busy 2");
    watch.expect("teams", &[BUSY]);
    teams.publish("in-call true");
    watch.expect("teams", &[CALL]);
    teams.kill();
    watch.expect("teams", &[LOST]);

    // The broker has retained the status and the call of the former life.
    let mut teams = Teams::start(&broker);
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.publish("status away 4");
    watch.expect("teams", &["signed-in away/away by mqtt"]);
    teams.publish("status unknown -1");
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.publish("status do_not_disturb 3");
    watch.expect("teams", &["signed-in do-not-disturb/do_not_disturb by mqtt"]);
    teams.write("quit");
    watch.expect("teams", &[LOST]);
    watch.end();
}

#[test]
fn the_status_of_a_client_that_is_already_connected_is_unknown_until_its_next_one() {
    let session = TestSession::new();
    let broker = mosquitto(&session);
    let mut teams = Teams::start(&broker);
    teams.publish("status busy 2");
    teams.publish("in-call true");
    let mut watch = watch(&with_mqtt(&session, &broker, ""));
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.publish("status busy 2");
    watch.expect("teams", &[BUSY]);
    teams.publish("in-call true");
    watch.expect("teams", &[CALL]);
    watch.end();
}

#[test]
fn the_client_is_unknown_while_the_broker_does_not_run() {
    let session = TestSession::new();
    let mut broker = mosquitto(&session);
    let mut watch = watch(&with_mqtt(&session, &broker, ""));
    watch.expect("teams", &[NOT_SUPPORTED]);
    let mut teams = Teams::start(&broker);
    teams.publish("status busy 2");
    watch.expect("teams", &[BUSY]);
    broker.kill();
    watch.expect("teams", &[LOST]);
    broker.start_again();
    teams.expect("connected");
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.publish("status busy 2");
    watch.expect_eventually("teams", BUSY);
    watch.end();
}

#[test]
fn the_rules_of_the_configuration_give_topics_a_meaning() {
    let session = TestSession::new();
    let broker = mosquitto(&session);
    let rules = "client = \"phone\"\nrules = [\"teams/connected true = running\", \
                 \"teams/connected false = absent\", \"teams/line idle = available\", \
                 \"teams/line dialog = busy\", \"teams/line off = signed-out\"]\n";
    let mut watch = watch(&with_mqtt(&session, &broker, rules));
    watch.expect("phone", &[NOT_SUPPORTED]);
    let mut phone = Teams::start(&broker);
    phone.publish("line idle");
    watch.expect("phone", &["signed-in available/idle by mqtt"]);
    phone.publish("line dialog");
    watch.expect("phone", &["signed-in busy/dialog by mqtt"]);
    phone.publish("line off");
    watch.expect("phone", &["signed-out by mqtt"]);
    phone.publish("line broken");
    watch.expect("phone", &[NOT_SUPPORTED]);
    phone.publish("line idle");
    watch.expect("phone", &["signed-in available/idle by mqtt"]);
    phone.kill();
    watch.expect("phone", &["signed-out by mqtt", "absent by mqtt"]);
    watch.end();
}

#[test]
fn a_refused_password_is_an_error_with_advice() {
    let session = TestSession::new();
    let broker = Broker::start(BrokerKind::MosquittoWithUser, session.folder());
    let communicado = with_mqtt(&session, &broker, "user = \"eve\"\nclients = [\"teams\"]\n");
    let ended = communicado.run(&["status"]);
    assert_eq!((ended.code, &*ended.out), (Some(3), "teams   unknown        source-lost\n"));
    let help = "help: check `user`, `password-file` and the permissions of the user at the broker";
    assert!(ended.err.contains(help), "{}", ended.err);
    let doctor = communicado.run(&["doctor"]);
    assert!(doctor.out.contains("!!  source mqtt (mqtt): the broker refused"), "{}", doctor.out);
    let file = session.folder().join("communicado/config/communicado/config.toml");
    let config = std::fs::read_to_string(&file).expect_ok("read a configuration");
    let remote = config.replace("127.0.0.1", "broker.example.com");
    std::fs::write(&file, remote).expect_ok("write a configuration");
    let refused = communicado.run(&["status"]);
    assert!(refused.err.contains("unencrypted"), "{}", refused.err);
}
