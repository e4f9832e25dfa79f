//! The authorization table: `authorization.tsv` has the response to every request for every kind of
//! caller.
//!
//! A row is a request, and a column is a kind of caller. A cell is the status. After a colon it has
//! one letter for each person that the response may show:
//!
//! - `i`, `a` and `e` for the views `in-out`, `availability` and `everything`,
//! - `o` for everything with the devices,
//! - `-` for no person.
//!
//! A list has the letters of ada, bob and cyd. Ada and bob are in the group london, cyd is in rome,
//! and kim does not exist.
//!
//! The column `case` fills in the path (`person=ada`), chooses a body (`body=name`) or adds a query
//! (`?group=rome`). For a WebSocket the query is the subscription.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::{HANDSHAKE, Target, bearer, cookie_of, request, session, text_message};
use crate::fixture::{Gateway, Response, publication, within};

const TABLE: &str = include_str!("authorization.tsv");
const PEOPLE: [(&str, &str); 3] = [("ada", "london"), ("bob", "london"), ("cyd", "rome")];
/// A person who does not exist, with an id as long as the others.
const NOBODY: &str = "kim";

/// The keys of a person in each view.
const KEYS: [(char, &str); 4] = [
    ('i', "at groups id in name note returns revision since v"),
    (
        'a',
        "activity at availability groups id in manual name note reason returns revision since status v",
    ),
    (
        'e',
        "activity at availability groups id in manual name note reason returns revision since status v",
    ),
    (
        'o',
        "activity at availability sign_in badge devices groups id in manual name note reason returns \
         revision since status v",
    ),
];

/// The methods and paths of the router, with those of the board's pages.
fn routes() -> BTreeSet<String> {
    let router = include_str!("../../src/api/mod.rs").split("#[cfg(test)]").next().unwrap();
    let mut routes = BTreeSet::new();
    for route in router.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let calls = route.split_once(',').unwrap().1;
        let calls = calls.split(".layer(").next().unwrap().split(".merge(").next().unwrap();
        let methods = ["get", "post", "put", "patch", "delete", "head", "options", "any"];
        for method in methods {
            let called = |start: &str| calls.contains(&format!("{start}{method}("));
            if called(" ") || called(".") {
                routes.insert(format!("{} {path}", method.to_ascii_uppercase()));
            }
        }
    }
    let assets = include_str!("../../src/web.rs").split("&[Asset] = &[").nth(1).unwrap();
    for asset in assets.split("];").next().unwrap().split("asset(\"").skip(1) {
        routes.insert(format!("GET {}", asset.split('"').next().unwrap()));
    }
    routes
}

struct Row {
    route: &'static str,
    case: &'static str,
    cells: BTreeMap<&'static str, &'static str>,
}

impl Row {
    fn method(&self) -> &'static str {
        self.route.split_once(' ').unwrap().0
    }

    fn path(&self) -> &'static str {
        self.route.split_once(' ').unwrap().1
    }

    fn word(&self, key: &str) -> Option<&'static str> {
        let mut words = self.case.split(' ').filter_map(|word| word.split_once('='));
        words.find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    fn query(&self) -> &'static str {
        self.case.split(' ').find(|word| word.starts_with('?')).unwrap_or_default()
    }

    fn changes(&self) -> bool {
        self.method() != "GET"
    }
}

fn rows() -> (Vec<&'static str>, Vec<Row>) {
    let mut lines = TABLE.lines();
    let kinds: Vec<&str> = lines.next().unwrap().split('\t').skip(2).collect();
    let rows = lines.map(|line| {
        let mut cells = line.split('\t');
        let (route, case) = (cells.next().unwrap(), cells.next().expect("a case"));
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), kinds.len(), "cells of `{line}`");
        Row { route, case, cells: kinds.iter().copied().zip(cells).collect() }
    });
    let rows = rows.collect();
    (kinds, rows)
}

