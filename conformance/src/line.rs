//! A line of `communicado status --json` or `watch --json`, checked and shortened.

use std::fmt;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Every key of a client's object, always present; `watch` adds `before`, and `missed` where its
/// reader was too slow for some lines.
const CLIENT_KEYS: &[&str] = &[
    "v",
    "revision",
    "at",
    "client",
    "status",
    "availability",
    "activity",
    "raw",
    "note",
    "reason",
    "since",
    "source",
    "saved",
    "accounts",
];
const ACCOUNT_KEYS: &[&str] = &[
    "account",
    "protocol",
    "status",
    "availability",
    "activity",
    "raw",
    "note",
    "reason",
    "since",
];
const STATUSES: &[&str] = &[
    "absent",
    "starting",
    "signed-out",
    "signing-in",
    "signed-in",
    "signing-out",
    "shutting-down",
    "unknown",
];

/// The names of all sources, from the schema that the program generates.
static SOURCES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let schema = include_str!("../../docs/config.schema.json");
    let schema = serde_json::from_str::<Value>(schema).unwrap_or_default();
    let sources = schema.pointer("/properties/sources/properties").and_then(Value::as_object);
    sources.into_iter().flat_map(Map::keys).cloned().collect()
});

/// A line that has the promised shape.
///
/// Tests compare its [`Display`](fmt::Display): all values that are set, without times and
/// revisions. In `signed-in away/away saved=away`, the availability comes before the raw status.
/// The source follows, unless it is `purple`. The accounts follow, unless there is only one with
/// the status of its client.
#[derive(Clone, Debug)]
pub struct Line {
    /// The client.
    pub client: String,
    /// The status.
    pub status: String,
    /// Position in the sequence of changes.
    pub revision: u64,
    /// The status before, in a line of `watch` about a change.
    pub before: Option<String>,
    /// The number of changes that the reader missed before this line.
    pub missed: u64,
    /// The name and the protocol of each account.
    pub accounts: Vec<(String, String)>,
    /// The name by which the client shows the first of its users who has one.
    pub shown: Option<String>,
    short: String,
}

impl Line {
    /// Reads a line of `watch`.
    ///
    /// # Errors
    ///
    /// If the line does not have the promised shape: the difference.
    pub fn of_watch(text: &str) -> Result<Self, String> {
        let mut object = object(text)?;
        let before = match object.remove("before") {
            Some(Value::Null) => None,
            Some(Value::String(word)) if STATUSES.contains(&&*word) => Some(word),
            other => return Err(format!("before is {other:?}")),
        };
        let missed = match object.remove("missed") {
            None => 0,
            Some(count) => count.as_u64().filter(|it| *it > 0).ok_or("missed is no count")?,
        };
        Ok(Self { before, missed, ..Self::read(&object)? })
    }

    /// Reads a line of `status`.
    ///
    /// # Errors
    ///
    /// If the line does not have the promised shape: the difference.
    pub fn of_status(text: &str) -> Result<Self, String> {
        Self::read(&object(text)?)
    }

    fn read(object: &Map<String, Value>) -> Result<Self, String> {
        has_keys(object, CLIENT_KEYS)?;
        if object.get("v") != Some(&Value::from(1)) {
            return Err("v is not 1".to_owned());
        }
        is_time(object, "at")?;
        let status = status(object)?;
        let revision = object.get("revision").and_then(Value::as_u64).ok_or("no revision")?;
        let client = text_of(object, "client")?.ok_or("client is null")?.to_owned();
        let source = text_of(object, "source")?.ok_or("source is null")?;
        if !SOURCES.iter().any(|known| known == source) {
            return Err(format!("source is {source}"));
        }
        let mut short = reported(object)?;
        // A single source needs no mention.
        if source != "purple" {
            short += &format!(" by {source}");
        }
        if let Some(saved) = text_of(object, "saved")? {
            short += &format!(" saved={saved}");
        }
        let accounts = object.get("accounts").and_then(Value::as_array).ok_or("no accounts")?;
        let accounts: Vec<_> = accounts.iter().map(Account::read).collect::<Result<_, _>>()?;
        short += &beside(&status, &reported(object)?, &accounts);
        let shown = accounts.iter().find_map(|each| each.shown.clone());
        let accounts = accounts.into_iter().map(|each| (each.name, each.protocol)).collect();
        Ok(Self { client, status, revision, before: None, missed: 0, accounts, shown, short })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short)
    }
}

struct Account {
    name: String,
    protocol: String,
    reported: String,
    /// The name that the client shows for the user.
    shown: Option<String>,
}

impl Account {
    fn read(account: &Value) -> Result<Self, String> {
        let account = account.as_object().ok_or("an account is no object")?;
        let mut keys = account.clone();
        // Only if the client reports it.
        let shown = keys.remove("name");
        has_keys(&keys, ACCOUNT_KEYS)?;
        Ok(Self {
            name: text_of(account, "account")?.ok_or("an account has no name")?.to_owned(),
            protocol: text_of(account, "protocol")?.ok_or("an account has no protocol")?.to_owned(),
            reported: reported(account)?,
            shown: shown.and_then(|name| Some(name.as_str()?.to_owned())),
        })
    }
}

