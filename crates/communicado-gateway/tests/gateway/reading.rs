//! Reads without a stream: pages, entity tags, badges, sessions, other origins.

use serde_json::json;

use crate::fixture::Gateway;

#[test]
fn an_unchanged_person_is_not_sent_again() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    for path in ["/v1/people", "/v1/people/ada", "/v1/openapi.json", "/"] {
        let authorization = format!("Authorization: Bearer {}", gateway.token);
        let tag = gateway.curl(path, &["-H", &authorization]).header("etag").expect("a tag");
        let asked = format!("If-None-Match: {tag}");
        let again = gateway.curl(path, &["-H", &authorization, "-H", &asked]);
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag));
    }
    let tag = gateway.request("GET", "/v1/people/ada", None).header("etag").unwrap();
    gateway.publish("ada", "laptop", "busy");
    assert_ne!(gateway.request("GET", "/v1/people/ada", None).header("etag"), Some(tag));
}

#[test]
fn pages_are_consecutive_and_complete() {
    let gateway = Gateway::start();
    for number in 0..7 {
        gateway.add(&format!("p{number}"), if number % 2 == 0 { &["even"] } else { &[] });
    }
    let all = |query: &str| {
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let page = gateway.get(&format!("/v1/people?limit=2{query}{after}"));
            let people = page["people"].as_array().unwrap();
            ids.extend(people.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { return ids };
            assert_eq!(people.len(), 2);
            after = format!("&after={next}");
        }
    };
    assert_eq!(all(""), ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
    assert_eq!(all("&group=even"), ["p0", "p2", "p4", "p6"]);
    assert_eq!(gateway.get("/v1/people")["revision"], 7);
    for wrong in ["limit=0", "limit=x", "limit=1001", "group=A", "grop=a"] {
        gateway.request("GET", &format!("/v1/people?{wrong}"), None).expect_problem(400);
    }
}

#[test]
fn a_badge_exists_once_enabled_and_shows_no_name() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.publish("ada", "laptop", "away");
    let own = gateway.token(&["publish"], &json!({"person": "ada"})).0;
    let switch = |on: bool| {
        let response =
            gateway.request_as(&own, "PATCH", "/v1/people/ada", Some(&json!({"badge": on})));
        response.expect_json(200)["badge"].as_str().map(ToOwned::to_owned)
    };
    let name = switch(true).expect("a pseudonym");
    assert_eq!(switch(true).as_ref(), Some(&name));
    assert!(!name.contains("ada"));
    let picture = gateway.curl(&format!("/badge/{name}.svg"), &[]);
    assert_eq!(picture.header("content-type").unwrap(), "image/svg+xml");
    assert!(picture.body.contains(">away</text>") && !picture.body.contains("ada"));
    assert_eq!(gateway.curl(&format!("/badge/{name}.txt"), &[]).body, "away\n");
    let json = gateway.curl(&format!("/badge/{name}.json"), &[]).expect_json(200);
    assert_eq!((&json["status"], &json["in"]), (&json!("signed-in"), &json!(true)));
    assert!(json.get("id").is_none() && json.get("name").is_none());
    // The paths of mod_webpresence: ejabberd's, then Prosody's.
    for path in [
        format!("/presence/rid/{name}/image/"),
        format!("/presence/rid/{name}/image/jsf-jabber"),
        format!("/presence/jid/{name}/example.org/image/"),
        format!("/status/{name}@example.org"),
        format!("/status/{name}@example.org/icon"),
    ] {
        assert_eq!(gateway.curl(&path, &[]).body, picture.body, "{path}");
    }
    for path in [format!("/presence/rid/{name}/text/"), format!("/status/{name}@example.org/text")]
    {
        assert_eq!(gateway.curl(&path, &[]).body, "away\n", "{path}");
    }
    switch(false);
    gateway.curl(&format!("/badge/{name}.svg"), &[]).expect_problem(404);
    // An id is not a pseudonym.
    gateway.curl("/badge/ada.svg", &[]).expect_problem(404);
    assert_ne!(switch(true), Some(name));
}

