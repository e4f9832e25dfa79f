//! The state directory of the agent: the consent, the pause, and the status of a running agent.
//!
//! The commands of `agent` write to it, and a running agent watches it.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, dirs};
use communicado_core::Moment;
use communicado_runtime::{Clock, sleep_until};
use serde_json::{Value, json};

use super::consent::Consent;
use super::policy::Pause;
use super::sink_consent::SinkConsent;
use super::sink_status::SinkStatus;
use super::state::AgentStatus;

const CONSENT: &str = "consent.json";
const PAUSE: &str = "pause.json";
/// A separate folder, so that the files that an agent writes do not wake the agent.
const RUN_DIR: &str = "run";
const STANDING: &str = "standing.json";
const SINK_STATUSES: &str = "sinks.json";
/// The key of the consents for sinks, in the file of the consents.
const SINKS: &str = "sinks";
const LOCK: &str = "lock";

/// Time between two attempts to take the lock, which `agent status` holds for a moment.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The state directory of the agent.
#[derive(Clone, Debug)]
pub(super) struct StateDir {
    dir: PathBuf,
}

/// The lock of the running agent. The system releases it when the process ends.
#[derive(Debug)]
pub(super) struct InstanceLock {
    _lock: File,
}

impl StateDir {
    /// Opens the default directory, and creates it if it does not exist.
    pub(super) fn open() -> Result<Self, Failure> {
        let dir = default_dir().ok_or_else(|| {
            Failure::new(Outcome::Failed, "cannot find the folder for the agent's state")
                .cause("neither XDG_STATE_HOME nor HOME is an absolute path")
                .help("set HOME to your home folder")
        })?;
        let state_dir = Self { dir };
        create_private_dir(&state_dir.dir.join(RUN_DIR))
            .map_err(|error| state_dir.cannot(&error))?;
        Ok(state_dir)
    }

    /// The default directory, if an agent has used it.
    pub(super) fn existing() -> Option<Self> {
        let dir = default_dir()?;
        dir.join(in_run_dir(LOCK)).exists().then_some(Self { dir })
    }

    /// The path of the folder to watch.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The consent to publish to a gateway, if there is one.
    pub(super) fn consent(&self) -> Result<Option<Consent>, Failure> {
        let Some(text) = self.read(CONSENT)? else { return Ok(None) };
        let json: Option<Value> = serde_json::from_str(&text).ok();
        // A file with consents for sinks alone.
        if json.is_some_and(|json| json.get(SINKS).is_some() && json.get("gateway").is_none()) {
            return Ok(None);
        }
        Consent::from_json(&text).map(Some).map_err(|why| self.unreadable_consent(&why))
    }

    /// The consent, or a failure if there is none.
    pub(super) fn require_consent(&self) -> Result<Consent, Failure> {
        self.consent()?.ok_or_else(not_enabled)
    }

    /// Fails if the user has allowed neither a gateway nor a sink.
    pub(super) fn require_any_consent(&self) -> Result<(), Failure> {
        let is_allowed = self.consent()?.is_some() || !self.sink_consents()?.is_empty();
        if is_allowed { Ok(()) } else { Err(not_enabled()) }
    }

    /// The consents for sinks, by the name of the sink.
    pub(super) fn sink_consents(&self) -> Result<BTreeMap<String, SinkConsent>, Failure> {
        let Some(text) = self.read(CONSENT)? else { return Ok(BTreeMap::new()) };
        let json: Value = serde_json::from_str(&text)
            .map_err(|error| self.unreadable_consent(&error.to_string()))?;
        let Some(sinks) = json.get(SINKS) else { return Ok(BTreeMap::new()) };
        let sinks = sinks.as_object().ok_or("`sinks` is not an object".to_owned());
        let sinks = sinks.map_err(|why| self.unreadable_consent(&why))?;
        let parse = |(name, json): (&String, &Value)| {
            let consent = SinkConsent::from_json(json)
                .map_err(|why| self.unreadable_consent(&format!("sink `{name}`: {why}")))?;
            Ok((name.clone(), consent))
        };
        sinks.iter().map(parse).collect()
    }

    /// Writes the consent for the gateway, and keeps those for sinks.
    pub(super) fn write_consent(&self, consent: &Consent) -> Result<(), Failure> {
        // An unreadable file is replaced, because the user consents anew.
        let sinks = self.sink_consents().unwrap_or_default();
        self.write_consents(Some(consent), &sinks)
    }

    /// Writes the consents for sinks, and keeps the one for the gateway.
    pub(super) fn write_sink_consents(
        &self,
        sinks: &BTreeMap<String, SinkConsent>,
    ) -> Result<(), Failure> {
        let gateway = self.consent()?;
        self.write_consents(gateway.as_ref(), sinks)
    }

    fn write_consents(
        &self,
        gateway: Option<&Consent>,
        sinks: &BTreeMap<String, SinkConsent>,
    ) -> Result<(), Failure> {
        if gateway.is_none() && sinks.is_empty() {
            return self.remove_consents();
        }
        let mut json = gateway.map_or_else(|| json!({ "v": 1 }), Consent::to_json);
        if let Some(json) = json.as_object_mut().filter(|_| !sinks.is_empty()) {
            let sinks = sinks.iter().map(|(name, consent)| (name.clone(), consent.to_json()));
            json.insert(SINKS.to_owned(), Value::Object(sinks.collect()));
        }
        self.write(CONSENT, &format!("{json:#}\n"))
    }

