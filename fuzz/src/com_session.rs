//! Values and events of a client over Automation: no input may cause a panic or two pending reads,
//! or report a client as running that does not run.

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{Life, Moment, UnknownReason};
use communicado_sources::windows::reading::ClientReading;
use communicado_sources::windows::session::{
    ClientEvent, ClientSession, ProcessState, SessionAction, SessionInput,
};
use communicado_sources::{Keepalive, communicator, lync};
use communicado_windows::{HResult, Variant, decode};
use arbitrary::{Result, Unstructured};

const KEEPALIVE: Keepalive = Keepalive { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    // The inputs end with the bytes.
    let _ = run_session(&mut Unstructured::new(bytes));
}

fn run_session(from: &mut Unstructured<'_>) -> Result<()> {
    let mut session = ClientSession::new(KEEPALIVE, from.arbitrary()?);
    let (mut now, mut pending, mut is_running) = (Moment::START, None, false);
    while !from.is_empty() {
        now = now.after(Duration::from_millis(from.int_in_range(0..=9000)?));
        let input = match from.int_in_range(0..=3)? {
            0 => {
                let process = process(from)?;
                is_running = matches!(process, ProcessState::Open { .. });
                SessionInput::Process(process)
            }
            1 => SessionInput::Event(event(from)?),
            _ => match pending.take() {
                Some(read) => {
                    let (result, same_level) = (reading(from)?, from.arbitrary()?);
                    SessionInput::ReadDone { read, result, same_level }
                }
                None => SessionInput::Event(ClientEvent::Changed),
            },
        };
        for action in session.handle(now, input) {
            match action {
                SessionAction::Connect(number) | SessionAction::Read(number) => {
                    assert!(pending.replace(number).is_none(), "two reads at a time");
                }
                SessionAction::Disconnect => pending = None,
                SessionAction::Report(state) => {
                    assert!(is_running || state.life != Life::Running, "{state:?}");
                }
            }
        }
        assert!(session.deadline().is_none_or(|at| at > now), "the deadline is in the past");
    }
    Ok(())
}

fn process(from: &mut Unstructured<'_>) -> Result<ProcessState> {
    Ok(match from.int_in_range(0..=3)? {
        0 => ProcessState::Closed(Life::Absent),
        1 => ProcessState::Closed(Life::Starting),
        2 => ProcessState::Closed(Life::Unknown(UnknownReason::NotSupported)),
        _ => ProcessState::Open {
            processes: BTreeSet::from([from.int_in_range(0..=3)?]),
            age: from.arbitrary::<Option<u16>>()?.map(|age| Duration::from_millis(age.into())),
        },
    })
}

fn event(from: &mut Unstructured<'_>) -> Result<ClientEvent> {
    Ok(match from.int_in_range(0..=4)? {
        0 => ClientEvent::SignIn(HResult(from.arbitrary()?)),
        1 => ClientEvent::SignOut,
        2 => ClientEvent::ShuttingDown,
        3 => {
            let arguments = [Variant::Number(0), Variant::Number(from.arbitrary()?)];
            let presence = communicator::reading::event_presence(&arguments);
            presence.map_or(ClientEvent::Changed, ClientEvent::Presence)
        }
        _ => ClientEvent::Changed,
    })
}

/// The reading of one of the two kinds of clients, or an error code.
fn reading(from: &mut Unstructured<'_>) -> Result<std::result::Result<ClientReading, HResult>> {
    if from.arbitrary()? {
        return Ok(Err(HResult(from.arbitrary()?)));
    }
    Ok(Ok(if from.arbitrary()? {
        let (status, signin_name) = (member(from)?, member(from)?);
        let (friendly_name, service_id) = (member(from)?, member(from)?);
        let service_status = Some(member(from)?);
        communicator::reading::MessengerMembers {
            status,
            signin_name,
            friendly_name,
            service_id,
            service_status,
        }
        .reading()
    } else {
        let (state, uri) = (member(from)?, Some(member(from)?));
        let (availability, activity) = (Some(member(from)?), Some(member(from)?));
        let (note, display_name) = (Some(member(from)?), Some(member(from)?));
        lync::reading::LyncMembers { state, uri, availability, activity, note, display_name }
            .reading()
    }))
}

fn member(from: &mut Unstructured<'_>) -> Result<std::result::Result<Variant, HResult>> {
    if from.ratio(1, 4)? {
        return Ok(Err(HResult(from.arbitrary()?)));
    }
    let text: Vec<u16> = from.arbitrary()?;
    Ok(Ok(decode(from.int_in_range(0..=24)?, from.arbitrary()?, Some(&text))))
}
