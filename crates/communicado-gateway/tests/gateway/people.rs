//! People: what their devices and they themselves say, and what follows.

use serde_json::json;

use crate::stage::{Events, Gateway, publication, within};

#[test]
fn a_person_is_one_however_many_devices() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let person = gateway.get("/v1/people/ada");
    assert_eq!((&person["status"], &person["in"]), (&json!("absent"), &json!(false)));
    gateway.publish("ada", "laptop", "away");
    gateway.publish("ada", "phone", "available");
    let person = gateway.get("/v1/people/ada");
    assert_eq!((&person["availability"], &person["in"]), (&json!("available"), &json!(true)));
    assert_eq!(person["devices"].as_array().unwrap().len(), 2);
    gateway.publish("ada", "phone", "");
    assert_eq!(gateway.get("/v1/people/ada")["availability"], "away");
    gateway.ask("DELETE", "/v1/people/ada/devices/laptop", None).must(204);
    let person = gateway.get("/v1/people/ada");
    assert_eq!((&person["status"], &person["availability"]), (&json!("signed-out"), &json!(null)));
    gateway.ask("DELETE", "/v1/people/ada/devices/laptop", None).problem(404);
}

#[test]
fn a_device_that_falls_silent_is_unknown_when_its_lease_ends_and_one_that_renews_is_not() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.must("snapshot");
    let path = "/v1/people/ada/devices/laptop";
    let first = gateway.ask("PUT", path, Some(&publication("busy", 5_000))).must(200);
    assert_eq!(events.must("change").data["availability"], "busy");
    let second = gateway.ask("PUT", path, Some(&publication("busy", 5_000))).must(200);
    // Renewed, and nobody was told.
    assert_eq!(first["revision"], second["revision"]);
    assert!(first["lease_until"].as_str() < second["lease_until"].as_str());
    let change = events.must("change").data;
    assert_eq!(
        (&change["status"], &change["reason"]),
        (&json!("unknown"), &json!("lease-expired"))
    );
    assert_eq!(change["in"], json!(null));
    assert!(change["at"].as_str() >= second["lease_until"].as_str(), "{change} {second}");
    assert_eq!(change["before"], json!({"status": "signed-in", "availability": "busy"}));
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(events.must("change").data["status"], "signed-in");
}

#[test]
fn what_is_said_by_hand_wins_until_it_ends() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.publish("ada", "laptop", "available");
    let mut said = json!({"status": "signed-out", "note": "at the dentist's",
        "returns": "2026-11-26T09:00:00.000000Z", "for_ms": 1500});
    let person = gateway.ask("PUT", "/v1/people/ada/manual", Some(&said)).must(200);
    assert_eq!((&person["status"], &person["manual"]), (&json!("signed-out"), &json!(true)));
    assert_eq!(person["note"], "at the dentist's");
    assert_eq!(person["returns"], "2026-11-26T09:00:00.000000Z");
    within("what was said ends", || {
        let person = gateway.get("/v1/people/ada");
        (person["status"] == "signed-in" && person["note"].is_null()).then_some(())
    });
    said["for_ms"] = json!(null);
    gateway.ask("PUT", "/v1/people/ada/manual", Some(&said)).must(200);
    gateway.ask("DELETE", "/v1/people/ada/manual", None).must(204);
    assert_eq!(gateway.get("/v1/people/ada")["manual"], false);
    for (wrong, word) in [
        (json!({"status": "absent"}), "absent"),
        (json!({"status": "signed-out", "availability": "busy"}), "availability"),
        (json!({"status": "signed-in", "note": "two\nlines"}), "note"),
        (json!({"status": "signed-in", "mood": "good"}), "mood"),
    ] {
        let problem = gateway.ask("PUT", "/v1/people/ada/manual", Some(&wrong)).problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
}