    /// Removes every consent, for the gateway and for sinks.
    pub(super) fn remove_consents(&self) -> Result<(), Failure> {
        self.remove(CONSENT)
    }

    fn unreadable_consent(&self, why: &str) -> Failure {
        let file = self.dir.join(CONSENT);
        let message = format!("cannot read your consent from `{}`", file.display());
        let help = "consent again: communicado agent allow --help";
        Failure::new(Outcome::No, message).cause(why).help(help)
    }

    /// The requested pause. An invalid file counts as a pause without an end, which publishes
    /// nothing.
    pub(super) fn pause(&self) -> Result<Option<Pause>, Failure> {
        let Some(text) = self.read(PAUSE)? else { return Ok(None) };
        let json: Option<Value> = serde_json::from_str(&text).ok();
        let until = json.as_ref().and_then(|json| json.get("until")?.as_str()?.parse().ok());
        Ok(Some(Pause { until }))
    }

    pub(super) fn write_pause(&self, Pause { until }: Pause) -> Result<(), Failure> {
        let until = until.as_ref().map(Timestamp::to_string);
        self.write(PAUSE, &format!("{}\n", json!({ "v": 1, "until": until })))
    }

    pub(super) fn remove_pause(&self) -> Result<(), Failure> {
        self.remove(PAUSE)
    }

    /// The status of the running agent, or the last status before it ended.
    pub(super) fn status(&self) -> Result<Option<AgentStatus>, Failure> {
        let text = self.read(&in_run_dir(STANDING))?;
        Ok(text.as_deref().and_then(AgentStatus::from_json))
    }

    pub(super) fn write_status(&self, status: &AgentStatus) -> Result<(), Failure> {
        self.write_status_file(STANDING, &status.to_json())
    }

    /// The statuses of the sinks, as the running agent wrote them, or the last ones.
    pub(super) fn sink_statuses(&self) -> Result<BTreeMap<String, SinkStatus>, Failure> {
        let text = self.read(&in_run_dir(SINK_STATUSES))?;
        Ok(text.as_deref().map(SinkStatus::all_from_json).unwrap_or_default())
    }

    pub(super) fn write_sink_statuses(
        &self,
        statuses: &BTreeMap<String, SinkStatus>,
    ) -> Result<(), Failure> {
        self.write_status_file(SINK_STATUSES, &SinkStatus::all_to_json(statuses))
    }

    pub(super) fn remove_status(&self) -> Result<(), Failure> {
        self.remove(&in_run_dir(STANDING))
    }

    /// Takes the lock within `patience`. Returns `None` if another agent holds it.
    pub(super) async fn lock(
        &self,
        clock: &dyn Clock,
        patience: Duration,
    ) -> Result<Option<InstanceLock>, Failure> {
        let file = self.lock_file()?;
        let end: Moment = clock.now().after(patience);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(InstanceLock { _lock: file })),
                Err(TryLockError::WouldBlock) if clock.now() < end => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(self.cannot(&error)),
            }
            let again = clock.now().after(RETRY_INTERVAL);
            sleep_until(clock, again).await.map_err(|error| self.cannot(&error))?;
        }
    }

    /// Returns true while an agent is running.
    pub(super) fn is_running(&self) -> Result<bool, Failure> {
        match self.lock_file()?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(self.cannot(&error)),
        }
    }

    fn lock_file(&self) -> Result<File, Failure> {
        let path = self.dir.join(in_run_dir(LOCK));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        private(&mut options).open(path).map_err(|error| self.cannot(&error))
    }

    fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        match fs::read_to_string(self.dir.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.cannot(&error)),
        }
    }

    /// Writes a file that must survive a power failure.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.replace(name, text, File::sync_all)
    }

    /// Writes a status. It does not wait for the disk, because the agent writes a status after each
    /// change, and because a status from before a power failure says nothing.
    fn write_status_file(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.replace(&in_run_dir(name), text, |_| Ok(()))
    }

    /// Writes a temporary file and renames it, so that a reader never sees half a file.
    fn replace(
        &self,
        name: &str,
        text: &str,
        sync: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let written = (|| {
            let mut options = File::options();
            options.write(true).create(true).truncate(true);
            let mut file = private(&mut options).open(&temporary)?;
            file.write_all(text.as_bytes())?;
            sync(&file)?;
            fs::rename(&temporary, &path)
        })();
        written.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            self.cannot(&error)
        })
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        match fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.cannot(&error)),
            _ => Ok(()),
        }
    }

    fn cannot(&self, error: &io::Error) -> Failure {
        let message = format!("cannot use the agent's folder `{}`", self.dir.display());
        let help = "free disk space, fix the folder's owner, or set XDG_STATE_HOME";
        Failure::new(Outcome::Failed, message).cause(error).help(help)
    }
}

fn not_enabled() -> Failure {
    let help = "run: communicado agent allow URL --person ID --device NAME --token-file FILE";
    Failure::new(Outcome::No, "publishing is not enabled").help(help)
}

fn in_run_dir(name: &str) -> String {
    format!("{RUN_DIR}/{name}")
}

/// Makes a new file readable for its owner only.
#[cfg(unix)]
fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
const fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// The default directory, if the directory for state is known.
fn default_dir() -> Option<PathBuf> {
    Some(dirs::state_dir()?.join("communicado").join("agent"))
}
