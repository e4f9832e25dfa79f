//! `tokens`: who may do what.

use clap::{Args, Subcommand, ValueEnum};
use communicado_wire::gateway::{self as wire, View};

use super::client::{ask, misread};
use crate::failure::{Failure, Outcome};
use crate::options::{DataFolder, duration, view};
use crate::output::print;

/// Make, list and revoke tokens, whether the gateway runs or not.
#[derive(Debug, Args)]
pub(crate) struct TokensCommand {
    #[command(flatten)]
    data: DataFolder,
    #[command(subcommand)]
    action: TokensAction,
}

#[derive(Debug, Subcommand)]
enum TokensAction {
    /// Make a token and print its secret, which is shown only now.
    Create {
        /// What it is for, in words.
        #[arg(long)]
        name: String,
        /// What it is good for; several with commas.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<ScopeArgument>,
        /// Whose it is: it publishes for this person only; without the scope `publish` it reads
        /// this person only.
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// It reads only the people of this group.
        #[arg(long, value_name = "ID")]
        group: Option<String>,
        /// How much it reads of a person: `in-out`, `availability` or `everything`.
        #[arg(long, value_name = "VIEW", default_value = "availability", value_parser = view)]
        view: View,
        /// For how long it is good, such as `720h`; until it is revoked if not given.
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        duration: Option<std::time::Duration>,
    },
    /// List them, without their secrets.
    List,
    /// Revoke one; streams that it opened end.
    Revoke {
        /// Its id.
        id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScopeArgument {
    Publish,
    Read,
    Administer,
}

impl TokensCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let data = &self.data;
        match self.action {
            TokensAction::Create { name, scope, person, group, view, duration } => {
                let scopes = scope.into_iter().map(|scope| match scope {
                    ScopeArgument::Publish => wire::Scope::Publish,
                    ScopeArgument::Read => wire::Scope::Read,
                    ScopeArgument::Administer => wire::Scope::Administer,
                });
                let new = wire::NewToken {
                    name: name.into(),
                    scopes: scopes.collect(),
                    person: person.map(Into::into),
                    group: group.map(Into::into),
                    view: Some(view),
                    for_ms: duration
                        .map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
                };
                let said = ask(data, "POST", "/v1/tokens", &new.to_json())?;
                let made: wire::Created = serde_json::from_str(&said).map_err(misread)?;
                print(&format!("{}\n", made.secret))
            }
            TokensAction::List => {
                let said = ask(data, "GET", "/v1/tokens", "")?;
                let tokens: wire::Tokens = serde_json::from_str(&said).map_err(misread)?;
                let lines = tokens.tokens.iter().map(line);
                print(&lines.collect::<String>())
            }
            TokensAction::Revoke { id } => {
                ask(data, "DELETE", &format!("/v1/tokens/{id}"), "").map(|_| Outcome::Yes)
            }
        }
    }
}

fn line(token: &wire::Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
    let bound = match (&token.person, &token.group) {
        (Some(person), _) => format!("person {person}"),
        (None, Some(group)) => format!("group {group}"),
        (None, None) => "everybody".to_owned(),
    };
    let end = token.expires.map_or_else(String::new, |end| format!("  until {end}"));
    let sessions = match token.sessions {
        0 => String::new(),
        1 => "  1 session".to_owned(),
        count => format!("  {count} sessions"),
    };
    let by = token.created_by.as_ref().map_or_else(String::new, |id| format!("  created by {id}"));
    let (id, scopes, view, name) = (&token.id, scopes.join(","), token.view.word(), &token.name);
    format!("{id}  {scopes}  {bound}  {view}  {name}{sessions}{by}{end}\n")
}
