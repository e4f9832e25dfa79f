//! The command `tokens`.

use clap::{Args, Subcommand, ValueEnum};
use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::Timestamp;
use communicado_wire::gateway::{self as wire, View};

use super::client::{Client, part};
use crate::api_error::ApiError;
use crate::options::{DataFolder, duration, view};
use crate::serve::misread;

/// Create, list, rotate and revoke tokens, whether or not the gateway runs.
#[derive(Debug, Args)]
pub(crate) struct TokensCommand {
    #[command(flatten)]
    data: DataFolder,
    #[command(subcommand)]
    action: TokensAction,
}

#[derive(Debug, Subcommand)]
enum TokensAction {
    /// Create a token and print its id and its secret, which is shown only once.
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
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List all tokens, without their secrets.
    List {
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Replace a token by a new one with the same permissions and lifetime.
    ///
    /// The command prints the id and the secret of the new token, and revokes the old one.
    Rotate {
        /// Id of the old token.
        id: String,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
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
            TokensAction::Create { name, scope, person, group, view, duration, json } => {
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
                print(&created(&create(&client, &new)?, json)).map(|()| Outcome::Yes)
            }
            TokensAction::List { json } => {
                let tokens = list(&client)?;
                let text = if json { format!("{}\n", tokens.to_json()) } else { table(&tokens) };
                print(&text).map(|()| Outcome::Yes)
            }
            TokensAction::Rotate { id, json } => {
                let old = find(&client, &id)?;
                let lifetime = old.expires.map(|end| end.since(old.created));
                let new = wire::NewToken {
                    name: old.name,
                    scopes: old.scopes,
                    person: old.person,
                    group: old.group,
                    view: Some(old.view),
                    for_ms: lifetime
                        .map(|lifetime| u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX)),
                };
                let made = create(&client, &new)?;
                // The new secret is known even if the revocation fails.
                print(&created(&made, json))?;
                revoke(&client, &id)
            }
            TokensAction::Revoke { id } => revoke(&client, &id),
        }
    }
}

fn create(client: &Client, new: &wire::NewToken) -> Result<wire::Created, Failure> {
    let response = client.ask("POST", "/v1/tokens", &new.to_json())?;
    serde_json::from_str(&response).map_err(misread)
}

fn list(client: &Client) -> Result<wire::Tokens, Failure> {
    serde_json::from_str(&client.ask("GET", "/v1/tokens", "")?).map_err(misread)
}

fn revoke(client: &Client, id: &str) -> Result<Outcome, Failure> {
    client.ask("DELETE", &format!("/v1/tokens/{}", part(id)), "").map(|_| Outcome::Yes)
}

/// The token with this id, if a command can replace it.
fn find(client: &Client, id: &str) -> Result<wire::Token, Failure> {
    let found = list(client)?.tokens.into_iter().find(|token| *token.id == *id);
    let token = found.ok_or_else(|| Failure::from(ApiError::no_token(id).for_command()))?;
    match &token.created_by {
        None => Ok(token),
        Some(parent) => {
            let what = format!("the token `{id}` ends with the session of `{parent}`");
            let help = "create a token in that session, and revoke this one";
            Err(Failure::new(Outcome::Failed, what).help(help))
        }
    }
}

fn created(made: &wire::Created, json: bool) -> String {
    if json {
        return format!("{}\n", made.to_json());
    }
    format!("id {}\nsecret {}\n", made.token.id, made.secret)
}

/// The headings of the table.
const HEADINGS: [&str; 10] = [
    "ID",
    "SCOPES",
    "FOR",
    "VIEW",
    "CREATED",
    "LAST USED",
    "EXPIRES",
    "SESSIONS",
    "CREATED BY",
    "NAME",
];

fn table(tokens: &wire::Tokens) -> String {
    let rows: Vec<[String; 10]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(tokens.tokens.iter().map(row)).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(token: &wire::Token) -> [String; 10] {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
    let bound = match (&token.person, &token.group) {
        (Some(person), _) => format!("person {person}"),
        (None, Some(group)) => format!("group {group}"),
        (None, None) => "everybody".to_owned(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        token.id.to_string(),
        scopes.join(","),
        bound,
        token.view.word().to_owned(),
        minute(token.created),
        or_none(token.last_used.map(minute)),
        or_none(token.expires.map(minute)),
        token.sessions.to_string(),
        or_none(token.created_by.as_ref().map(ToString::to_string)),
        token.name.to_string(),
    ]
}

/// A time to the minute, in UTC.
fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..16).map_or(text.clone(), |text| format!("{text}Z"))
}
