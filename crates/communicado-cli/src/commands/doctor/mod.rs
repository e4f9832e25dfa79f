//! `doctor`: a check of the configuration, the installation, the sources and the agent.

mod installation;
mod report;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_runtime::{Check, CheckHealth};

use crate::commands::agent;
use crate::commands::sources::{finding, probe, sign};
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
        let (text, worst) = examine(settings, broken)?;
        print(&text)?;
        if let Some(file) = file {
            report::write(file, &text)?;
        }
        Ok(if worst == CheckHealth::Bad { Outcome::No } else { Outcome::Yes })
    }
}

fn add(text: &mut String, check: &Check) {
    let _ = writeln!(text, "{}  {}", sign(check.health), finding(check));
    if let Some(action) = &check.action {
        let _ = writeln!(text, "    help: {action}");
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

fn examine(settings: &Settings, broken: Option<Failure>) -> Result<(String, CheckHealth), Failure> {
    let mut text = String::new();
    let check = check_configuration(settings, broken);
    add(&mut text, &check);
    let mut worst = check.health;
    let check = installation::check();
    worst = worst.max(check.health);
    add(&mut text, &check);
    for (name, set) in settings.instances() {
        if !set.enabled {
            let _ = writeln!(text, "--  source {name}: disabled");
            continue;
        }
        for check in probe(name, &set)? {
            worst = worst.max(check.health);
            add(&mut text, &check);
        }
    }
    if let Some(check) = agent::check()? {
        worst = worst.max(check.health);
        add(&mut text, &check);
    }
    for check in agent::check_sinks(settings)? {
        worst = worst.max(check.health);
        add(&mut text, &check);
    }
    let verdict = match worst {
        CheckHealth::Good => "no problems found",
        CheckHealth::Limited => "communicado works, with the limitations marked `--`",
        CheckHealth::Bad => "problems found: see the lines marked `!!`",
    };
    let _ = writeln!(text, "{verdict}");
    Ok((text, worst))
}
