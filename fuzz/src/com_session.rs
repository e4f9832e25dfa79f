//! A client over COM, with any answers and events: the session state machine must not panic, asks one
//! question at a time, and reports nobody as signed in while the client does not run.

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{Life, Moment};
use communicado_sources::windows::conversation::{
    Conversation, Do, Heard, Input, Pace, Standing,
};
use communicado_sources::windows::reading::Reading;
use communicado_sources::{communicator, lync};
use communicado_windows::{HResult, Variant, decode};
use arbitrary::{Result, Unstructured};

const PACE: Pace = Pace { check: Duration::from_secs(30), timeout: Duration::from_secs(5) };

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    // The session ends where the bytes end.
    let _ = converse(&mut Unstructured::new(bytes));
}

fn converse(from: &mut Unstructured<'_>) -> Result<()> {
    let mut conversation = Conversation::new(PACE);
    let (mut now, mut question, mut is_up) = (Moment::START, None, false);
    while !from.is_empty() {
        now = now.after(Duration::from_millis(from.int_in_range(0..=9000)?));
        let input = match from.int_in_range(0..=3)? {
            0 => {
                let standing = standing(from)?;
                is_up = matches!(standing, Standing::Up(_));
                Input::Standing(standing)
            }
            1 => Input::Heard(heard(from)?),
            _ => match question.take() {
                Some(question) => {
                    let (answer, same_level) = (reading(from)?, from.arbitrary()?);
                    Input::Answered { question, answer, same_level }
                }
                None => Input::Heard(Heard::Change),
            },
        };
        for each in conversation.handle(now, input) {
            match each {
                Do::Connect(number) | Do::Read(number) => {
                    assert!(question.replace(number).is_none(), "two questions at a time");
                }
                Do::LetGo => question = None,
                Do::Tell(view) => assert!(is_up || view.life != Life::Running, "{view:?}"),
            }
        }
        assert!(conversation.deadline().is_none_or(|at| at > now), "a deadline in the past");
    }
    Ok(())
}

fn standing(from: &mut Unstructured<'_>) -> Result<Standing> {
    Ok(match from.int_in_range(0..=3)? {
        0 => Standing::Down,
        1 => Standing::Starting,
        2 => Standing::Unclear,
        _ => Standing::Up(BTreeSet::from([from.int_in_range(0..=3)?])),
    })
}

fn heard(from: &mut Unstructured<'_>) -> Result<Heard> {
    Ok(match from.int_in_range(0..=3)? {
        0 => Heard::SignIn(HResult(from.arbitrary()?)),
        1 => Heard::SignOut,
        2 => Heard::ShuttingDown,
        _ => Heard::Change,
    })
}

/// The answer of one of the two kinds of clients, or its error code.
fn reading(from: &mut Unstructured<'_>) -> Result<std::result::Result<Reading, HResult>> {
    if from.arbitrary()? {
        return Ok(Err(HResult(from.arbitrary()?)));
    }
    Ok(Ok(if from.arbitrary()? {
        let (status, signin_name) = (answer(from)?, answer(from)?);
        let (friendly_name, service_id) = (answer(from)?, answer(from)?);
        let service_status = Some(answer(from)?);
        communicator::reading::Answers {
            status,
            signin_name,
            friendly_name,
            service_id,
            service_status,
        }
        .reading()
    } else {
        let (state, uri) = (answer(from)?, Some(answer(from)?));
        let (availability, activity) = (Some(answer(from)?), Some(answer(from)?));
        let display_name = Some(answer(from)?);
        lync::reading::Answers { state, uri, availability, activity, display_name }.reading()
    }))
}

fn answer(from: &mut Unstructured<'_>) -> Result<std::result::Result<Variant, HResult>> {
    if from.ratio(1, 4)? {
        return Ok(Err(HResult(from.arbitrary()?)));
    }
    let text: Vec<u16> = from.arbitrary()?;
    Ok(Ok(decode(from.int_in_range(0..=24)?, from.arbitrary()?, Some(&text))))
}
