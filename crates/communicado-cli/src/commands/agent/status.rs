//! `agent status`: what is allowed, and what the agent does.

use std::fmt::Write as _;

use clap::Args;
use communicado::Timestamp;
use communicado_sinks::publish::Detail;
use serde_json::json;

use super::place::Place;
use super::rule::{Rule, Silence};
use super::standing::{Standing, What};
use super::when::{local, spoken};
use crate::commands::print;
use crate::failure::{Failure, Outcome};
use crate::live::now;
use crate::settings::Settings;

/// Print what is allowed and what the agent does: 0 it runs, 1 it does not, 3 it cannot publish.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self, place: &Place, settings: &Settings) -> Result<Outcome, Failure> {
        let consent = place.consent()?;
        let runs = place.is_held()?;
        let standing = place.standing()?;
        let outcome = match &standing {
            Some(Standing { what: What::Failing { .. }, .. }) if runs => Outcome::CannotTell,
            _ if runs => Outcome::Yes,
            _ => Outcome::No,
        };
        let now = local(now());
        // What holds when an agent runs, whether one does or not.
        let rule = Rule::at(&now, place.pause()?, &settings.agent.hours);
        if self.json {
            let what = standing.as_ref().map(|standing| &standing.what);
            let (cause, help) = what.and_then(What::trouble).unzip();
            let object = json!({
                "v": 1,
                "allowed": consent.is_some(),
                "gateway": consent.as_ref().map(|it| it.gateway.to_string()),
                "person": consent.as_ref().map(|it| it.person.as_str()),
                "device": consent.as_ref().map(|it| it.device.as_str()),
                "names": consent.as_ref().map(|it| it.detail == Detail::Names),
                "runs": runs,
                "standing": what.filter(|_| runs).map(What::word),
                "since": standing.as_ref().filter(|_| runs).map(|it| it.since.to_string()),
                "silent": rule.silence.is_some(),
                "until": rule.until.as_ref().map(Timestamp::to_string),
                "because": cause,
                "help": help,
            });
            print(&format!("{object}\n"))?;
            return Ok(outcome);
        }
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "{key:<8} {value}");
        };
        match &consent {
            None => line("allowed", "nothing: see `communicado agent allow --help`"),
            Some(consent) => {
                let names = match consent.detail {
                    Detail::Statuses => "statuses, no account names",
                    Detail::Names => "statuses and account names",
                };
                line("allowed", &format!("{names}, since {}", spoken(consent.given, &now)));
                line("gateway", &consent.gateway.to_string());
                let who = format!("{}, of the device {}", consent.person, consent.device);
                line("as", &who);
            }
        }
        match &standing {
            Some(Standing { what, since }) if runs => {
                line("agent", &format!("{}, since {}", what.spoken(&now), spoken(*since, &now)));
            }
            Some(Standing { what: What::Failing { cause, .. }, .. }) => {
                line("agent", &format!("does not run; it ended because {cause}"));
            }
            _ if runs => line("agent", "starting"),
            _ => line("agent", "does not run"),
        }
        if let Some((_, help)) = standing.as_ref().and_then(|it| it.what.trouble()) {
            line("do", help);
        }
        if let Some(Silence::Paused(_)) = rule.silence.filter(|_| !runs) {
            line("pause", &What::Silent(Silence::Paused(rule.until)).spoken(&now));
        }
        if !settings.agent.hours.to_string().is_empty() {
            line("hours", &settings.agent.hours.to_string());
        }
        print(&text)?;
        Ok(outcome)
    }
}
