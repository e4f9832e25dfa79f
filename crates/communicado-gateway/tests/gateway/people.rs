//! People: the status from devices and manual status, the views, and permissions.

use serde_json::json;

use crate::fixture::{Events, Gateway, publication, within};

#[test]
fn a_person_has_one_status_for_all_devices() {
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
    gateway.request("DELETE", "/v1/people/ada/devices/laptop", None).expect_json(204);
    let person = gateway.get("/v1/people/ada");
    assert_eq!((&person["status"], &person["availability"]), (&json!("signed-out"), &json!(null)));
    gateway.request("DELETE", "/v1/people/ada/devices/laptop", None).expect_problem(404);
}

#[test]
fn a_meeting_on_one_device_beats_a_desktop_that_was_left_on() {
    let publish = |gateway: &Gateway, device: &str, availability: &str, activity: &str| {
        let mut body = publication(availability, 60_000);
        body["clients"][0]["activity"] = json!((!activity.is_empty()).then_some(activity));
        let path = format!("/v1/people/ada/devices/{device}");
        gateway.request("PUT", &path, Some(&body)).expect_json(200);
        let person = gateway.get("/v1/people/ada");
        (person["availability"].clone(), person["activity"].clone())
    };
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    publish(&gateway, "laptop", "busy", "in-a-meeting");
    let meeting = (json!("busy"), json!("in-a-meeting"));
    assert_eq!(publish(&gateway, "desktop", "available", ""), meeting);
    assert_eq!(publish(&gateway, "laptop", "away", ""), (json!("available"), json!(null)));
    let call = (json!("available"), json!("on-the-phone"));
    assert_eq!(publish(&gateway, "phone", "available", "on-the-phone"), call);
    assert_eq!(publish(&gateway, "phone", "idle", ""), (json!("available"), json!(null)));
    assert_eq!(publish(&gateway, "desktop", "away", ""), (json!("away"), json!(null)));
    assert_eq!(publish(&gateway, "laptop", "be-right-back", "").0, "be-right-back");
    assert_eq!(publish(&gateway, "phone", "idle", "").0, "be-right-back", "a renewal is no change");
    gateway.restart();
    assert_eq!(gateway.get("/v1/people/ada")["availability"], "be-right-back");

    let gateway = Gateway::with(&["--aggregation", "most-reachable"]);
    gateway.add("ada", &[]);
    publish(&gateway, "laptop", "busy", "in-a-meeting");
    assert_eq!(publish(&gateway, "desktop", "available", "").0, "available");
}

#[test]
fn a_silent_device_is_unknown_when_its_lease_expires_and_a_renewing_one_is_not() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.expect_event("snapshot");
    let path = "/v1/people/ada/devices/laptop";
    let first = gateway.request("PUT", path, Some(&publication("busy", 5_000))).expect_json(200);
    assert_eq!(events.expect_event("change").data["availability"], "busy");
    let second = gateway.request("PUT", path, Some(&publication("busy", 5_000))).expect_json(200);
    // A renewal creates no change.
    assert_eq!(first["revision"], second["revision"]);
    assert!(first["lease_until"].as_str() < second["lease_until"].as_str());
    let change = events.expect_event("change").data;
    assert_eq!(
        (&change["status"], &change["reason"]),
        (&json!("unknown"), &json!("lease-expired"))
    );
    assert_eq!(change["in"], json!(null));
    assert!(change["at"].as_str() >= second["lease_until"].as_str(), "{change} {second}");
    assert_eq!(change["before"], json!({"status": "signed-in", "availability": "busy"}));
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(events.expect_event("change").data["status"], "signed-in");
}

#[test]
fn a_manual_status_wins_until_it_ends() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.publish("ada", "laptop", "available");
    let mut manual = json!({"status": "signed-out", "note": "at the dentist's",
        "returns": "2026-11-26T09:00:00.000000Z", "for_ms": 1500});
    let person = gateway.request("PUT", "/v1/people/ada/manual", Some(&manual)).expect_json(200);
    assert_eq!((&person["status"], &person["manual"]), (&json!("signed-out"), &json!(true)));
    assert_eq!(person["note"], "at the dentist's");
    assert_eq!(person["returns"], "2026-11-26T09:00:00.000000Z");
    within("the manual status ends", || {
        let person = gateway.get("/v1/people/ada");
        (person["status"] == "signed-in" && person["note"].is_null()).then_some(())
    });
    manual["for_ms"] = json!(null);
    gateway.request("PUT", "/v1/people/ada/manual", Some(&manual)).expect_json(200);
    gateway.request("DELETE", "/v1/people/ada/manual", None).expect_json(204);
    assert_eq!(gateway.get("/v1/people/ada")["manual"], false);
    for (wrong, word) in [
        (json!({"status": "absent"}), "absent"),
        (json!({"status": "signed-out", "availability": "busy"}), "availability"),
        (json!({"status": "signed-in", "note": "two\nlines"}), "note"),
        (json!({"status": "signed-in", "mood": "good"}), "mood"),
    ] {
        let problem =
            gateway.request("PUT", "/v1/people/ada/manual", Some(&wrong)).expect_problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
}

