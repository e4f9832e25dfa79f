//! The desired state of the provider in a file, which the next run reads.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, dirs};
use communicado_provider::words::{activity, availability};
use communicado_provider::{DesiredState, Presence, TemporaryPresence};
use communicado_runtime::{Clock, SystemClock};
use serde_json::{Value, json};

/// The version of the file format, in the key `v`.
const VERSION: u64 = 1;
/// The maximum size of the file.
const BYTES_MAX: u64 = 64 * 1024;

/// The file and its content.
pub(super) struct SavedState {
    file: PathBuf,
    contents: String,
}

impl SavedState {
    /// Reads the file, if it exists.
    ///
    /// # Errors
    ///
    /// If the file is invalid. It is not changed.
    pub(super) fn open(clock: &SystemClock) -> Result<(Self, Option<DesiredState>), Failure> {
        let file = dirs::roaming_state_dir().ok_or_else(|| {
            Failure::new(Outcome::Failed, "cannot find the folder for the saved state")
                .cause("neither XDG_STATE_HOME nor HOME is an absolute path")
                .help("set HOME to your home folder, or omit --remember")
        })?;
        let file = file.join("communicado").join("provider.json");
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

    /// Writes the desired state if it has changed. Replaces the file as a whole.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. The old file remains.
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

/// Creates a file that only its owner may read.
fn create_private(file: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn read(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > BYTES_MAX {
        return Err(io::Error::other(format!("the file is larger than {BYTES_MAX} bytes")));
    }
    fs::read_to_string(file)
}

fn unreadable(file: &Path, cause: &str) -> Failure {
    let message = format!("cannot read the saved state `{}`", file.display());
    Failure::new(Outcome::Failed, message).cause(cause).help("fix or remove the file")
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
        return Err(format!("the file is not of version {VERSION}"));
    }
    let signed_in = value.get("signed_in").and_then(Value::as_bool);
    let signed_in = signed_in.ok_or("`signed_in` is missing or not a boolean")?;
    let presence = read_presence(value.get("shows").ok_or("`shows` is missing")?)?;
    let temporary = match value.get("for_now") {
        None | Some(Value::Null) => None,
        Some(object) => {
            let until = text_of(object, "until")?.ok_or("`for_now` has no `until`")?;
            let until: Timestamp = until.parse().map_err(|error| format!("{error}"))?;
            let left = until.since(clock.civil());
            let presence = read_presence(object)?;
            let until = clock.now().after(left);
            // A temporary presence may have ended since the last run.
            (!left.is_zero()).then_some(TemporaryPresence { presence, until })
        }
    };
    Ok(DesiredState { signed_in, presence, temporary })
}

fn read_presence(object: &Value) -> Result<Presence, String> {
    let word = text_of(object, "availability")?.ok_or("`availability` is missing")?;
    let doing = text_of(object, "activity")?;
    let doing = doing.map(activity).transpose().map_err(|error| error.to_string())?;
    let presence = Presence::new(availability(word).map_err(|error| error.to_string())?, doing);
    match text_of(object, "note")? {
        None => Ok(presence),
        Some(note) => presence.with_note(note).map_err(|error| format!("`note`: {error}")),
    }
}

fn text_of<'a>(object: &'a Value, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is not a string")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use communicado_provider::words;

    use super::*;

    #[test]
    fn a_saved_state_round_trips() {
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
        // The temporary presence ends now.
        let text = to_json(&desired, Some(clock.civil()));
        assert_eq!(parse(&text, &clock).unwrap().temporary, None);
    }

    #[test]
    fn an_invalid_file_is_refused_with_the_reason() {
        let clock = SystemClock::start();
        let check = |text: &str, expected: &str| {
            let cause = parse(text, &clock).unwrap_err();
            assert!(cause.contains(expected), "{cause}");
        };
        check("", "EOF");
        check("{\"v\":2}", "not of version 1");
        check("{\"v\":1}", "`signed_in` is missing");
        check("{\"v\":1,\"signed_in\":true,\"shows\":{}}", "`availability` is missing");
        let shows = "{\"v\":1,\"signed_in\":true,\"shows\":{\"availability\":\"tired\"}}";
        check(shows, "unknown availability `tired`");
    }
}
