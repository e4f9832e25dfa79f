//! `doctor`: checks the whole chain.

mod report;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use communicado::SOURCES;
use communicado_runtime::{Check, Health};

use crate::commands::sources::{finding, probe, sign};
use crate::commands::{agent, print};
use crate::failure::{Failure, Outcome};
use crate::settings::{Settings, usual_file};

/// Check the whole chain, and say what is wrong and what to do.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Write what was found to a new file as well, without names, to be attached to a report.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl DoctorArgs {
    /// Says in one sentence and one action what is wrong.
    pub(crate) fn run(&self, settings: &Settings) -> Result<Outcome, Failure> {
        let file = self.report.as_deref().map(report::create).transpose()?;
        let (text, worst) = examine(settings)?;
        print(&text)?;
        if let Some(file) = file {
            report::write(file, &text)?;
        }
        Ok(if worst == Health::Bad { Outcome::No } else { Outcome::Yes })
    }
}

fn add(text: &mut String, check: &Check) {
    let _ = writeln!(text, "{}  {}", sign(check.health), finding(check));
    if let Some(action) = &check.action {
        let _ = writeln!(text, "    do: {action}");
    }
}

fn examine(settings: &Settings) -> Result<(String, Health), Failure> {
    let mut text = String::new();
    let file = settings.file.clone();
    let config = match file.or_else(|| usual_file(|name| std::env::var(name).ok())) {
        Some(file) if settings.file.is_some() => format!("read from {}", file.display()),
        Some(file) => format!("the defaults, since there is no {}", file.display()),
        None if cfg!(windows) => "the defaults, since APPDATA is not set".to_owned(),
        None => "the defaults, since neither XDG_CONFIG_HOME nor HOME is set".to_owned(),
    };
    let _ = writeln!(text, "ok  configuration: {config}");
    let mut worst = Health::Good;
    for descriptor in SOURCES.iter().filter(|descriptor| descriptor.runs_here()) {
        let set = settings.sources.get(descriptor.name).cloned().unwrap_or_default();
        if !set.enabled {
            let _ = writeln!(text, "--  source {}: switched off", descriptor.name);
            continue;
        }
        for check in probe(descriptor.name, &set)? {
            worst = worst.max(check.health);
            add(&mut text, &check);
        }
    }
    if let Some(check) = agent::check()? {
        worst = worst.max(check.health);
        add(&mut text, &check);
    }
    let verdict = match worst {
        Health::Good => "all is well",
        Health::Limited => "communicado works; what it finds is not all that could be there",
        Health::Bad => "something is wrong; see `!!` above",
    };
    let _ = writeln!(text, "{verdict}");
    Ok((text, worst))
}