/// A gateway with three people, and the headers of each kind of caller.
struct PermissionFixture {
    gateway: Gateway,
    target: Target,
    headers: BTreeMap<&'static str, String>,
    /// The token in the body of `POST /v1/session`.
    guest: String,
}

impl PermissionFixture {
    fn new() -> Self {
        let gateway = Gateway::with(&[
            "--history",
            "1h",
            "--requests-per-second",
            "99999",
            "--wrong-tokens-per-minute",
            "99999",
        ]);
        let target = Target::of(&gateway);
        let mut fixture = Self { gateway, target, headers: BTreeMap::new(), guest: String::new() };
        fixture.restore();
        fixture.renew();
        fixture
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let body = body.map(ToString::to_string);
        let headers = format!("{}Connection: close\r\n", bearer(&self.gateway.token));
        self.target.request(&request(method, path, &headers, body.as_deref())).unwrap()
    }

    /// Restores the people to the state that each request expects.
    fn restore(&self) {
        let _ = self.admin("DELETE", "/v1/people/new", None);
        for (id, group) in PEOPLE {
            let person = json!({"id": id, "groups": [group]});
            if self.admin("POST", "/v1/people", Some(&person)).status != 201 {
                let known = json!({"name": id, "groups": [group], "badge": true});
                self.admin("PATCH", &format!("/v1/people/{id}"), Some(&known)).expect_json(200);
            }
            let path = format!("/v1/people/{id}/devices/laptop");
            self.admin("PUT", &path, Some(&publication("busy", 600_000))).expect_json(200);
            let path = format!("/v1/people/{id}/manual");
            self.admin("PUT", &path, Some(&manual())).expect_json(200);
            let badge = json!({"badge": true});
            self.admin("PATCH", &format!("/v1/people/{id}"), Some(&badge)).expect_json(200);
        }
    }

    fn token(&self, scopes: &[&str], of: &Value) -> (String, String) {
        let mut new = json!({"name": "a caller", "scopes": scopes});
        for (key, value) in of.as_object().into_iter().flatten() {
            new[key] = value.clone();
        }
        let made = self.admin("POST", "/v1/tokens", Some(&new)).expect_json(201);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        (text("secret"), text("id"))
    }

    fn session(&self, token: &str) -> String {
        let body = json!({"token": token}).to_string();
        let opened = self.target.request(&request("POST", "/v1/session", "", Some(&body))).unwrap();
        opened.expect_json(200);
        cookie_of(&opened).unwrap()
    }

    /// Creates the tokens and sessions of all kinds of callers.
    fn renew(&mut self) {
        let own = self.token(&["publish", "read"], &json!({"person": "ada", "view": "in-out"})).0;
        let revoked = self.token(&["administer"], &json!({}));
        self.admin("DELETE", &format!("/v1/tokens/{}", revoked.1), None).expect_json(204);
        let expired = self.token(&["administer"], &json!({"for_ms": 1})).0;
        within("the token has ended", || {
            let asked = request("GET", "/v1/people", &bearer(&expired), None);
            (self.target.request(&asked).unwrap().status == 401).then_some(())
        });
        let ended = self.session(&own);
        let ends = request("DELETE", "/v1/session", &session(&ended), None);
        self.target.request(&ends).unwrap().expect_json(204);
        let by = |scopes: &[&str], of: &Value| bearer(&self.token(scopes, of).0);
        let view = |view: &str| by(&["read"], &json!({"view": view}));
        let rome = json!({"person": "ada", "group": "rome", "view": "availability"});
        let own_session = session(&self.session(&own));
        let headers = BTreeMap::from([
            ("none", String::new()),
            ("other-scheme", "Authorization: Basic YTpi\r\n".to_owned()),
            ("unknown", bearer(&format!("cmt_{}", "x".repeat(43)))),
            ("malformed", bearer("cmt_short")),
            ("revoked", bearer(&revoked.0)),
            ("expired", bearer(&expired)),
            ("administer", by(&["administer"], &json!({}))),
            ("publish", by(&["publish"], &json!({}))),
            ("publish-ada", by(&["publish"], &json!({"person": "ada"}))),
            ("own-ada", bearer(&own)),
            ("own-ada-rome", by(&["publish", "read"], &rome)),
            ("read-in-out", view("in-out")),
            ("read-availability", view("availability")),
            ("read-everything", view("everything")),
            ("read-london", by(&["read"], &json!({"group": "london", "view": "availability"}))),
            ("read-person-ada", by(&["read"], &json!({"person": "ada", "view": "availability"}))),
            ("session-ada", own_session.clone()),
            ("session-ada-no-csrf", own_session.replace("Communicado-Csrf: 1\r\n", "")),
            ("session-admin", session(&self.session(&self.token(&["administer"], &json!({})).0))),
            ("session-ended", session(&ended)),
        ]);
        self.guest = self.token(&["read"], &json!({})).0;
        self.headers = headers;
    }

