//! The topics of `communicado help`, which are also sections of the man pages.

use communicado::SOURCES;
use communicado_cli_support::{HelpTopic, Pages};
use communicado_sinks::{HELPERS, KEYS, SINKS};

use crate::arguments::EXIT_STATUS;
use crate::setting_tables::{AGENT, EACH_SOURCE, TOP};
use crate::sink_settings::EACH_SINK;

/// The words of a condition.
const CONDITIONS: [(&str, &str); 25] = [
    ("running", "is running, signed in or not, responding or not"),
    ("absent", "is not running"),
    ("starting", "is running, but does not answer queries yet"),
    ("signed-out", "is running, and no user is signed in"),
    ("signing-in", "has a sign-in in progress"),
    ("signed-in", "has a signed-in user, with any availability"),
    ("signing-out", "has a sign-out in progress"),
    ("shutting-down", "announced that it is about to exit"),
    ("unknown", "has a status that cannot be determined, for example because it hangs"),
    ("available", "is signed in, and its user is available"),
    ("idle", "is signed in, and its user has been inactive for a while"),
    ("busy", "is signed in, and its user is busy"),
    ("be-right-back", "is signed in, and its user will be back soon"),
    ("away", "is signed in, and its user is away"),
    ("do-not-disturb", "is signed in, and its user does not want to be disturbed"),
    ("invisible", "is signed in, and appears signed out to others"),
    (
        "other",
        "is signed in with an availability that Communicado does not know; `raw` has the client's \
         word",
    ),
    ("on-the-phone", "is signed in, and its user is in a call"),
    ("in-a-meeting", "is signed in, and its user is in a meeting"),
    ("in-a-conference", "is signed in, and its user is in a conference call"),
    ("presenting", "is signed in, and its user presents or shares the screen"),
    ("out-of-office", "is signed in, and its user is out of the office"),
    ("out-to-lunch", "is signed in, and its user is out to lunch"),
    ("urgent-interruptions-only", "is signed in, and its user accepts urgent interruptions only"),
    ("not WORDS", "does not match the words; the opposite of unknown is unknown"),
];

/// The variables that the program reads.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "If it is not empty, the output has no colours, unless `--color always`."),
    ("PATH", "The folders in which `run` finds its command."),
    ("XDG_CONFIG_HOME", "The folder of the configuration. See the topic `files`."),
    ("XDG_STATE_HOME", "The folder of the state. See the topic `files`."),
    #[cfg(target_os = "linux")]
    ("DBUS_SESSION_BUS_ADDRESS", "The session bus. Default: the bus in XDG_RUNTIME_DIR."),
    #[cfg(target_os = "linux")]
    ("TERM", "If it is `dumb`, the output has no colours, unless `--color always`."),
    #[cfg(target_os = "linux")]
    ("TZ", "The time zone of the times in texts and of `agent.hours`."),
    #[cfg(target_os = "linux")]
    ("XDG_RUNTIME_DIR", "The folder with the session bus. Default: /run/user/UID."),
];

/// The files that the program reads and writes.
#[cfg(target_os = "linux")]
const FILES: &[(&str, &str)] = &[
    ("~/.config/communicado/config.toml", "The configuration, or in XDG_CONFIG_HOME."),
    (
        "~/.local/state/communicado/agent",
        "Your consent and the agent's state, or in XDG_STATE_HOME.",
    ),
    ("~/.config/systemd/user/communicado-agent.service", "The unit of `agent install`."),
];

/// The files that the program reads and writes.
#[cfg(not(target_os = "linux"))]
const FILES: &[(&str, &str)] = &[
    (r"%APPDATA%\communicado\config.toml", "The configuration, or in XDG_CONFIG_HOME."),
    (
        r"%LOCALAPPDATA%\communicado\agent",
        "Your consent and the agent's state, or in XDG_STATE_HOME.",
    ),
];

