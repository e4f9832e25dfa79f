//! Asks each client once, and says in words what came of it.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use communicado_runtime::{Check, Clock, Health, sleep_until};
use communicado_windows::{Guid, HResult};
use futures_util::future::{Either, select};

use super::contract::{Provider, providers};
use super::conversation::Pace;
use super::desk::{Caller, Desk, News};
use super::lookout::read;
use super::reading::{Reading, SignIn};
use super::watch::{IsMine, same_level};

/// A client that hangs is noticed within this time.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) async fn probe<C: Caller>(clock: &dyn Clock, pace: Pace, is_mine: IsMine) -> Vec<Check> {
    let mut checks = Vec::new();
    // What cannot be read is said by the source that is of the registry alone.
    let found = read().map(|read| providers(&read)).unwrap_or_default();
    for provider in found.iter().filter(|each| is_mine(each) && each.is_up()) {
        let Some(class) = provider.class else { continue };
        let answer = ask::<C>(clock, class, pace.timeout.min(TIMEOUT)).await;
        let level = same_level(&provider.processes);
        checks.push(check(provider, answer, level));
    }
    checks
}

/// What the client answers; nothing if it does not.
async fn ask<C: Caller>(
    clock: &dyn Clock,
    class: Guid,
    timeout: Duration,
) -> Option<Result<Reading, HResult>> {
    let mut desk = Desk::new::<C>();
    desk.connect(0, class);
    let end = clock.now().after(timeout);
    let answer = async {
        loop {
            if let News::Answered(_, answer) = poll_fn(|cx| desk.poll_news(cx)).await {
                return answer;
            }
        }
    };
    match select(pin!(answer), pin!(sleep_until(clock, end))).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}

fn check(
    provider: &Provider,
    answer: Option<Result<Reading, HResult>>,
    same_level: Option<bool>,
) -> Check {
    let what = format!("object of {}", provider.client).into();
    let said = |health, found: String, action: Option<String>| Check {
        what,
        health,
        found: found.into(),
        action: action.map(Into::into),
    };
    match answer {
        None => said(
            Health::Bad,
            "it runs and does not answer".to_owned(),
            Some("look whether it shows a dialog; else end it and start it again".to_owned()),
        ),
        Some(Ok(reading)) => {
            let (health, found, action) = in_words(&reading.sign_in);
            said(health, found, action.map(str::to_owned))
        }
        Some(Err(code)) if same_level == Some(false) => said(
            Health::Bad,
            format!("it may not be asked ({code}): it and this program are trusted differently"),
            Some("run both as the same user, neither as administrator".to_owned()),
        ),
        Some(Err(code)) => {
            let mut known = communicado_codes::lookup(code.0.cast_unsigned());
            let (found, action) = match known.next() {
                Some(known) => {
                    let found =
                        format!("asking it ended in {code} {}: {}", known.name, known.meaning);
                    (found, known.action.to_owned())
                }
                None => {
                    let action = "look the code up, and send us this line";
                    (format!("asking it ended in {code}"), action.to_owned())
                }
            };
            said(Health::Limited, found, Some(action))
        }
    }
}

fn in_words(sign_in: &SignIn) -> (Health, String, Option<&'static str>) {
    match sign_in {
        SignIn::SignedIn { raw, .. } => (Health::Good, format!("signed in, {raw}"), None),
        SignIn::SignedOut => {
            (Health::Limited, "signed out".to_owned(), Some("sign in, in the client"))
        }
        SignIn::SigningIn => (Health::Limited, "signing in".to_owned(), Some("wait")),
        SignIn::SigningOut => (Health::Limited, "signing out".to_owned(), Some("wait")),
        SignIn::Starting => (Health::Limited, "starting".to_owned(), Some("wait")),
        SignIn::ShuttingDown => (Health::Limited, "about to end".to_owned(), Some("wait")),
        SignIn::Unseen => (
            Health::Bad,
            "it answers, and does not say whether somebody is signed in".to_owned(),
            Some("tell the maker of the client, and send us the output of `communicado doctor`"),
        ),
    }
}