    /// The complete path of a row; `as_nobody` replaces the person by one who does not exist.
    fn path(&self, row: &Row, as_nobody: bool) -> String {
        let badge = || {
            let ada = self.admin("GET", "/v1/people/ada", None).expect_json(200);
            ada["badge"].as_str().unwrap().to_owned()
        };
        let person = |name: &'static str| if as_nobody { NOBODY } else { name };
        let mut path = row.path().to_owned();
        for (name, value) in row.case.split(' ').filter_map(|word| word.split_once('=')) {
            let value = match (name, value) {
                ("person", name) => person(name).to_owned(),
                ("token", "another") => self.token(&["read"], &json!({})).1,
                (_, value) if value.contains("BADGE") => value.replace("BADGE", &badge()),
                (_, value) => value.to_owned(),
            };
            path = path.replace(&format!("{{{name}}}"), &value);
            path = path.replace(&format!("{{*{name}}}"), &value);
        }
        assert!(!path.contains('{'), "`{}` leaves a placeholder in `{path}`", row.case);
        match row.query() {
            "" => path,
            query if as_nobody && query.starts_with("?person=") => {
                format!("{path}?person={NOBODY}")
            }
            query => format!("{path}{query}"),
        }
    }

    fn body(&self, row: &Row) -> Option<String> {
        let body = match (row.method(), row.path(), row.word("body")) {
            ("POST", "/v1/people", _) => json!({"id": "new"}),
            ("PATCH", _, Some("badge")) => json!({"badge": true}),
            ("PATCH", _, Some("name")) => json!({"name": "Renamed"}),
            ("PATCH", _, Some("groups")) => json!({"groups": ["paris"]}),
            ("PUT", "/v1/people/{person}/devices/{device}", _) => publication("away", 600_000),
            ("PUT", "/v1/people/{person}/manual", _) => manual(),
            ("POST", "/v1/session", _) => json!({"token": self.guest}),
            ("POST", "/v1/pairings", _) => json!({}),
            ("POST", "/v1/pairings/confirm", _) => json!({"code": "BCDFGHJK", "name": "new"}),
            ("POST", "/v1/pairings/session", _) => json!({"secret": "none"}),
            ("POST", "/v1/tokens", _) => json!({"name": "new", "scopes": ["administer"]}),
            ("GET" | "DELETE", _, None) => return None,
            _ => panic!("`{} {}` has no body here", row.route, row.case),
        };
        Some(body.to_string())
    }

