//! The connection over the monitor: any client counts as Communicator, and the best one is
//! reported.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use communicado_core::{Availability, SignInFailure};
use communicado_sources::vocabulary::MISTATUS;
use communicado_windows::HResult;
use communicado_wire::{Client, Status};

use super::callbacks::{EmitEvent, MessengerEvent};
use super::{MessengerError, MiStatus};
use crate::blocking::{Changes, Monitor};
use crate::{Condition, Question, Snapshot};

/// `MSGR_E_NOT_LOGGED_ON`.
const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
/// `CO_E_SERVER_EXEC_FAILURE`, for a client that denies access.
const DENIED: HResult = HResult::of(0x8008_0005);

pub(super) fn is_running() -> bool {
    let snapshot = Monitor::start().map(|monitor| monitor.snapshot());
    snapshot.is_ok_and(|snapshot| ready().evaluate(&snapshot) == Some(true))
}

pub(super) fn wait_until_running(timeout: Duration) -> bool {
    let waited = Monitor::start().and_then(|it| it.wait_until(&ready(), timeout));
    matches!(waited, Ok(Some(_)))
}

/// The condition that a client has got past its start, which is `UpAndRunning` 2 on Windows.
fn ready() -> Condition {
    [Status::SigningIn, Status::SigningOut, Status::SignedOut, Status::Unknown]
        .map(Question::Status)
        .into_iter()
        .fold(Condition::SIGNED_IN, Condition::or)
}

/// The monitor, and the thread that follows it.
pub(super) struct MessengerConnection {
    monitor: Option<Monitor>,
    follower: Option<JoinHandle<()>>,
}

impl MessengerConnection {
    pub(super) fn new(emit: EmitEvent) -> Result<Self, MessengerError> {
        let monitor = Monitor::start().map_err(|_| MessengerError::NOT_RUNNING)?;
        let best = best(&monitor.snapshot());
        status_of(best.as_deref())?;
        let changes = monitor.changes();
        let follow = move || follow(changes, best, emit);
        let thread = std::thread::Builder::new().name("messenger".to_owned()).spawn(follow);
        let follower = thread.map_err(|_| MessengerError::BUSY)?;
        Ok(Self { monitor: Some(monitor), follower: Some(follower) })
    }

    fn best(&self) -> Option<Arc<Client>> {
        best(&self.monitor.as_ref()?.snapshot())
    }

    pub(super) fn status(&self) -> Result<MiStatus, MessengerError> {
        status_of(self.best().as_deref())
    }

    pub(super) fn signin_name(&self) -> Result<String, MessengerError> {
        self.named(|account| account.account.to_string())
    }

    pub(super) fn friendly_name(&self) -> Result<String, MessengerError> {
        self.named(|account| account.name.as_ref().unwrap_or(&account.account).to_string())
    }

    fn named(&self, name: fn(&crate::Account) -> String) -> Result<String, MessengerError> {
        let best = self.best();
        status_of(best.as_deref())?;
        let accounts = best.iter().flat_map(|client| &client.accounts);
        let mut signed_in = accounts.filter(|account| account.status == Status::SignedIn);
        signed_in.next().map(name).ok_or(MessengerError::new(NOT_LOGGED_ON))
    }
}

impl Drop for MessengerConnection {
    fn drop(&mut self) {
        // Ends the monitor's thread, and with it the changes that the follower reads.
        self.monitor = None;
        if let Some(follower) = self.follower.take() {
            let _ = follower.join();
        }
    }
}

fn follow(changes: Changes, mut before: Option<Arc<Client>>, mut emit: EmitEvent) {
    let mut snapshot = Snapshot::default();
    for update in changes {
        snapshot.apply(&update);
        let after = best(&snapshot);
        events(before.as_deref(), after.as_deref()).into_iter().for_each(&mut emit);
        before = after;
    }
}

/// The events that Communicator would have sent.
fn events(before: Option<&Client>, after: Option<&Client>) -> Vec<MessengerEvent> {
    let status = |client: Option<&Client>| status_of(client).ok();
    let is_in = |status: Option<MiStatus>| status.is_some_and(|it| it.contains(MiStatus::ONLINE));
    let (old, new) = (status(before), status(after));
    let failure = |client: Option<&Client>| client.and_then(failed);
    let mut events = Vec::new();
    match (is_in(old), is_in(new)) {
        (true, false) => events.push(MessengerEvent::SignOut),
        (false, true) => events.push(MessengerEvent::SignIn(0)),
        (true, true) | (false, false) => {}
    }
    if let Some(code) = failure(after).filter(|_| failure(before) != failure(after)) {
        events.push(MessengerEvent::SignIn(code.0));
    }
    if let Some(new) = new.filter(|new| old != Some(*new)) {
        events.push(MessengerEvent::Status(new));
    }
    if old.is_some() && new.is_none() {
        events.push(MessengerEvent::Shutdown);
    }
    events
}