#[test]
fn each_view_shows_only_its_fields() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    gateway.add("bob", &["rome"]);
    gateway.publish("ada", "laptop", "busy");
    gateway.set_note("ada", "in room 7").expect_json(200);
    let view = |of| gateway.token(&["read"], &of).0;
    let read =
        |token: &str| gateway.request_as(token, "GET", "/v1/people/ada", None).expect_json(200);
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
    // Ada's own token sees her devices, and other people in its view.
    let own = view(json!({"person": "ada"}));
    gateway.request_as(&own, "GET", "/v1/people/bob", None).expect_problem(404);
    let own = gateway.token(&["publish", "read"], &json!({"person": "ada", "view": "in-out"})).0;
    assert!(read(&own)["devices"].is_array());
    let bob = gateway.request_as(&own, "GET", "/v1/people/bob", None).expect_json(200);
    assert!(bob.get("status").is_none(), "{bob}");
    // A token of a group sees no other people.
    let london = view(json!({"group": "london"}));
    read(&london);
    gateway.request_as(&london, "GET", "/v1/people/bob", None).expect_problem(404);
    let page = gateway.request_as(&london, "GET", "/v1/people", None).expect_json(200);
    assert_eq!(page["people"].as_array().unwrap().len(), 1);
}

#[test]
fn each_scope_permits_only_its_requests() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.add("bob", &[]);
    let ada = gateway.token(&["publish"], &json!({"person": "ada"})).0;
    let reader = gateway.token(&["read"], &json!({})).0;
    let body = publication("busy", 60_000);
    let put = |token: &str, person: &str| {
        let path = format!("/v1/people/{person}/devices/laptop");
        gateway.request_as(token, "PUT", &path, Some(&body))
    };
    put(&ada, "ada").expect_json(200);
    put(&ada, "bob").expect_problem(403);
    put(&reader, "ada").expect_problem(403);
    // A token that publishes for others does not see their devices.
    let bridge = gateway.token(&["publish"], &json!({})).0;
    let manual = json!({"status": "signed-out"});
    gateway.request_as(&bridge, "PUT", "/v1/people/bob/manual", Some(&manual)).expect_json(204);
    gateway.request_as(&bridge, "GET", "/v1/people/bob", None).expect_problem(404);
    put("cmt_0123456789012345678901234567890123456789012", "ada").expect_problem(401);
    assert_eq!(
        gateway.curl("/v1/people", &[]).expect_problem(401)["title"],
        "Authentication is required"
    );
    let new = json!({"id": "eve"});
    gateway.request_as(&reader, "POST", "/v1/people", Some(&new)).expect_problem(403);
    gateway.request_as(&ada, "GET", "/v1/tokens", None).expect_problem(403);
    gateway.request_as(&ada, "GET", "/v1/people", None).expect_json(200);
    gateway.request("POST", "/v1/people", Some(&json!({"id": "ada"}))).expect_problem(409);
    // Removing a person revokes their tokens.
    gateway.request("DELETE", "/v1/people/ada", None).expect_json(204);
    put(&ada, "ada").expect_problem(401);
}

#[test]
fn the_audience_lists_each_reader_once() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    let own = gateway.token(&["publish", "read"], &json!({"person": "ada"})).0;
    let (reader, id) = gateway.token(&["read"], &json!({"name": "the lobby"}));
    let other = gateway.token(&["read"], &json!({"group": "rome"})).0;
    for _ in 0..3 {
        gateway.request_as(&reader, "GET", "/v1/people/ada", None).expect_json(200);
        gateway.request_as(&other, "GET", "/v1/people", None).expect_json(200);
    }
    Events::of(&gateway, &reader, "", "").expect_event("snapshot");
    let audience =
        || gateway.request_as(&own, "GET", "/v1/people/ada/audience", None).expect_json(200);
    let json = audience();
    let readers = json["readers"].as_array().unwrap();
    let lobby: Vec<_> = readers.iter().filter(|it| it["name"] == "the lobby").collect();
    assert_eq!(lobby.len(), 1, "{json}");
    assert_eq!(lobby[0]["token"], json!(id));
    // The audience contains no tokens that cannot see Ada.
    assert!(readers.iter().all(|it| it["name"] != "a test's"), "{json}");
    gateway.request_as(&reader, "GET", "/v1/people/ada/audience", None).expect_problem(403);
}
