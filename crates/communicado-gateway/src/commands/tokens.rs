//! The command `tokens`.

use clap::{Args, Subcommand, ValueEnum};
use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::gateway::{self as wire, View};

use super::client::{Client, misread, part};
use crate::options::{DataFolder, duration, view};

/// Create, list and revoke tokens, whether or not the gateway runs.
#[derive(Debug, Args)]
pub(crate) struct TokensCommand {
    #[command(flatten)]
    data: DataFolder,
    #[command(subcommand)]
    action: TokensAction,
}

#[derive(Debug, Subcommand)]
enum TokensAction {
    /// Create a token and print its secret, which is shown only once.
    Create {
        /// Purpose of the token, in words.
        #[arg(long)]
        name: String,
        /// Permissions of the token, comma-separated.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<ScopeArgument>,
        /// Owner: the token publishes for this person only. Without the scope `publish` it reads
        /// only this person.
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// Limit the token to people of this group.
        #[arg(long, value_name = "ID")]
        group: Option<String>,
        /// View of people: `in-out`, `availability` or `everything`.
        #[arg(long, value_name = "VIEW", default_value = "availability", value_parser = view)]
        view: View,
        /// Lifetime, for example `8h` or `30d`. Default: until revoked.
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        duration: Option<std::time::Duration>,
    },
    /// List all tokens, without their secrets.
    List,
    /// Revoke a token. Its streams end.
    Revoke {
        /// Id of the token.
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
        let client = Client::open(&self.data)?;
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
                let response = client.ask("POST", "/v1/tokens", &new.to_json())?;
                let made: wire::Created = serde_json::from_str(&response).map_err(misread)?;
                print(&format!("{}\n", made.secret)).map(|()| Outcome::Yes)
            }
            TokensAction::List => {
                let response = client.ask("GET", "/v1/tokens", "")?;
                let tokens: wire::Tokens = serde_json::from_str(&response).map_err(misread)?;
                let lines = tokens.tokens.iter().map(line);
                print(&lines.collect::<String>()).map(|()| Outcome::Yes)
            }
            TokensAction::Revoke { id } => {
                client.ask("DELETE", &format!("/v1/tokens/{}", part(&id)), "").map(|_| Outcome::Yes)
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