/// The client that is closest to a sign-in, or signed in.
fn best(snapshot: &Snapshot) -> Option<Arc<Client>> {
    let rank = |client: &&Arc<Client>| match client.status {
        Status::SignedIn => 0,
        Status::SigningIn => 1,
        Status::SigningOut => 2,
        Status::SignedOut => 3,
        Status::Unknown => 4,
        Status::Starting | Status::ShuttingDown => 5,
        Status::Absent => 6,
    };
    snapshot.iter().min_by_key(rank).cloned()
}

/// The status of a client as `MISTATUS`, or the error of a call to it.
fn status_of(client: Option<&Client>) -> Result<MiStatus, MessengerError> {
    let Some(client) = client else { return Err(MessengerError::NOT_RUNNING) };
    Ok(match client.status {
        Status::SignedIn => signed_in(client.availability),
        Status::SigningIn => MiStatus::LOCAL_CONNECTING_TO_SERVER,
        Status::SigningOut => MiStatus::LOCAL_DISCONNECTING_FROM_SERVER,
        Status::SignedOut => MiStatus::OFFLINE,
        Status::Unknown => {
            let denied = client.reason.as_deref() == Some("access-denied");
            let denied = denied.then_some(MessengerError::new(DENIED));
            return Err(denied.unwrap_or(MessengerError::BUSY));
        }
        Status::Starting | Status::ShuttingDown | Status::Absent => {
            return Err(MessengerError::NOT_RUNNING);
        }
    })
}

fn signed_in(availability: Option<Availability>) -> MiStatus {
    let same = |(_, meaning): &&(u32, (Availability, _))| Some(meaning.0) == availability;
    MISTATUS.iter().find(same).map_or(MiStatus::CUSTOM, |(number, _)| MiStatus(*number))
}

/// The code of the failure of the last sign-in.
fn failed(client: &Client) -> Option<HResult> {
    let reason = client.reason.as_deref().filter(|_| client.status == Status::SignedOut)?;
    let failure = SignInFailure::ALL.into_iter().find(|failure| failure.word() == reason)?;
    Some(HResult::of(match failure {
        SignInFailure::NetworkError => 0x8100_0301,
        SignInFailure::InvalidUsername => 0x8100_030A,
        SignInFailure::AuthenticationFailed => 0x8100_0303,
        SignInFailure::AuthenticationImpossible => 0x8100_030F,
        SignInFailure::NoEncryption => 0x8100_0372,
        SignInFailure::EncryptionError => 0x8100_0361,
        SignInFailure::SignedInElsewhere => 0x8100_0323,
        SignInFailure::InvalidSettings => 0x8100_0302,
        SignInFailure::CertificateError => 0x8100_0368,
        SignInFailure::OtherError | SignInFailure::Unstated => 0x8100_030D,
    }))
}

#[cfg(test)]
mod tests {
    use communicado_sources::vocabulary::failure;

    use super::*;

    #[test]
    fn a_reason_maps_to_a_code_and_back() {
        for expected in SignInFailure::ALL {
            let line = format!(
                r#"{{"v":1,"revision":1,"at":"2026-11-23T00:00:00Z","client":"finch","status":"signed-out","availability":null,"activity":null,"raw":null,"reason":"{}","since":"2026-11-23T00:00:00Z","source":"purple","saved":null,"accounts":[]}}"#,
                expected.word()
            );
            let code = failed(&Client::from_json(&line).unwrap()).unwrap();
            let expected = match expected {
                SignInFailure::Unstated => SignInFailure::OtherError,
                other => other,
            };
            assert_eq!(failure(code), expected);
        }
    }

    #[test]
    fn every_availability_is_a_signed_in_status() {
        for availability in Availability::ALL {
            assert!(signed_in(Some(availability)).contains(MiStatus::ONLINE), "{availability:?}");
        }
        assert_eq!(signed_in(Some(Availability::Busy)), MiStatus::BUSY);
        assert_eq!(signed_in(None), MiStatus::CUSTOM);
    }
}
