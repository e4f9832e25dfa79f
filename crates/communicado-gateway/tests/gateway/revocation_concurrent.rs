//! Revocation during a thousand attempts to obtain access: no secret and no stream remains.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::client::{Client, HANDSHAKE, Target, bearer, cookie_of, request, session};
use crate::cluster::Nats;
use crate::fixture::{Gateway, Response, publication, within};

const TOKENS: usize = 20;
const THREADS: usize = 5;
const ATTEMPTS_OF_A_THREAD: usize = 10;
const NO_RATE_LIMIT: [&str; 4] =
    ["--requests-per-second", "99999", "--wrong-tokens-per-minute", "99999"];

/// The access that the attempts obtained.
#[derive(Default)]
struct Obtained {
    /// The headers that gave access.
    credentials: Mutex<Vec<String>>,
    streams: Mutex<Vec<(&'static str, Client)>>,
    /// The attempts that began after the response to the revocation, and succeeded.
    late: Mutex<Vec<String>>,
}

impl Obtained {
    fn credential(&self, headers: String) {
        self.credentials.lock().unwrap().push(headers);
    }

    /// Opens a stream, and stores it if it begins.
    fn stream(&self, target: &Target, what: &'static str, by: &str, keep_alive: bool) -> bool {
        let opened = || {
            let mut client = target.connect()?;
            if keep_alive {
                client.request(&request("GET", "/readyz", "", None))?;
            }
            let (path, headers) = match what {
                "socket" => ("/v1/socket", format!("{by}{HANDSHAKE}")),
                _ => ("/v1/events", by.to_owned()),
            };
            let response = client.request(&request("GET", path, &headers, None))?;
            io::Result::Ok((matches!(response.status, 101 | 200), client))
        };
        let Ok((true, client)) = opened() else { return false };
        self.streams.lock().unwrap().push((what, client));
        true
    }

    fn session(&self, target: &Target, token: &str, by: &str) -> Option<String> {
        let body = json!({"token": token}).to_string();
        let opened = target.request(&request("POST", "/v1/session", by, Some(&body))).ok()?;
        let headers = session(&cookie_of(&opened).filter(|_| opened.status == 200)?);
        self.credential(headers.clone());
        Some(headers)
    }

    /// Makes one attempt. Returns true if it obtained access.
    fn attempt(&self, target: &Target, token: &str, number: usize) -> bool {
        let by = bearer(token);
        match number % THREADS {
            0 => self.session(target, token, "").is_some(),
            1 => self.stream(target, "events", &by, number.is_multiple_of(2)),
            2 => self.stream(target, "socket", &by, number.is_multiple_of(2)),
            3 => {
                let Some(session) = self.session(target, token, &by) else { return false };
                let kind = if number.is_multiple_of(2) { "events" } else { "socket" };
                self.stream(target, kind, &session, number % 4 < 2);
                let new =
                    json!({"name": "made by a session", "scopes": ["administer"]}).to_string();
                let made = target.request(&request("POST", "/v1/tokens", &session, Some(&new)));
                if let Ok(made) = made.map_err(drop)
                    && made.status == 201
                {
                    let secret = made.expect_json(201)["secret"].as_str().unwrap().to_owned();
                    self.stream(target, "events", &bearer(&secret), false);
                    self.session(target, &secret, "");
                    self.credential(bearer(&secret));
                }
                true
            }
            _ => {
                let body = publication("busy", 60_000).to_string();
                let path = format!("/v1/people/ada/devices/d{}", number % 30);
                let put = target.request(&request("PUT", &path, &by, Some(&body)));
                put.is_ok_and(|response| response.status == 200)
            }
        }
    }
}

/// Makes attempts with a token on `target`, and calls `revoke` during them.
fn attempts(
    target: &Target,
    token: &str,
    round: usize,
    is_one: bool,
    revoke: &(dyn Fn() + Sync),
) -> Obtained {
    let obtained = Obtained::default();
    let begun = AtomicUsize::new(0);
    let is_revoked = AtomicBool::new(false);
    let revocation = (round + 1) * THREADS * ATTEMPTS_OF_A_THREAD / (TOKENS + 2);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (obtained, begun, is_revoked) = (&obtained, &begun, &is_revoked);
            scope.spawn(move || {
                for attempt in 0..ATTEMPTS_OF_A_THREAD {
                    if begun.fetch_add(1, Ordering::SeqCst) == revocation {
                        revoke();
                        is_revoked.store(true, Ordering::SeqCst);
                    }
                    let is_late = is_revoked.load(Ordering::SeqCst);
                    let number = thread + attempt * (THREADS + 1);
                    if obtained.attempt(target, token, number) && is_late && is_one {
                        obtained.late.lock().unwrap().push(format!("attempt {number}"));
                    }
                }
            });
        }
    });
    obtained
}

