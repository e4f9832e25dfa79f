//! The words that speak to the provider that runs.

use communicado_provider::{Presence, ProviderCommand};

use super::face::{Line, Unheard};
use super::{Asked, Set};
use crate::commands::{print, tell};
use crate::failure::{Failure, Outcome};
use crate::live::{now, on_runtime};

impl Asked {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let command = match self {
            Self::Status { json } => return on_runtime(status(json)),
            Self::SignIn => ProviderCommand::SIGN_IN,
            Self::SignOut => ProviderCommand::SIGN_OUT,
            Self::Set(set) => set.command()?,
            Self::Quit => ProviderCommand::Quit,
        };
        on_runtime(async {
            let line = Line::open().await?.ok_or_else(none_runs)?;
            match line.ask(&command).await {
                Ok(()) => Ok(Outcome::Yes),
                Err(Unheard::Already(text)) => {
                    tell(&format!("note: nothing to do: {text}\n"));
                    Ok(Outcome::Yes)
                }
                Err(Unheard::Failed(failure)) => Err(failure),
            }
        })
    }
}

impl Set {
    fn command(self) -> Result<ProviderCommand, Failure> {
        let presence = Presence::new(self.availability, self.activity);
        let presence = match &self.note {
            None => presence,
            Some(note) => presence
                .with_note(note)
                .map_err(|error| Failure::usage("the note cannot be shown").cause(error))?,
        };
        Ok(ProviderCommand::Set { presence, lasts: self.lasts })
    }
}

async fn status(json: bool) -> Result<Outcome, Failure> {
    let Some(line) = Line::open().await? else {
        tell(&none_runs().to_string());
        return Ok(Outcome::No);
    };
    let report = line.report().await?;
    print(&if json { report.to_json(now(), 0) } else { report.to_text() })?;
    Ok(Outcome::Yes)
}

fn none_runs() -> Failure {
    Failure::new(Outcome::Failed, "no provider runs in this session")
        .help("start one: communicado provide")
}
