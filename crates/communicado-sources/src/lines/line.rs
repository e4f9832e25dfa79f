//! The state of a client in one line of JSON. Pure.

use std::fmt;

use communicado_core::{Activity, Availability, Life, SignInFailure, UnknownReason};
use serde_json::{Map, Value};

use crate::client_reporter::ClientDetails;
use crate::note;
use crate::sign_in::AccountSignIn;

/// The longest name of a client, in bytes.
const CLIENT_MAX: usize = 64;
/// The most accounts of one client.
const ACCOUNTS_MAX: usize = 64;
/// The name of an account without one, as in the sources on Windows.
const NOT_NAMED: &str = "(not named)";

/// The state of a client, as a program reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedClient {
    /// The name of the client.
    pub client: String,
    /// The life of the client.
    pub life: Life,
    pub(crate) details: ClientDetails,
}

/// The reason why a line was ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineError {
    /// A line of over 64 KiB.
    TooLong,
    /// A line that is not a JSON object.
    NotJson,
    /// A line without the key `client`, or with an invalid name.
    NoClient,
}

/// Parses a line. Unknown keys are ignored.
///
/// A status that the line does not state completely is `unknown`: an unknown word, an account
/// without a known status, or a status that none of the accounts has.
///
/// # Errors
///
/// If the line does not have the name of a client.
pub fn parse(line: &[u8]) -> Result<ReportedClient, LineError> {
    let object: Map<String, Value> =
        serde_json::from_slice(line).map_err(|_| LineError::NotJson)?;
    let client = text(&object, "client").filter(|name| is_client_name(name));
    let client = client.ok_or(LineError::NoClient)?.to_owned();
    let (life, details) = state(&object);
    Ok(ReportedClient { client, life, details })
}

fn is_client_name(name: &str) -> bool {
    (1..=CLIENT_MAX).contains(&name.len()) && name.chars().all(communicado_wire::is_printable)
}

fn state(object: &Map<String, Value>) -> (Life, ClientDetails) {
    let mut details = ClientDetails::default();
    let status = text(object, "status").unwrap_or_default();
    let life = match status {
        "absent" => Life::Absent,
        "starting" => Life::Starting,
        "shutting-down" => Life::ShuttingDown,
        "signed-in" | "signed-out" | "signing-in" | "signing-out" => {
            match read_accounts(object, status, &mut details) {
                Some(()) => Life::Running,
                None => Life::Unknown(UnknownReason::NotSupported),
            }
        }
        "unknown" => Life::Unknown(unknown_reason(object)),
        _ => Life::Unknown(UnknownReason::NotSupported),
    };
    if life != Life::Running {
        details = ClientDetails::default();
    }
    details.saved = text(object, "saved").map(str::to_owned);
    (life, details)
}

/// Reads the accounts, or the state of the client as its only account. `None` if a state is not
/// complete.
fn read_accounts(
    object: &Map<String, Value>,
    status: &str,
    details: &mut ClientDetails,
) -> Option<()> {
    let accounts = object.get("accounts").and_then(Value::as_array);
    let Some(accounts) = accounts.filter(|accounts| !accounts.is_empty()) else {
        // Without a failure, an account that is signed out adds nothing.
        if status == "signed-out" && text(object, "reason").is_none() {
            return Some(());
        }
        return insert_account(object, details);
    };
    if accounts.len() > ACCOUNTS_MAX {
        return None;
    }
    for account in accounts {
        insert_account(account.as_object()?, details)?;
    }
    let states = accounts.iter().filter_map(|account| account.get("status")?.as_str());
    states.into_iter().any(|each| each == status).then_some(())
}

fn insert_account(account: &Map<String, Value>, details: &mut ClientDetails) -> Option<()> {
    let name = text(account, "account").unwrap_or(NOT_NAMED);
    let protocol = text(account, "protocol").unwrap_or_default();
    let key = (name.to_owned(), protocol.to_owned());
    let sign_in = sign_in(account)?;
    if let Some(display_name) = text(account, "name") {
        details.names.insert(key.clone(), display_name.to_owned());
    }
    details.accounts.insert(key, sign_in);
    Some(())
}

fn sign_in(account: &Map<String, Value>) -> Option<AccountSignIn> {
    Some(match text(account, "status")? {
        "signed-in" => {
            let (availability, activity) =
                (text(account, "availability"), text(account, "activity"));
            let raw = text(account, "raw").or(availability).unwrap_or("signed-in").to_owned();
            AccountSignIn::SignedIn {
                availability: availability
                    .and_then(Availability::from_word)
                    .unwrap_or(Availability::Other),
                activity: activity.map(|it| Activity::from_word(it).unwrap_or(Activity::Other)),
                raw,
                note: text(account, "note").and_then(note::plain),
            }
        }
        "signed-out" => AccountSignIn::SignedOut(text(account, "reason").map(failure)),
        "signing-in" => AccountSignIn::SigningIn,
        "signing-out" => AccountSignIn::SigningOut,
        _ => return None,
    })
}

fn failure(reason: &str) -> SignInFailure {
    let known = SignInFailure::ALL.into_iter().find(|failure| failure.word() == reason);
    known.unwrap_or(SignInFailure::OtherError)
}