fn people(target: &Target, by: &str) -> Response {
    target.request(&request("GET", "/v1/people", by, None)).unwrap()
}

/// Waits for the end of a stream. Returns true if the stream ended.
fn ends(mut client: Client) -> bool {
    match client.rest() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
    }
}

/// Checks that no access remains at `attempted`, if `revoking` or itself revokes the token.
fn no_access_remains(attempted: &mut Gateway, revoking: Option<&Gateway>) {
    let target = Target::of(attempted);
    let is_one = revoking.is_none();
    attempted.add("ada", &[]);
    let mut credentials = Vec::new();
    let mut streams = 0;
    for round in 0..TOKENS {
        let (token, id) = attempted.token(&["administer"], &json!({}));
        let revoke = || {
            let gateway = revoking.unwrap_or(&*attempted);
            let path = format!("/v1/tokens/{id}");
            if is_one {
                gateway.request("DELETE", &path, None).expect_json(204);
            } else {
                within("the other gateway knows the token", || {
                    (gateway.request("DELETE", &path, None).status == 204).then_some(())
                });
            }
        };
        let obtained = attempts(&target, &token, round, is_one, &revoke);
        let late = obtained.late.into_inner().unwrap();
        assert!(late.is_empty(), "round {round}: these succeeded after the revocation: {late:?}");
        let refused = || (people(&target, &bearer(&token)).status == 401).then_some(());
        within("the token is refused", refused);
        for by in obtained.credentials.into_inner().unwrap() {
            if !is_one {
                within("the credential is refused", || {
                    (people(&target, &by).status == 401).then_some(())
                });
            }
            let response = people(&target, &by);
            assert_eq!(
                response.status, 401,
                "round {round}: {by} still gives access: {response:?}"
            );
            credentials.push(by);
        }
        for (what, client) in obtained.streams.into_inner().unwrap() {
            assert!(ends(client), "round {round}: a stream ({what}) has not ended");
            streams += 1;
        }
    }
    assert!(credentials.len() > TOKENS && streams > TOKENS, "{} {streams}", credentials.len());
    if let Some(revoking) = revoking {
        // The other gateway must refuse the credentials too.
        let target = Target::of(revoking);
        for by in &credentials {
            within("the credential is refused", || {
                (people(&target, by).status == 401).then_some(())
            });
        }
    }
    let is_clean = |gateway: &Gateway| {
        let list = gateway.command(&["tokens", "list"]);
        let list = String::from_utf8(list.stdout).unwrap();
        assert!(!list.contains("made by a session") && !list.contains("a test's"), "{list}");
    };
    is_clean(attempted);
    attempted.stop();
    attempted.restart();
    within("the gateway answers again", || {
        (attempted.request("GET", "/readyz", None).status == 200).then_some(())
    });
    // The gateway creates a new self-signed certificate at each start.
    let target = Target::of(attempted);
    for by in &credentials {
        let response = people(&target, by);
        assert_eq!(response.status, 401, "{by} gives access after the restart: {response:?}");
    }
    is_clean(attempted);
}

#[test]
fn no_access_remains_after_a_revocation_among_concurrent_attempts() {
    let mut gateway = Gateway::with(&NO_RATE_LIMIT);
    no_access_remains(&mut gateway, None);
    gateway.stop();
    // The store contains no session.
    let store = rusqlite::Connection::open(gateway.folder().join("gateway.sqlite")).unwrap();
    let count = "SELECT count(*) FROM tokens";
    let tokens: u32 = store.query_row(count, (), |row| row.get(0)).unwrap();
    assert_eq!(tokens, 1);
}

#[test]
fn over_tls_no_access_remains_after_a_revocation_among_concurrent_attempts() {
    let tls = ["--tls-self-signed", "localhost", "--tls-self-signed", "127.0.0.1"];
    let arguments = [&tls[..], &NO_RATE_LIMIT].concat();
    no_access_remains(&mut Gateway::with(&arguments), None);
}

#[test]
fn no_access_to_one_gateway_remains_after_a_revocation_at_another() {
    let nats = Nats::start();
    let revoking = nats.gateway_with(None, &NO_RATE_LIMIT);
    let mut attempted = nats.gateway_with(Some(&revoking), &NO_RATE_LIMIT);
    no_access_remains(&mut attempted, Some(&revoking));
}
