//! Pairing of a screen without a keyboard.

use serde_json::{Value, json};

use crate::fixture::{Gateway, Response};

const JSON: &str = "Content-Type: application/json";

/// Sends a request without a token.
fn post(gateway: &Gateway, path: &str, body: &Value, more: &[&str]) -> Response {
    let body = body.to_string();
    gateway.curl(path, &[&["-X", "POST", "-H", JSON, "-d", &body], more].concat())
}

fn confirm(gateway: &Gateway, token: &str, code: &str) -> Response {
    let body = json!({"code": code, "name": "lobby", "group": "london"});
    gateway.request_as(token, "POST", "/v1/pairings/confirm", Some(&body))
}

#[test]
fn a_screen_reads_only_after_an_administrator_has_confirmed_its_code() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    gateway.add("bob", &["rome"]);
    let pairing = post(&gateway, "/v1/pairings", &json!({}), &[]).expect_json(201);
    let code = pairing["code"].as_str().unwrap();
    let secret = json!({"secret": pairing["secret"]});
    let jar = gateway.folder().join("jar");
    let jar = ["-c", jar.to_str().unwrap()];
    let ask = || post(&gateway, "/v1/pairings/session", &secret, &jar);
    ask().expect_status(202);

    let reader = gateway.token(&["read"], &json!({})).0;
    confirm(&gateway, &reader, code).expect_problem(403);
    let (other, id) = gateway.token(&["administer"], &json!({}));
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_status(204);
    confirm(&gateway, &other, code).expect_problem(401);
    confirm(&gateway, &gateway.token, "BCDFGHJK").expect_problem(404);
    ask().expect_status(202);

    let spelled = format!("{}-{}", &code[..4], &code[4..]).to_lowercase();
    let token = confirm(&gateway, &gateway.token, &spelled).expect_json(201);
    assert_eq!((&token["view"], &token["scopes"]), (&json!("in-out"), &json!(["read"])));
    assert!(token.get("secret").is_none(), "{token}");
    confirm(&gateway, &gateway.token, code).expect_problem(404);

    let session = ask().expect_json(200);
    assert_eq!((&session["view"], &session["scopes"]), (&json!("in-out"), &json!(["read"])));
    post(&gateway, "/v1/pairings/session", &secret, &[]).expect_problem(404);
    let cookie = ["-b", jar[1]];
    let people = gateway.curl("/v1/people", &cookie).expect_json(200);
    let ids: Vec<&Value> =
        people["people"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["ada"]);
    let id = token["id"].as_str().unwrap();
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_status(204);
    gateway.curl("/v1/people", &cookie).expect_problem(401);
}

#[test]
fn guesses_of_codes_and_secrets_are_limited() {
    let gateway = Gateway::with(&["--wrong-tokens-per-minute", "5"]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(confirm(&gateway, &gateway.token, "BCDFGHJK").status);
        let secret = json!({"secret": "guess"});
        statuses.push(post(&gateway, "/v1/pairings/session", &secret, &[]).status);
    }
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429]);
}

#[test]
fn an_address_that_opens_many_codes_replaces_its_own() {
    let gateway = Gateway::start();
    let open = || post(&gateway, "/v1/pairings", &json!({}), &[]).expect_json(201);
    let first = open();
    for _ in 0..20 {
        open();
    }
    let secret = json!({"secret": first["secret"]});
    post(&gateway, "/v1/pairings/session", &secret, &[]).expect_problem(404);
}