fn unknown_reason(object: &Map<String, Value>) -> UnknownReason {
    let reason = text(object, "reason");
    let known = UnknownReason::ALL.into_iter().find(|known| Some(known.word()) == reason);
    known.unwrap_or(UnknownReason::NotSupported)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

impl LineError {
    /// The advice for the author of the program.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::TooLong => "write one JSON object of up to 64 KiB in a line",
            Self::NotJson => "write one JSON object in a line, and messages to standard error",
            Self::NoClient => "write the name of the client as a text of up to 64 bytes",
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the program wrote a line of over 64 KiB, which is ignored",
            Self::NotJson => "the program wrote a line that is not a JSON object, which is ignored",
            Self::NoClient => "the program wrote a line without a valid `client`, which is ignored",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> ReportedClient {
        parse(line.as_bytes()).unwrap()
    }

    fn only_account(line: &str) -> ((String, String), AccountSignIn) {
        let ReportedClient { life, mut details, .. } = parsed(line);
        assert_eq!(life, Life::Running, "{line}");
        assert_eq!(details.accounts.len(), 1, "{line}");
        details.accounts.pop_first().unwrap()
    }

    #[test]
    fn client_and_status_suffice() {
        let (key, sign_in) = only_account(r#"{"client":"teams","status":"signed-in","x":[1]}"#);
        assert_eq!(key, (NOT_NAMED.to_owned(), String::new()));
        let raw = "signed-in".to_owned();
        let availability = Availability::Other;
        let (activity, note) = (None, None);
        assert_eq!(sign_in, AccountSignIn::SignedIn { availability, activity, raw, note });
        let signed_out = parsed(r#"{"client":"teams","status":"signed-out"}"#);
        assert_eq!((signed_out.life, signed_out.details.accounts.len()), (Life::Running, 0));
        for (status, life) in [
            ("absent", Life::Absent),
            ("starting", Life::Starting),
            ("shutting-down", Life::ShuttingDown),
        ] {
            let line = format!(r#"{{"client":"teams","status":"{status}"}}"#);
            assert_eq!(parsed(&line).life, life);
        }
    }

    #[test]
    fn an_unknown_presence_is_other_with_its_word() {
        let line = r#"{"client":"teams","status":"signed-in","availability":"InACall",
                       "activity":"dancing","account":"alice@x"}"#;
        let (key, sign_in) = only_account(line);
        assert_eq!(key.0, "alice@x");
        let (availability, activity) = (Availability::Other, Some(Activity::Other));
        let (raw, note) = ("InACall".to_owned(), None);
        assert_eq!(sign_in, AccountSignIn::SignedIn { availability, activity, raw, note });
    }

    #[test]
    fn a_line_of_watch_keeps_accounts_reason_and_saved_status() {
        let line = r#"{"v":1,"revision":3,"at":"2026-01-01T00:00:00Z","client":"finch",
            "status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,
            "since":null,"source":"purple","saved":"Away","accounts":[
            {"account":"a","protocol":"XMPP","name":"Ada","status":"signed-in",
             "availability":"away","activity":null,"raw":"away","reason":null,"since":null},
            {"account":"b","protocol":"XMPP","status":"signed-out","availability":null,
             "activity":null,"raw":null,"reason":"network-error","since":null}],"before":null}"#;
        let ReportedClient { client, life, details } = parsed(line);
        assert_eq!(
            (&*client, life, details.saved.as_deref()),
            ("finch", Life::Running, Some("Away"))
        );
        let key = |name: &str| (name.to_owned(), "XMPP".to_owned());
        assert_eq!(details.names.get(&key("a")).map(String::as_str), Some("Ada"));
        let failed = AccountSignIn::SignedOut(Some(SignInFailure::NetworkError));
        assert_eq!(details.accounts.get(&key("b")), Some(&failed));
    }

    #[test]
    fn a_note_is_plain_text_in_one_line() {
        for (written, expected) in [
            (r#""back at four""#, Some("back at four")),
            (r#""a\nb\u001b <b>""#, Some("a b <b>")),
            (r#"" \n""#, None),
            ("null", None),
            ("7", None),
        ] {
            let line = format!(r#"{{"client":"x","status":"signed-in","note":{written}}}"#);
            let AccountSignIn::SignedIn { note, .. } = only_account(&line).1 else {
                panic!("not signed in: {line}")
            };
            assert_eq!(note.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn an_incomplete_or_contradictory_state_is_unknown() {
        for line in [
            r#"{"client":"x"}"#,
            r#"{"client":"x","status":"Online"}"#,
            r#"{"client":"x","status":7}"#,
            r#"{"client":"x","status":"unknown"}"#,
            r#"{"client":"x","status":"signed-in","accounts":[{"account":"a"}]}"#,
            r#"{"client":"x","status":"signed-in","accounts":[7]}"#,
            r#"{"client":"x","status":"signed-in","accounts":[{"status":"signed-out"}]}"#,
        ] {
            let client = parsed(line);
            assert_eq!(client.life, Life::Unknown(UnknownReason::NotSupported), "{line}");
            assert!(client.details.accounts.is_empty(), "{line}");
        }
        let lost = parsed(r#"{"client":"x","status":"unknown","reason":"source-lost"}"#);
        assert_eq!(lost.life, Life::Unknown(UnknownReason::SourceLost));
    }

    #[test]
    fn a_line_without_a_client_is_an_error() {
        let long = format!(r#"{{"client":"{}","status":"absent"}}"#, "x".repeat(CLIENT_MAX + 1));
        for (line, error) in [
            ("", LineError::NotJson),
            ("[1]", LineError::NotJson),
            ("{\"client\":\"x\"", LineError::NotJson),
            ("{}", LineError::NoClient),
            (r#"{"client":""}"#, LineError::NoClient),
            (r#"{"client":"a\u001bb"}"#, LineError::NoClient),
            (&long, LineError::NoClient),
        ] {
            assert_eq!(parse(line.as_bytes()), Err(error), "{line}");
        }
        assert_eq!(parse(b"\xff"), Err(LineError::NotJson));
    }
}