    /// Sends a request, and returns the response and the first message of a stream or WebSocket.
    fn request(
        &self,
        row: &Row,
        headers: &str,
        as_nobody: bool,
        keep_alive: bool,
    ) -> (Response, Value) {
        let path = self.path(row, as_nobody);
        let mut client = self.target.connect().unwrap();
        if keep_alive {
            client.request(&request("GET", "/readyz", "", None)).unwrap().expect_status(200);
        }
        if row.path() == "/v1/socket" {
            let (path, query) = path.split_once('?').unwrap_or((&path, ""));
            let headers = format!("{headers}{HANDSHAKE}");
            let response = client.request(&request("GET", path, &headers, None)).unwrap();
            if response.status != 101 {
                return (response, Value::Null);
            }
            let mut wanted = json!({"type": "subscribe"});
            if let Some((key, value)) = query.split_once('=') {
                wanted[key] = json!([value]);
            }
            client.send(&text_message(&wanted.to_string())).unwrap();
            let message = client.message().unwrap().expect("a response to `subscribe`");
            return (response, message["data"].clone());
        }
        let body = self.body(row);
        let response =
            client.request(&request(row.method(), &path, headers, body.as_deref())).unwrap();
        if row.path() == "/v1/events" && response.status == 200 {
            let said_first = client.through(b"\"people\":[").and_then(|mut text| {
                text.extend(client.through(b"}\n\n")?);
                Ok(text)
            });
            let text = String::from_utf8(said_first.unwrap()).unwrap();
            let data = text.split_once("data: ").unwrap().1;
            return (response, serde_json::from_str(data).unwrap());
        }
        let json = serde_json::from_str(&response.body).unwrap_or(Value::Null);
        (response, json)
    }

    /// The cell for a response.
    fn cell(&self, row: &Row, response: &Response, json: &Value) -> String {
        let mut cell = response.status.to_string();
        let letters = match (row.route, response.status) {
            ("GET /v1/people" | "GET /v1/events", 200) => letters(json),
            ("GET /v1/socket", 101) => match json["status"].as_u64() {
                Some(status) => status.to_string(),
                None => letters(json),
            },
            ("GET /v1/people/{person}", 200) => letter(json).to_string(),
            _ => String::new(),
        };
        if !letters.is_empty() {
            let _ = write!(cell, ":{letters}");
        }
        cell
    }
}

/// A manual status with fields for each view to hide.
fn manual() -> Value {
    json!({"status": "signed-in", "availability": "busy", "activity": "in-a-meeting", "note": "in room 7"})
}

/// The letters of a list: the people in it, and their views.
fn letters(list: &Value) -> String {
    let people = list["people"].as_array().unwrap();
    let one = |id: &str| people.iter().find(|person| person["id"] == id).map_or('-', letter);
    assert!(people.iter().all(|person| PEOPLE.iter().any(|(id, _)| person["id"] == *id)));
    PEOPLE.iter().map(|(id, _)| one(id)).collect()
}

/// The letter of the view that a person is shown in.
fn letter(person: &Value) -> char {
    let letter = if person.get("devices").is_some() {
        'o'
    } else if !person["note"].is_null() || person.get("activity").is_some_and(|it| !it.is_null()) {
        'e'
    } else if person.get("status").is_some() {
        'a'
    } else {
        'i'
    };
    let keys: Vec<&str> = person.as_object().unwrap().keys().map(String::as_str).collect();
    let keys: BTreeSet<&str> = keys.into_iter().collect();
    let (_, expected) = KEYS.iter().find(|(view, _)| *view == letter).unwrap();
    assert_eq!(keys, expected.split_ascii_whitespace().collect(), "{person}");
    letter
}

#[test]
fn every_request_of_the_router_has_a_row_in_the_table_of_permissions() {
    let (kinds, rows) = rows();
    let of_rows: BTreeSet<String> = rows.iter().map(|row| row.route.to_owned()).collect();
    let routes = routes();
    assert!(routes.len() > 40, "{routes:?}");
    let missing: Vec<String> = routes
        .difference(&of_rows)
        .map(|route| format!("{route}\tCASE{}", "\tSTATUS".repeat(kinds.len())))
        .collect();
    assert!(missing.is_empty(), "add to authorization.tsv:\n{}", missing.join("\n"));
    let stale: Vec<&String> = of_rows.difference(&routes).collect();
    assert!(stale.is_empty(), "remove from authorization.tsv: {stale:?}");
}

