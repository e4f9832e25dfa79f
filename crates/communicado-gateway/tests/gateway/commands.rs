//! The commands of the program, with and without a running gateway.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::fixture::{Gateway, program};

fn text(output: &std::process::Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_first_start_prints_a_working_curl_command() {
    let mut gateway = Gateway::start();
    let line = gateway.greeting.lines().find(|line| line.contains("curl")).expect("a line of curl");
    let output = Command::new("sh").args(["-c", line.trim()]).output().unwrap();
    assert!(text(&output).contains("\"people\":[]"), "{output:?}");
    let board = format!("Open {}/ and sign in with this token.", gateway.base);
    assert!(gateway.greeting.contains(&board), "{}", gateway.greeting);
    gateway.stop();
    gateway.restart();
    assert!(!gateway.greeting.contains("cmt_"), "{}", gateway.greeting);
    let public = Gateway::with(&["--public-url", "https://host.example/presence/"]);
    let board = "Open https://host.example/presence/ and sign in with this token.";
    assert!(public.greeting.contains(board), "{}", public.greeting);
}

#[test]
fn commands_manage_tokens_and_people_with_and_without_a_running_gateway() {
    let mut gateway = Gateway::start();
    for runs in [true, false] {
        if !runs {
            gateway.stop();
        }
        let id = if runs { "ada" } else { "bob" };
        let add = gateway.command(&["people", "add", id, "--name", "A B", "--group", "london"]);
        assert!(add.status.success(), "{add:?}");
        assert!(text(&gateway.command(&["people", "list"])).contains(id));
        let scope = ["tokens", "create", "--name", "x", "--scope", "publish,read", "--person", id];
        let made = gateway.command(&scope);
        assert!(made.status.success(), "{made:?}");
        let printed = String::from_utf8_lossy(&made.stdout);
        let (token, secret) = printed.split_once('\n').unwrap();
        let token = token.strip_prefix("id ").unwrap();
        assert!(secret.starts_with("secret cmt_"), "{made:?}");
        // An id that begins with `-` would be an option of the next command.
        assert!(token.starts_with('t'), "{token}");
        let list = text(&gateway.command(&["tokens", "list"]));
        let line = list.lines().find(|line| line.contains(&format!("person {id}"))).unwrap();
        assert!(line.starts_with(token), "{line}");
        let revoked = gateway.command(&["tokens", "revoke", token]);
        assert!(revoked.status.success(), "{revoked:?}");
        let again = gateway.command(&["tokens", "revoke", token]);
        assert_eq!(again.status.code(), Some(5));
        assert!(text(&again).contains("error: there is no token"), "{again:?}");
    }
    gateway.restart();
    assert_eq!(gateway.get("/v1/people")["people"].as_array().unwrap().len(), 2);
}

#[test]
fn tokens_are_listed_with_their_last_use_and_rotated() {
    let mut gateway = Gateway::start();
    let list = |gateway: &Gateway| {
        let output = gateway.command(&["tokens", "list", "--json"]);
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        listed["tokens"].as_array().unwrap().clone()
    };
    let create = ["tokens", "create", "--name", "the lobby", "--scope", "read", "--for", "30d"];
    let made = gateway.command(&[&create[..], &["--json"]].concat());
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, secret) = (text(&made["id"]), text(&made["secret"]));
    let of = |tokens: &[Value], id: &str| tokens.iter().find(|it| it["id"] == *id).unwrap().clone();
    assert_eq!(of(&list(&gateway), &id)["last_used"], Value::Null);
    gateway.request_as(&secret, "GET", "/v1/people", None).expect_json(200);
    let used = of(&list(&gateway), &id);
    assert!(used["last_used"].as_str().unwrap() >= used["created"].as_str().unwrap(), "{used}");
    let table = String::from_utf8(gateway.command(&["tokens", "list"]).stdout).unwrap();
    assert!(table.starts_with("ID "), "{table}");
    for heading in ["CREATED ", "LAST USED", "EXPIRES", "SESSIONS", "NAME"] {
        assert!(table.lines().next().unwrap().contains(heading), "{table}");
    }
    // The use is stored.
    gateway.stop();
    assert_eq!(of(&list(&gateway), &id)["last_used"], used["last_used"]);
    gateway.restart();
    let rotated = gateway.command(&["tokens", "rotate", &id, "--json"]);
    let rotated: Value = serde_json::from_slice(&rotated.stdout).unwrap();
    for same in ["name", "scopes", "person", "group", "view"] {
        assert_eq!(rotated[same], made[same], "{same}");
    }
    assert!(rotated["expires"].as_str().unwrap() > made["expires"].as_str().unwrap());
    gateway.request_as(&secret, "GET", "/v1/people", None).expect_problem(401);
    gateway.request_as(&text(&rotated["secret"]), "GET", "/v1/people", None).expect_json(200);
    let again = gateway.command(&["tokens", "rotate", &id]);
    assert_eq!(again.status.code(), Some(5), "{again:?}");
    let long = gateway.command(&[&create[..7], &["400d"]].concat());
    assert!(String::from_utf8_lossy(&long.stderr).contains("--for from 1ms to 366d"), "{long:?}");
}

