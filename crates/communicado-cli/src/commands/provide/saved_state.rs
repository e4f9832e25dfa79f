//! What was chosen, in a file that the next run reads.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome};
use communicado_provider::words::{activity, availability};
use communicado_provider::{DesiredState, Presence, TemporaryPresence};
use communicado_runtime::{Clock, SystemClock};
use serde_json::{Value, json};

/// The version of the form, in the key `v`.
const VERSION: u64 = 1;
/// A longer file is none of ours.
const BYTES_MAX: u64 = 64 * 1024;

/// The file, and what it says.
pub(super) struct SavedState {
    file: PathBuf,
    contents: String,
}

impl SavedState {
    /// Reads what was chosen, if anything was.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be understood: it is left as it is.
    pub(super) fn open(clock: &SystemClock) -> Result<(Self, Option<DesiredState>), Failure> {
        let file = default_file(|name| std::env::var(name).ok()).ok_or_else(|| {
            Failure::new(Outcome::Failed, "what is set cannot be remembered")
                .cause("no folder for it is named: XDG_STATE_HOME, APPDATA or HOME")
                .help("set HOME, or start without --remember")
        })?;
        let mut saved_state = Self { file, contents: String::new() };
        let text = match read(&saved_state.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((saved_state, None));
            }
            Err(error) => return Err(unreadable(&saved_state.file, &error.to_string())),
        };
        let desired = parse(&text, clock).map_err(|cause| unreadable(&saved_state.file, &cause))?;
        saved_state.contents = text;
        Ok((saved_state, Some(desired)))
    }

    /// Writes what is chosen now, if it is another thing than before: all of it or nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be written; what was written before is still there.
    pub(super) fn save(
        &mut self,
        desired: &DesiredState,
        until: Option<Timestamp>,
    ) -> io::Result<()> {
        let text = to_json(desired, until);
        if text == self.contents {
            return Ok(());
        }
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = self.file.with_extension("new");
        let mut file = create_private(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.file)?;
        self.contents = text;
        Ok(())
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

/// `communicado/provider.json` in `XDG_STATE_HOME`, or else in `~/.local/state` (XDG Base
/// Directory Specification); on Windows in `%APPDATA%`.
fn default_file(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".local/state"));
    let folder = absolute("XDG_STATE_HOME").or_else(|| absolute("APPDATA")).or_else(home)?;
    Some(folder.join("communicado").join("provider.json"))
}

/// A new file that its user alone may read: it says how a person spends the day.
fn create_private(file: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn read(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {BYTES_MAX} bytes")));
    }
    fs::read_to_string(file)
}

fn unreadable(file: &Path, cause: &str) -> Failure {
    let what = format!("what was remembered in `{}` cannot be read", file.display());
    Failure::new(Outcome::Failed, what)
        .cause(cause)
        .help("mend the file or remove it; it was left as it is")
}

fn to_json(desired: &DesiredState, until: Option<Timestamp>) -> String {
    let for_now = desired.temporary.as_ref().zip(until).map(|(it, until)| {
        let mut object = presence(&it.presence);
        if let Value::Object(map) = &mut object {
            map.insert("until".to_owned(), until.to_string().into());
        }
        object
    });
    let shows = presence(&desired.presence);
    let object =
        json!({"v": VERSION, "signed_in": desired.signed_in, "shows": shows, "for_now": for_now});
    format!("{object}\n")
}

fn presence(presence: &Presence) -> Value {
    json!({
        "availability": presence.availability.word(),
        "activity": presence.activity.map(|it| it.word()),
        "note": presence.note(),
    })
}

fn parse(text: &str, clock: &dyn Clock) -> Result<DesiredState, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.get("v").and_then(Value::as_u64) != Some(VERSION) {
        return Err(format!("it is not of version {VERSION}"));
    }
    let signed_in = value.get("signed_in").and_then(Value::as_bool);
    let signed_in = signed_in.ok_or("`signed_in` is neither true nor false")?;
    let presence = read_presence(value.get("shows").ok_or("there is no `shows`")?)?;
    let temporary = match value.get("for_now") {
        None | Some(Value::Null) => None,
        Some(object) => {
            let until = text_of(object, "until")?.ok_or("`for_now` has no `until`")?;
            let until: Timestamp = until.parse().map_err(|error| format!("{error}"))?;
            let left = until.since(clock.civil());
            let presence = read_presence(object)?;
            let until = clock.now().after(left);
            // What has ended meanwhile has ended.
            (!left.is_zero()).then_some(TemporaryPresence { presence, until })
        }
    };
    Ok(DesiredState { signed_in, presence, temporary })
}

fn read_presence(object: &Value) -> Result<Presence, String> {
    let word = text_of(object, "availability")?.ok_or("there is no `availability`")?;
    let doing = text_of(object, "activity")?;
    let doing = doing.map(activity).transpose().map_err(|error| error.to_string())?;
    let presence = Presence::new(availability(word).map_err(|error| error.to_string())?, doing);
    match text_of(object, "note")? {
        None => Ok(presence),
        Some(note) => presence.with_note(note).map_err(|error| format!("the note: {error}")),
    }
}

fn text_of<'a>(object: &'a Value, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is no text")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use communicado_provider::words;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let clock = SystemClock::start();
        let busy = Presence::new(words::availability("busy").unwrap(), None);
        let presence = busy.with_note("back at \"four\"").unwrap();
        let hour = Duration::from_secs(3600);
        let temporary =
            TemporaryPresence { presence: Presence::AVAILABLE, until: clock.now().after(hour) };
        let desired = DesiredState { signed_in: true, presence, temporary: Some(temporary) };
        let text = to_json(&desired, Some(clock.civil().after(hour)));
        let read = parse(&text, &clock).unwrap();
        assert_eq!((read.signed_in, &read.presence), (true, &desired.presence));
        assert_eq!(read.temporary.unwrap().presence, Presence::AVAILABLE);
        // An hour later it has ended.
        let text = to_json(&desired, Some(clock.civil()));
        assert_eq!(parse(&text, &clock).unwrap().temporary, None);
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let clock = SystemClock::start();
        let check = |text: &str, expected: &str| {
            let cause = parse(text, &clock).unwrap_err();
            assert!(cause.contains(expected), "{cause}");
        };
        check("", "EOF");
        check("{\"v\":2}", "not of version 1");
        check("{\"v\":1}", "`signed_in` is neither");
        check("{\"v\":1,\"signed_in\":true,\"shows\":{}}", "there is no `availability`");
        let shows = "{\"v\":1,\"signed_in\":true,\"shows\":{\"availability\":\"tired\"}}";
        check(shows, "`tired` is no availability");
    }
}