/// Command lines, at least one for each command.
const EXAMPLES: &[(&str, &str)] = &[
    ("communicado status", "Print the status of each client."),
    ("communicado status --json --client pidgin", "Print the status of Pidgin for a script."),
    ("communicado watch", "Print each change."),
    ("communicado watch --bar waybar", "Feed a status bar."),
    ("communicado is in-a-meeting", "Test a condition."),
    ("communicado wait signed-in --timeout 30s", "Wait until a user is signed in."),
    (
        "communicado run --while signed-in -- ./my-bot --verbose",
        "Run a command while a user is signed in.",
    ),
    ("communicado agent allow https://gateway.example", "Allow the agent to publish."),
    ("communicado agent install", "Start the agent when you sign in."),
    ("communicado sources", "List the sources."),
    ("communicado sinks", "List the sinks."),
    ("communicado doctor --report report.txt", "Write a report without names."),
    ("communicado explain 80040111", "Explain an error code."),
    ("communicado record --for 10m journal.jsonl", "Record for ten minutes."),
    ("communicado replay journal.jsonl", "Print what `watch` would have printed."),
    ("communicado provide --sign-in", "Run a client whose user is signed in."),
    #[cfg(target_os = "linux")]
    ("communicado demo", "Show Communicado with a client of its own."),
    ("communicado config", "Print the settings in effect."),
    ("communicado completions bash", "Print the completions for bash."),
    ("communicado help conditions", "Print the words of a condition."),
    ("communicado man --dir man1", "Write a man page for every command."),
];

/// Every topic, in the order of the list and of the man pages.
pub(crate) fn topics() -> Vec<HelpTopic> {
    vec![
        HelpTopic::new(
            "conditions",
            "Conditions of `is`, `wait` and `run --while`, each true if a client",
            Pages::Program,
            &CONDITIONS,
        ),
        HelpTopic {
            name: "configuration",
            about: "Keys of the configuration and of `--set`",
            pages: Pages::Program,
            entries: configuration(),
        },
        HelpTopic::new("template-keys", "Keys of a template of `--format`", Pages::Program, KEYS),
        HelpTopic::new("template-helpers", "Helpers of a template", Pages::Program, HELPERS),
        HelpTopic::exit_status(EXIT_STATUS),
        HelpTopic::new("environment", "Environment variables", Pages::All, ENVIRONMENT),
        HelpTopic::new("files", "Files", Pages::All, FILES),
        HelpTopic::new("examples", "Examples", Pages::OfEntry, EXAMPLES),
    ]
}

fn configuration() -> Vec<(String, String)> {
    let section = |prefix: &str, table: &[(&str, &str, &str, &str)]| {
        let entry = |(name, _, _, about): &(&str, &str, &str, &str)| {
            (format!("{prefix}{name}"), (*about).to_owned())
        };
        table.iter().map(entry).collect::<Vec<_>>()
    };
    let mut entries = section("", &TOP);
    entries.extend(section("agent.", &AGENT));
    entries.extend(section("sources.NAME.", &EACH_SOURCE));
    for source in SOURCES {
        let options = source.options.iter();
        entries.extend(options.map(|option| {
            (format!("sources.{}.{}", source.name, option.name), option.help.to_owned())
        }));
    }
    entries.extend(section("sinks.NAME.", &EACH_SINK));
    for sink in SINKS {
        let options = sink.options.iter();
        entries.extend(options.map(|option| {
            (format!("sinks.{}.{}", sink.kind, option.name), option.help.to_owned())
        }));
    }
    entries
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};
    use communicado::Condition;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn every_word_of_a_condition_has_its_meaning() {
        let words: Vec<&str> = CONDITIONS.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, Condition::words().chain(["not WORDS"]).collect::<Vec<_>>());
    }

    #[test]
    fn every_command_has_an_example_and_every_example_is_a_command_line() {
        for (example, _) in EXAMPLES {
            let parsed = Arguments::try_parse_from(example.split(' '));
            assert!(parsed.is_ok(), "{example}: {parsed:?}");
        }
        for command in Arguments::command().get_subcommands() {
            let start = format!("communicado {}", command.get_name());
            assert!(EXAMPLES.iter().any(|(example, _)| example.starts_with(&start)), "{start}");
        }
    }
}