#[test]
fn a_second_gateway_on_the_same_store_is_refused() {
    let gateway = Gateway::start();
    let second = gateway.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(5));
    assert!(text(&second).contains("another gateway uses"), "{second:?}");
    let restore = gateway.command(&["restore", "/nonexistent"]);
    assert!(text(&restore).contains("another gateway uses"), "{restore:?}");
    gateway.get("/v1/people");
}

#[test]
fn a_backup_of_a_running_gateway_can_be_restored() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    let file = gateway.folder().join("backup");
    let file = file.to_str().unwrap();
    let backup = gateway.command(&["backup", file]);
    assert!(backup.status.success(), "{backup:?}");
    gateway.add("bob", &[]);
    gateway.stop();
    let restore = gateway.command(&["restore", file]);
    assert!(restore.status.success(), "{restore:?}");
    gateway.restart();
    let people = gateway.get("/v1/people");
    assert_eq!(people["people"].as_array().unwrap().len(), 1);
    // New revisions differ from those before the restore.
    assert!(people["revision"].as_u64().unwrap() > 2, "{people}");
    gateway.stop();
    let wrong = gateway.folder().join("wrong");
    std::fs::write(&wrong, "no store").unwrap();
    let restore = gateway.command(&["restore", wrong.to_str().unwrap()]);
    assert_eq!(restore.status.code(), Some(5), "{restore:?}");
    gateway.restart();
    gateway.get("/v1/people");
}

#[test]
fn listening_beyond_loopback_requires_tls_or_an_option() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new(program());
    let command = command.args(["serve", "--listen", "0.0.0.0:0", "--data"]).arg(folder.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("--insecure-beyond-loopback"), "{output:?}");
}

#[test]
fn the_gateway_serves_the_same_over_tls() {
    let gateway = Gateway::with(&["--tls-self-signed", "127.0.0.1"]);
    assert!(gateway.base.starts_with("https://"));
    gateway.add("ada", &[]);
    gateway.publish("ada", "laptop", "busy");
    let authorization = format!("Authorization: Bearer {}", gateway.token);
    let events =
        gateway.curl("/v1/events", &["-H", &authorization, "--no-buffer", "--max-time", "1"]);
    assert!(events.body.contains("event: snapshot"), "{events:?}");
    let json_type = "Content-Type: application/json";
    let body = format!("{{\"token\":\"{}\"}}", gateway.token);
    let opened = gateway.curl("/v1/session", &["-X", "POST", "-H", json_type, "-d", &body]);
    assert!(opened.header("set-cookie").unwrap().contains("; secure"));
}

#[test]
fn a_self_signed_certificate_is_written_into_a_new_folder() {
    let mut gateway = Gateway::with(&["--tls-self-signed", "127.0.0.1"]);
    gateway.stop();
    std::fs::remove_dir_all(gateway.folder()).unwrap();
    gateway.restart();
    assert_eq!(gateway.curl("/readyz", &[]).status, 200);
    let certificate = gateway.folder().join("tls.pem");
    let mode = std::fs::metadata(&certificate).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A second gateway, which is refused, does not replace the certificate of the first.
    let second = ["serve", "--listen", "127.0.0.1:0", "--tls-self-signed", "127.0.0.1"];
    assert_eq!(gateway.command(&second).status.code(), Some(5));
    assert_eq!(gateway.curl("/readyz", &[]).status, 200);
}

#[test]
fn hsts_is_sent_only_with_a_certificate_from_files() {
    let files = tempfile::TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (files.path().join("certificate"), files.path().join("key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    for (arguments, value) in [
        (&["--tls-cert", certificate, "--tls-key", key][..], Some("max-age=31536000")),
        (&["--tls-self-signed", "127.0.0.1"], None),
        (&[], None),
    ] {
        let gateway = Gateway::with(arguments);
        if value.is_some() {
            std::fs::copy(certificate, gateway.folder().join("tls.pem")).unwrap();
        }
        for (path, status) in
            [("/", 200), ("/readyz", 200), ("/v1/people", 401), ("/nowhere", 404), ("/v1/x", 404)]
        {
            let response = gateway.curl(path, &[]);
            assert_eq!(response.status, status, "{response:?}");
            assert_eq!(
                response.header("strict-transport-security").as_deref(),
                value,
                "{response:?}"
            );
        }
    }
}

#[test]
fn a_gateway_with_the_option_exits_when_standard_input_closes() {
    // The standard input of these gateways is empty.
    let mut gateway = Gateway::with(&["--exit-on-stdin-eof"]);
    assert!(gateway.wait().success());
}

#[test]
fn help_completions_man_page_and_openapi_description_are_printed() {
    for (arguments, word) in [
        (&["--help"][..], "serve"),
        (&["serve", "--help"], "--tls-cert"),
        (&["completions", "bash"], "_communicado"),
        (&["man"], ".TH"),
        (&["openapi"], "\"openapi\""),
    ] {
        let output = Command::new(program()).args(arguments).output().unwrap();
        assert!(output.status.success() && text(&output).contains(word), "{arguments:?}");
    }
}
