//! `doctor`: a check of the configuration, the installation, the sources and the agent.

mod report;

use std::path::PathBuf;

use clap::Args;
use communicado_cli_support::{Failure, Findings, Outcome, check_installation, print};
use communicado_runtime::{Check, CheckHealth};

use crate::commands::agent;
use crate::commands::sources::probe;
use crate::settings::{Settings, default_file};

/// Diagnose problems: check the configuration, the sources and the agent.
///
/// Also prints how the program was installed, and its other copies in the PATH.
///
/// Each problem is printed with an action that fixes it. Exit status: 0 working, 1 problem found.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also write a report without names to this new file, to attach to a bug report.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl DoctorArgs {
    /// Runs all checks. A `broken` configuration is one of the problems.
    pub(crate) fn run(
        &self,
        settings: &Settings,
        broken: Option<Failure>,
    ) -> Result<Outcome, Failure> {
        let file = self.report.as_deref().map(report::create).transpose()?;
        let (text, outcome) = examine(settings, broken)?;
        print(&text)?;
        if let Some(file) = file {
            report::write(file, &text)?;
        }
        Ok(outcome)
    }
}

fn check_configuration(settings: &Settings, broken: Option<Failure>) -> Check {
    if let Some((problem, action)) = broken.map(Failure::into_parts) {
        return Check {
            what: "configuration".into(),
            health: CheckHealth::Bad,
            found: format!("{problem}; the other checks use the defaults").into(),
            action: action.map(Into::into),
        };
    }
    let found = match settings.file.clone().or_else(default_file) {
        Some(file) if settings.file.is_some() => format!("read from {}", file.display()),
        Some(file) => format!("defaults, because {} does not exist", file.display()),
        None => "defaults, because there is no home folder".to_owned(),
    };
    Check {
        what: "configuration".into(),
        health: CheckHealth::Good,
        found: found.into(),
        action: None,
    }
}

fn examine(settings: &Settings, broken: Option<Failure>) -> Result<(String, Outcome), Failure> {
    let mut findings = Findings::default();
    findings.add(&check_configuration(settings, broken));
    findings.add(&check_installation("communicado-cli"));
    for (name, set) in settings.instances() {
        if set.enabled {
            probe(name, &set)?.iter().for_each(|check| findings.add(check));
        } else {
            findings.disabled(&format!("source {name}"));
        }
    }
    let of_agent = agent::check()?.into_iter().chain(agent::check_sinks(settings)?);
    of_agent.for_each(|check| findings.add(&check));
    Ok(findings.conclude("communicado works, with the limitations marked `--`"))
}
