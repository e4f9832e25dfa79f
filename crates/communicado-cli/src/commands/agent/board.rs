//! Where it is shown how the agent stands: on standard error, in its folder, to the service
//! manager; each once when it changes.

use std::sync::Mutex;
use std::time::Duration;

use communicado_sinks::publish::PublishEvent;

use super::place::Place;
use super::rule::Silence;
use super::service;
use super::standing::{Standing, What};
use super::when::local;
use crate::commands::tell;
use crate::live::now;

/// What is known of how the agent stands.
pub(super) struct Board {
    place: Place,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    silence: Option<Silence>,
    report: Option<PublishEvent>,
    shown: Option<What>,
}

impl Board {
    pub(super) fn new(place: &Place) -> Self {
        Self { place: place.clone(), inner: Mutex::default() }
    }

    /// Takes in why nothing is told, or that something is.
    pub(super) fn rule(&self, silence: Option<Silence>) {
        self.change(|inner| {
            if inner.silence.is_some() != silence.is_some() {
                inner.report = None;
            }
            inner.silence = silence;
        });
    }

    /// Takes in how it goes.
    pub(super) fn report(&self, report: &PublishEvent) {
        self.change(|inner| inner.report = Some(report.clone()));
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let Ok(mut inner) = self.inner.lock() else { return };
        change(&mut inner);
        let what = What::after(inner.silence, inner.report.as_ref());
        if inner.shown.as_ref() == Some(&what) {
            return;
        }
        let was_failing = matches!(inner.shown, Some(What::Failing { .. }));
        let at = now();
        let spoken = what.spoken(&local(at));
        // Before it is told: who is told may ask. What cannot be kept is told nevertheless.
        let _ = self.place.keep_standing(&Standing { what: what.clone(), since: at });
        match (&what, &inner.report) {
            (What::Failing { cause, help }, Some(PublishEvent::Failed(_, retry_in))) => {
                // One that ends it is told by the command itself.
                if let Some(wait) = retry_in {
                    tell(&format!(
                        "error: the gateway cannot be told\n  cause: {cause}\n  help: {help}\n  \
                         meanwhile: trying again in {}, with what is then\n",
                        rounded(*wait)
                    ));
                }
            }
            (What::Publishing, _) if was_failing => tell("note: publishing again\n"),
            (What::Starting, _) => {}
            _ => tell(&format!("note: {spoken}\n")),
        }
        service::notify(&format!("STATUS={spoken}\n"));
        inner.shown = Some(what);
    }
}

fn rounded(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        return format!("{} ms", span.as_millis());
    }
    format!("{} s", (span + Duration::from_millis(500)).as_secs())
}
