//! An attack with sessions of one token.

use serde_json::json;

use crate::attack::{assert_withstands, exclusive};
use crate::client::{bearer, request};
use crate::measure::paced;
use crate::workload::{Workload, operator, token};

/// The maximum number of sessions of a token.
const SESSIONS: u32 = 100;
const ATTEMPTS_PER_SECOND: u32 = 400;

#[test]
fn endless_sessions_of_one_token() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let (secret, id) = workload.attacker();
    let open = |secret: &str, headers: &str| {
        let body = json!({"token": secret}).to_string();
        request("POST", "/v1/session", headers, Some(&body))
    };
    assert_withstands("sessions of one token", &mut workload, |target, stop| {
        let Ok(mut client) = target.connect() else { return };
        let asked = [open(&secret, ""), open(&secret, &bearer(&secret))];
        for number in paced(ATTEMPTS_PER_SECOND, stop) {
            let asked = &asked[usize::try_from(number).unwrap() % 2];
            if client.request(asked).is_err() {
                let Ok(again) = target.connect() else { return };
                client = again;
            }
        }
    });
    let administrator = bearer(&workload.gateway.token);
    let other = token(&mut operator(&workload.gateway), &["read"], &json!({})).0;
    workload.target.request(&open(&other, &bearer(&other))).unwrap().expect_json(200);
    let new = json!({"name": "after it", "scopes": ["read"]}).to_string();
    let created = request("POST", "/v1/tokens", &administrator, Some(&new));
    workload.target.request(&created).unwrap().expect_json(201);
    workload.gateway.stop();
    let store = workload.gateway.folder().join("gateway.sqlite");
    let store = rusqlite::Connection::open(store).unwrap();
    let count = "SELECT count(*) FROM tokens WHERE json_extract(body, '$.session_of') = ?1";
    let sessions: u32 = store.query_row(count, (&id,), |row| row.get(0)).unwrap();
    assert!((1..=SESSIONS).contains(&sessions), "{sessions} sessions of one token");
}