#[test]
fn each_audience_sees_what_it_may() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    gateway.add("bob", &["rome"]);
    gateway.publish("ada", "laptop", "busy");
    gateway.say("ada", "in room 7").must(200);
    let view = |of| gateway.token(&["read"], &of).0;
    let read = |token: &str| gateway.ask_as(token, "GET", "/v1/people/ada", None).must(200);
    let in_out = read(&view(json!({"view": "in-out"})));
    assert_eq!(in_out["in"], true);
    for hidden in ["status", "availability", "activity", "reason", "manual", "devices"] {
        assert!(in_out.get(hidden).is_none(), "{in_out}");
    }
    assert_eq!(in_out["note"], json!(null));
    let middle = read(&view(json!({"view": "availability"})));
    assert_eq!((&middle["availability"], &middle["note"]), (&json!("busy"), &json!(null)));
    let whole = read(&view(json!({"view": "everything"})));
    assert_eq!((&whole["note"], whole.get("devices")), (&json!("in room 7"), None));
    // Her own token sees her devices, and what others are to it.
    let own = view(json!({"person": "ada"}));
    gateway.ask_as(&own, "GET", "/v1/people/bob", None).problem(404);
    let own = gateway.token(&["publish", "read"], &json!({"person": "ada", "view": "in-out"})).0;
    assert!(read(&own)["devices"].is_array());
    let bob = gateway.ask_as(&own, "GET", "/v1/people/bob", None).must(200);
    assert!(bob.get("status").is_none(), "{bob}");
    // A token of a group does not know that others exist.
    let london = view(json!({"group": "london"}));
    read(&london);
    gateway.ask_as(&london, "GET", "/v1/people/bob", None).problem(404);
    let page = gateway.ask_as(&london, "GET", "/v1/people", None).must(200);
    assert_eq!(page["people"].as_array().unwrap().len(), 1);
}

#[test]
fn who_may_do_what() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.add("bob", &[]);
    let ada = gateway.token(&["publish"], &json!({"person": "ada"})).0;
    let reader = gateway.token(&["read"], &json!({})).0;
    let body = publication("busy", 60_000);
    let put = |token: &str, person: &str| {
        let path = format!("/v1/people/{person}/devices/laptop");
        gateway.ask_as(token, "PUT", &path, Some(&body))
    };
    put(&ada, "ada").must(200);
    put(&ada, "bob").problem(403);
    put(&reader, "ada").problem(403);
    // Who speaks for others does not see their devices.
    let bridge = gateway.token(&["publish"], &json!({})).0;
    let said = json!({"status": "signed-out"});
    gateway.ask_as(&bridge, "PUT", "/v1/people/bob/manual", Some(&said)).must(204);
    gateway.ask_as(&bridge, "GET", "/v1/people/bob", None).problem(404);
    put("cmt_0123456789012345678901234567890123456789012", "ada").problem(401);
    assert_eq!(gateway.curl("/v1/people", &[]).problem(401)["title"], "Authentication is required");
    let new = json!({"id": "eve"});
    gateway.ask_as(&reader, "POST", "/v1/people", Some(&new)).problem(403);
    gateway.ask_as(&ada, "GET", "/v1/tokens", None).problem(403);
    gateway.ask_as(&ada, "GET", "/v1/people", None).must(200);
    gateway.ask("POST", "/v1/people", Some(&json!({"id": "ada"}))).problem(409);
    // Who is removed takes the tokens along.
    gateway.ask("DELETE", "/v1/people/ada", None).must(204);
    put(&ada, "ada").problem(401);
}

#[test]
fn a_person_learns_who_reads_and_each_reader_is_told_once() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    let own = gateway.token(&["publish", "read"], &json!({"person": "ada"})).0;
    let (reader, id) = gateway.token(&["read"], &json!({"name": "the lobby"}));
    let other = gateway.token(&["read"], &json!({"group": "rome"})).0;
    for _ in 0..3 {
        gateway.ask_as(&reader, "GET", "/v1/people/ada", None).must(200);
        gateway.ask_as(&other, "GET", "/v1/people", None).must(200);
    }
    Events::of(&gateway, &reader, "", "").must("snapshot");
    let audience = || gateway.ask_as(&own, "GET", "/v1/people/ada/audience", None).must(200);
    let said = audience();
    let readers = said["readers"].as_array().unwrap();
    let lobby: Vec<_> = readers.iter().filter(|it| it["name"] == "the lobby").collect();
    assert_eq!(lobby.len(), 1, "{said}");
    assert_eq!(lobby[0]["token"], json!(id));
    // Who cannot see her is no reader of hers.
    assert!(readers.iter().all(|it| it["name"] != "a test's"), "{said}");
    gateway.ask_as(&reader, "GET", "/v1/people/ada/audience", None).problem(403);
}
