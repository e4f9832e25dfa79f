//! The command `help`, and the topics that no single command describes.
//!
//! The man pages have the same topics as sections.

use std::fmt::Write as _;

use clap::{Args, Command};

use crate::{Failure, print};

/// A topic: a list of names with their meanings.
#[derive(Clone, Debug)]
pub struct HelpTopic {
    /// Its name on the command line, in lower case with hyphens.
    pub name: &'static str,
    /// Its subject, as a noun phrase.
    pub about: &'static str,
    /// The man pages that have it.
    pub pages: Pages,
    /// The names with their meanings.
    pub entries: Vec<(String, String)>,
}

/// The man pages that have a topic as a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// The page of the program.
    Program,
    /// The page of every command.
    All,
    /// The page of each command that begins the name of an entry.
    OfEntry,
}

impl HelpTopic {
    /// A topic from a table.
    #[must_use]
    pub fn new(
        name: &'static str,
        about: &'static str,
        pages: Pages,
        entries: &[(&str, &str)],
    ) -> Self {
        let entries = entries.iter().map(|(name, text)| ((*name).into(), (*text).into()));
        Self { name, about, pages, entries: entries.collect() }
    }

    /// The topic of the exit statuses, from a line `Exit status: 0 success, 2 usage error.`
    #[must_use]
    pub fn exit_status(line: &str) -> Self {
        let list = line.trim_start_matches("Exit status: ").trim_end_matches('.');
        let entries: Vec<(&str, &str)> =
            list.split(", ").filter_map(|part| part.split_once(' ')).collect();
        Self::new("exit-status", "Exit statuses", Pages::All, &entries)
    }

    /// The entries that belong on the man page of `command`: `communicado watch`, for example.
    pub(crate) fn on_page(&self, command: &str) -> Vec<&(String, String)> {
        let is_program = !command.contains(' ');
        let starts = |line: &str| {
            line.strip_prefix(command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let belongs = |name: &str| match self.pages {
            Pages::Program => is_program,
            Pages::All => true,
            Pages::OfEntry => is_program || starts(name),
        };
        self.entries.iter().filter(|(name, _)| belongs(name)).collect()
    }

    fn text(&self) -> String {
        let mut text = format!("{}:\n\n", self.about);
        let width = self.entries.iter().map(|(name, _)| name.chars().count()).max();
        let width = width.unwrap_or_default();
        for (name, meaning) in &self.entries {
            // A long name has its meaning in the next line.
            let gap =
                if width > NAME_MAX { "\n      ".to_owned() } else { spaces(width + 2, name) };
            let _ = writeln!(text, "  {name}{gap}{meaning}");
        }
        text
    }
}

/// The longest name beside its meaning.
const NAME_MAX: usize = 36;

fn spaces(width: usize, name: &str) -> String {
    " ".repeat(width.saturating_sub(name.chars().count()))
}

/// Print the help of a command or a topic.
///
/// Without a name, lists the topics.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// The name of a topic or of a command.
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

impl HelpArgs {
    /// Prints the help of a topic, or of a command of `program`.
    ///
    /// # Errors
    ///
    /// If there is no such topic or command, or standard output cannot be written.
    pub fn run(self, mut program: Command, topics: &[HelpTopic]) -> Result<(), Failure> {
        program.build();
        let name = program.get_name().to_owned();
        if self.words.is_empty() {
            return print(&list(&name, topics));
        }
        if let [word] = self.words.as_slice()
            && let Some(topic) = topics.iter().find(|topic| topic.name == word)
        {
            return print(&topic.text());
        }
        let mut command = &mut program;
        for word in &self.words {
            command = command.find_subcommand_mut(word).ok_or_else(|| {
                Failure::usage(format!("there is no topic or command `{word}`"))
                    .help(format!("run: {name} help"))
            })?;
        }
        print(&command.render_long_help().to_string())
    }
}

fn list(program: &str, topics: &[HelpTopic]) -> String {
    let mut text = "Topics:\n".to_owned();
    let width = topics.iter().map(|topic| topic.name.len()).max().unwrap_or_default() + 2;
    for topic in topics {
        let _ = writeln!(text, "  {}{}{}", topic.name, spaces(width, topic.name), topic.about);
    }
    let _ = writeln!(text, "\n`{program} help TOPIC` prints a topic, or the help of a command.");
    let _ = writeln!(text, "`{program} --help` lists the commands.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_exit_statuses_becomes_a_list() {
        let topic = HelpTopic::exit_status("Exit status: 0 yes or success, 2 usage error.");
        assert_eq!(topic.text(), "Exit statuses:\n\n  0  yes or success\n  2  usage error\n");
    }

    #[test]
    fn an_example_is_on_the_page_of_its_command() {
        let entries = [("demo watch --json", "one"), ("demo watcher", "two")];
        let topic = HelpTopic::new("examples", "Examples", Pages::OfEntry, &entries);
        assert_eq!(topic.on_page("demo").len(), 2);
        assert_eq!(topic.on_page("demo watch").len(), 1);
        assert!(topic.on_page("demo status").is_empty());
    }
}
