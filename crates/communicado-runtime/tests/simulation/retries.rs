//! Checks of the supervisor's retries and notices.

use std::time::Duration;

use communicado_runtime::Notice;

use crate::run::Run;
use crate::scripted_source::REASON;
use crate::simulation::{NAMES, RecordedNotice, Simulation};

const WAIT_MIN: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Simulation {
    /// Each loss has a notice with the moment of the next run, which starts then. Each delay is
    /// twice the one before, and starts from the minimum after a run that was ready and lasted for
    /// the delay before it. Each recovery has one notice.
    pub(crate) fn check_retries(&self) {
        let notices = self.notices();
        for (name, scripted) in NAMES.into_iter().zip(&self.sources) {
            let state = scripted.state();
            let mut given = notices.iter().filter(|each| is_about_run(&each.notice, name));
            let mut doubled = 0;
            let mut due = None;
            let mut delay = Duration::ZERO;
            for run in &state.runs {
                if let Some(due) = due {
                    let (before, now) = run.began;
                    assert!(before < due && due <= now, "{name}: due {due:?}, began {now:?}");
                    if tells_recovery(run) {
                        let next = given.next().map(|each| &each.notice);
                        assert!(matches!(next, Some(Notice::Recovered { .. })), "{next:?}");
                    }
                }
                let Some(ended) = &run.ended else { continue };
                let noticed = given.next().expect("every loss is reported");
                let Notice::Lost { error, retry_in, others, .. } = &noticed.notice else {
                    panic!("{noticed:?}");
                };
                assert_eq!(noticed.at, ended.at, "a loss is reported at once");
                assert_eq!(error.cause == REASON, !ended.by_panic, "{error:?}");
                assert_eq!(*others, self.others_ready(name, noticed), "{noticed:?}");
                let is_long = ended.at.since(run.began.1) >= delay;
                doubled = if run.ready.is_some() && is_long { 0 } else { doubled };
                delay = *retry_in;
                let wait = WAIT_MAX.min(WAIT_MIN * 2_u32.pow(doubled));
                assert!(
                    wait * 75 / 100 <= *retry_in && *retry_in <= wait * 125 / 100,
                    "{noticed:?}"
                );
                doubled = (doubled + 1).min(10);
                due = Some(ended.at.after(*retry_in));
            }
            assert!(given.next().is_none(), "{name}: more losses are reported than happened");
        }
    }

    fn others_ready(&self, name: &str, at: &RecordedNotice) -> usize {
        let others = NAMES.into_iter().zip(&self.sources).filter(|(other, _)| *other != name);
        let was_ready = |run: &Run| {
            run.ready.is_some_and(|event| event.order < at.order)
                && run.ended.as_ref().is_none_or(|ended| ended.event.order > at.order)
        };
        others.filter(|(_, scripted)| scripted.state().runs.iter().any(was_ready)).count()
    }
}

/// Returns whether there is a notice of recovery: not if the source panics in the poll in which it
/// is ready.
fn tells_recovery(run: &Run) -> bool {
    let panicked_at_once =
        |poll| run.ended.as_ref().is_some_and(|ended| ended.by_panic && ended.event.poll == poll);
    run.ready.is_some_and(|event| !panicked_at_once(event.poll))
}

fn is_about_run(notice: &Notice, name: &str) -> bool {
    match notice {
        Notice::Lost { source, .. } | Notice::Recovered { source } => source == name,
        _ => false,
    }
}
