//! The condition of a command line: its words and its accounts.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command, Error};
use communicado::{Condition, ConditionError, Snapshot};
use communicado_cli_support::{Failure, note};

use crate::settings::Settings;
use crate::suggestion::closest;

/// The word for the opposite of a condition.
const NOT: &str = "not";

/// The accounts that a condition is about.
#[derive(Debug, Args)]
pub(crate) struct AccountChoice {
    /// Test only the account with this name. Repeat the option for several.
    #[arg(long, value_name = "ACCOUNT")]
    account: Vec<String>,
}

impl AccountChoice {
    /// The condition of the command line: its words, for the selected clients and accounts.
    pub(crate) fn condition(
        &self,
        words: &[String],
        settings: &Settings,
    ) -> Result<Condition, Failure> {
        let condition = words.join(" ").parse::<Condition>().map_err(|error: ConditionError| {
            Failure::usage(format!("`{}` is not a condition", error.word))
                .help("separate words by commas; only `not` stands before them")
        })?;
        Ok(condition.of(settings.clients.clone()).of_accounts(self.account.clone()))
    }

    /// Returns true if the command line selects accounts.
    pub(crate) const fn is_set(&self) -> bool {
        !self.account.is_empty()
    }

    /// Prints a note for each account that no selected client lists, once a client lists any.
    pub(crate) fn warn_unknown(&self, settings: &Settings, snapshot: &Snapshot) {
        let is_selected =
            |name: &str| settings.clients.is_empty() || settings.clients.iter().any(|c| c == name);
        let clients = snapshot.iter().filter(|client| is_selected(&client.client));
        let listed: BTreeSet<&str> =
            clients.flat_map(|client| &client.accounts).map(|it| &*it.account).collect();
        for name in &self.account {
            if !listed.is_empty() && !listed.contains(name.as_str()) {
                let suggestion = closest(name, listed.iter().copied());
                let suggestion =
                    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                note(&format!("no client lists an account `{name}`{suggestion}"));
            }
        }
    }
}

/// The parser for one argument of a condition, which lists the known words in the help.
#[derive(Clone)]
pub(crate) struct ConditionWords;

impl TypedValueParser for ConditionWords {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let text = StringValueParser::new().parse_ref(command, argument, value)?;
        let words = PossibleValuesParser::new(words());
        let given = text.split([',', ' ']).filter(|word| !word.is_empty());
        // A value without words is refused as an empty word.
        let nothing = given.clone().next().is_none().then_some("");
        for word in given.chain(nothing) {
            words.parse_ref(command, argument, OsStr::new(word))?;
        }
        Ok(text)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(words().map(PossibleValue::new)))
    }
}

fn words() -> impl Iterator<Item = &'static str> {
    std::iter::once(NOT).chain(Condition::words())
}