/// The accounts, if they add to the client's line.
fn beside(status: &str, of_client: &str, accounts: &[Account]) -> String {
    match accounts {
        [account] if account.reported == of_client => String::new(),
        [] if matches!(status, "absent" | "starting" | "shutting-down" | "unknown") => {
            String::new()
        }
        [] => " | no accounts".to_owned(),
        several => {
            several.iter().map(|each| format!(" | {} {}", each.name, each.reported)).collect()
        }
    }
}

/// Status, presence and reason of a client or an account.
fn reported(object: &Map<String, Value>) -> Result<String, String> {
    let mut reported = status(object)?;
    let availability = text_of(object, "availability")?;
    let raw = text_of(object, "raw")?;
    let activity = text_of(object, "activity")?;
    if reported != "signed-in" && (availability, raw, activity) != (None, None, None) {
        return Err(format!("a presence, {availability:?} {raw:?}, while {reported}"));
    }
    if let (Some(availability), Some(raw)) = (availability, raw) {
        reported += &format!(" {availability}/{raw}");
    } else if reported == "signed-in" {
        return Err(format!("signed in without a presence: {availability:?} {raw:?}"));
    }
    if let Some(activity) = activity {
        reported += &format!(" activity={activity}");
    }
    if let Some(note) = text_of(object, "note")? {
        if reported.split(' ').next() != Some("signed-in") {
            return Err(format!("a note, {note:?}, while {reported}"));
        }
        reported += &format!(" note={note:?}");
    }
    if let Some(reason) = text_of(object, "reason")? {
        reported += &format!(" reason={reason}");
    }
    if text_of(object, "since")?.is_some() {
        is_time(object, "since")?;
    }
    Ok(reported)
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("not an object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn has_keys(object: &Map<String, Value>, keys: &[&str]) -> Result<(), String> {
    if let Some(missing) = keys.iter().find(|key| !object.contains_key(**key)) {
        return Err(format!("no key {missing}"));
    }
    match object.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("a key too many, {key}")),
        None => Ok(()),
    }
}

fn status(object: &Map<String, Value>) -> Result<String, String> {
    match text_of(object, "status")? {
        Some(word) if STATUSES.contains(&word) => Ok(word.to_owned()),
        other => Err(format!("status is {other:?}")),
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        other => Err(format!("{key} is {other:?}")),
    }
}

/// RFC 3339 in UTC with microseconds: `2026-11-22T21:00:00.123456Z`.
fn is_time(object: &Map<String, Value>, key: &str) -> Result<(), String> {
    let shape = |digit: char| if digit.is_ascii_digit() { '0' } else { digit };
    match text_of(object, key)? {
        Some(time)
            if time.chars().map(shape).collect::<String>() == "0000-00-00T00:00:00.000000Z" =>
        {
            Ok(())
        }
        other => Err(format!("{key} is {other:?}, no time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: &str = r#"{"v":1,"revision":7,"at":"2026-11-22T21:00:00.123456Z","client":"finch",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","note":null,"reason":null,
        "since":"2026-11-22T21:00:00.000001Z","source":"purple","saved":"away","accounts":[
        {"account":"alice@uc.test/ci","protocol":"XMPP","status":"signed-in","availability":"away",
        "activity":null,"raw":"away","note":null,"reason":null,"since":"2026-11-22T21:00:00.000001Z"}],
        "before":"signed-in"}"#;

    #[test]
    fn says_everything_but_times_and_revisions() {
        check(AWAY, "signed-in away/away saved=away");
        let dnd = AWAY.replacen(r#""availability":"away""#, r#""availability":"busy""#, 1);
        check(&dnd, "signed-in busy/away saved=away | alice@uc.test/ci signed-in away/away");
        let quiet = AWAY.replace(r#""saved":"away""#, r#""saved":null"#);
        check(&quiet, "signed-in away/away");
        let active = AWAY.replace(r#""activity":null"#, r#""activity":"presenting""#);
        check(&active, "signed-in away/away activity=presenting saved=away");
    }

    #[test]
    fn refuses_what_breaks_the_promised_shape() {
        for (good, bad) in [
            (r#""v":1"#, r#""v":2"#),
            (r#""revision":7,"#, ""),
            (r#""revision":7"#, r#""revision":7,"more":1"#),
            (r#""status":"signed-in""#, r#""status":"online""#),
            (r#""status":"signed-in""#, r#""status":"signed-out""#),
            (r#""availability":"away""#, r#""availability":null"#),
            (r#""raw":"away""#, r#""raw":7"#),
            (r#""source":"purple""#, r#""source":null"#),
            ("00.123456Z", "00Z"),
            ("00.000001Z", "00.000001+01:00"),
            (r#","before":"signed-in""#, ""),
            (r#""before":"signed-in""#, r#""before":"away""#),
            (r#""before":"signed-in""#, r#""before":"signed-in","missed":0"#),
        ] {
            let line = AWAY.replace("\n        ", "").replace(good, bad);
            assert!(Line::of_watch(&line).is_err(), "{bad:?} is taken for {good:?}");
        }
    }

    #[test]
    fn says_how_many_lines_were_missed() {
        let line = AWAY.replace(r#""before":"#, r#""missed":293,"before":"#);
        assert_eq!(Line::of_watch(&line).unwrap().missed, 293);
        assert_eq!(Line::of_watch(AWAY).unwrap().missed, 0);
    }

    fn check(line: &str, expected: &str) {
        assert_eq!(Line::of_watch(line).unwrap().to_string(), expected);
    }
}