#[test]
fn a_browser_signs_in_with_a_cookie_that_other_origins_cannot_use() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let own = gateway.token(&["publish", "read"], &json!({"person": "ada"})).0;
    let nobody = gateway.curl("/v1/session", &[]).expect_json(200);
    assert_eq!((&nobody["person"], &nobody["scopes"]), (&json!(null), &json!([])));
    let body = json!({"token": own}).to_string();
    let json_type = "Content-Type: application/json";
    let opened = gateway.curl("/v1/session", &["-X", "POST", "-H", json_type, "-d", &body]);
    assert_eq!(opened.expect_json(200)["person"], "ada");
    let cookie = opened.header("set-cookie").unwrap();
    for word in ["httponly", "samesite=strict", "path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    // curl stores the cookie as a browser does; the test needs the head with its original case.
    let jar = gateway.folder().join("jar");
    let jar = jar.to_str().unwrap();
    gateway.curl("/v1/session", &["-X", "POST", "-H", json_type, "-d", &body, "-c", jar]);
    assert_eq!(gateway.curl("/v1/session", &["-b", jar]).expect_json(200)["person"], "ada");
    let manual = json!({"status": "signed-out", "note": "gone home"}).to_string();
    let put = ["-X", "PUT", "-b", jar, "-H", json_type, "-d", &manual];
    let path = "/v1/people/ada/manual";
    gateway.curl(path, &put).expect_problem(403);
    let with = |more: &[&str]| gateway.curl(path, &[&put, more].concat());
    with(&["-H", "Communicado-Csrf: 1", "-H", "Origin: https://evil.example"]).expect_problem(403);
    let ours = format!("Origin: {}", gateway.base);
    with(&["-H", "Communicado-Csrf: 1", "-H", &ours]).expect_json(200);
    // After the sign-out, the cookie is invalid.
    let end = ["-X", "DELETE", "-b", jar, "-H", "Communicado-Csrf: 1"];
    gateway.curl("/v1/session", &end).expect_json(204);
    assert_eq!(gateway.curl("/v1/session", &["-b", jar]).expect_json(200)["person"], json!(null));
    gateway.curl("/v1/people", &["-b", jar]).expect_problem(401);
    let wrong = gateway.curl("/v1/session", &["-X", "POST", "-H", json_type, "-d", "{}"]);
    wrong.expect_problem(400);
}

#[test]
fn pages_of_other_origins_can_read_only_if_the_operator_allows_them() {
    let gateway = Gateway::with(&["--allow-origin", "https://intranet.example"]);
    let authorization = format!("Authorization: Bearer {}", gateway.token);
    let get = |origin: &str| {
        let origin = format!("Origin: {origin}");
        gateway.curl("/v1/people", &["-H", &authorization, "-H", &origin])
    };
    let named = get("https://intranet.example");
    let allowed = "access-control-allow-origin";
    assert_eq!(named.header(allowed).unwrap(), "https://intranet.example");
    assert_eq!(get("https://other.example").header(allowed), None);
    let preflight = gateway.curl(
        "/v1/people/ada/manual",
        &[
            "-X",
            "OPTIONS",
            "-H",
            "Origin: https://intranet.example",
            "-H",
            "Access-Control-Request-Method: PUT",
        ],
    );
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("put"));
    let stream = crate::fixture::Events::of(
        &gateway,
        &gateway.token,
        "",
        "Origin: https://intranet.example\r\n",
    );
    assert!(stream.head.contains("Access-Control-Allow-Origin: https://intranet.example"));
}

#[test]
fn the_board_is_served_and_contacts_no_other_host() {
    let gateway = Gateway::start();
    let page = gateway.curl("/", &[]);
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    assert_eq!(page.header("x-content-type-options").unwrap(), "nosniff");
    for path in ["/client.js", "/board.css", "/service-worker.js"] {
        assert_eq!(gateway.curl(path, &[]).status, 200, "{path}");
    }
    gateway.curl("/../Cargo.toml", &["--path-as-is"]).expect_problem(404);
}