#[test]
fn every_kind_of_caller_gets_the_response_in_the_table_of_permissions() {
    let (kinds, rows) = rows();
    let mut fixture = PermissionFixture::new();
    let known: Vec<&str> = fixture.headers.keys().copied().collect();
    assert_eq!(kinds.iter().copied().collect::<BTreeSet<_>>(), known.into_iter().collect());
    let mut wrong = String::new();
    for row in &rows {
        let mut cells = String::new();
        let mut is_right = true;
        for kind in &kinds {
            let (response, json) = fixture.request(row, &fixture.headers[kind], false, false);
            let mut cell = fixture.cell(row, &response, &json);
            if matches!(row.path(), "/v1/events" | "/v1/socket") {
                // On a reused connection, hyper serves the same request.
                let (response, json) = fixture.request(row, &fixture.headers[kind], false, true);
                let reused = fixture.cell(row, &response, &json);
                if reused != cell {
                    let _ = write!(cell, " keep-alive {reused}");
                }
            }
            if row.changes() && response.status < 300 {
                fixture.restore();
                let path = row.path();
                if row.method() == "DELETE" && (path == "/v1/session" || path.ends_with("son}")) {
                    fixture.renew();
                }
            }
            is_right &= cell == row.cells[kind];
            let _ = write!(cells, "\t{cell}");
        }
        if !is_right {
            let _ = writeln!(wrong, "{}\t{}{cells}", row.route, row.case);
        }
    }
    assert!(wrong.is_empty(), "these rows differ; the gateway responds\n{wrong}");
}

#[test]
fn a_method_without_a_row_is_refused_for_every_kind_of_caller() {
    let (kinds, rows) = rows();
    let fixture = PermissionFixture::new();
    let routes = routes();
    let mut paths: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in &rows {
        paths.entry(row.path()).or_insert(row);
    }
    for (path, row) in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            if routes.contains(&format!("{method} {path}")) {
                continue;
            }
            for kind in &kinds {
                let asked =
                    request(method, &fixture.path(row, false), &fixture.headers[kind], None);
                let response = fixture.target.request(&asked).unwrap();
                let refused = matches!(response.status, 401 | 403 | 405);
                assert!(refused, "{kind}: {method} {path}: {response:?}");
            }
        }
    }
}

/// The head and the body of a response without the person's id and the time.
fn neutral(response: &Response, json: &Value, id: &str) -> String {
    let head: Vec<&str> =
        response.head.lines().filter(|line| !line.starts_with("date: ")).collect();
    let body = if response.body.is_empty() { json.to_string() } else { response.body.clone() };
    let text = format!("{}\n\n{body}", head.join("\n"));
    text.replace(&format!("{id}`"), "ID`").replace(&format!("/{id}"), "/ID")
}

#[test]
fn a_person_who_may_not_be_seen_is_indistinguishable_from_one_who_does_not_exist() {
    let (kinds, rows) = rows();
    let fixture = PermissionFixture::new();
    let mut compared = 0;
    for (id, _) in PEOPLE {
        let seen = rows
            .iter()
            .find(|row| row.route == "GET /v1/people/{person}" && row.word("person") == Some(id));
        let seen = seen.expect("a row that reads the person");
        for kind in kinds.iter().filter(|kind| seen.cells[*kind] == "404") {
            let about = |row: &&Row| {
                row.word("person") == Some(id) || row.query() == format!("?person={id}")
            };
            for row in rows.iter().filter(about) {
                if *kind == "publish" && row.changes() {
                    // This token may publish for any person.
                    continue;
                }
                for keep_alive in [false, true] {
                    let headers = &fixture.headers[kind];
                    let (response, json) = fixture.request(row, headers, false, keep_alive);
                    let hidden = neutral(&response, &json, id);
                    let (response, json) = fixture.request(row, headers, true, keep_alive);
                    let nobody = neutral(&response, &json, NOBODY);
                    assert_eq!(hidden, nobody, "{kind}: {} {}", row.route, row.case);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}
