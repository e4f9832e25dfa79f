//! A parser for the help pages that clap prints.
//!
//! It knows the long form only: an entry has its name on one line and its text below it, or beside
//! it in lists of commands and in sections at the end.

use std::collections::BTreeMap;
use std::path::Path;

use crate::command::output;

/// The text of an option begins this far to the right; its name begins before.
const INDENT_OF_TEXT: usize = 8;

/// The help pages of a program, by command: ``, `watch`, `agent allow`.
pub(super) struct Pages(BTreeMap<String, Page>);

/// One help page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) about: String,
    pub(super) usage: Vec<String>,
    sections: Vec<(String, Vec<Entry>)>,
    /// The sentences behind the last section.
    pub(super) after: String,
}

/// One command, argument or option.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) text: String,
}

impl Pages {
    /// Runs `program` once for each of its commands.
    pub(super) fn of_program(program: &Path) -> Result<Self, String> {
        let mut pages = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(command) = open.pop() {
            let mut help = std::process::Command::new(program);
            help.args(command.split_whitespace()).arg("--help").env_remove("COLUMNS");
            let printed = output(&mut help)?;
            if !printed.status.success() {
                return Err(format!("`communicado {command} --help`: {}", printed.status));
            }
            let page = Page::parse(&String::from_utf8_lossy(&printed.stdout));
            let names = page.section("Commands").unwrap_or_default();
            open.extend(names.iter().map(|it| format!("{command} {}", it.name).trim().to_owned()));
            pages.insert(command, page);
        }
        Ok(Self(pages))
    }

    #[cfg(test)]
    pub(super) fn of(pages: &[(&str, &str)]) -> Self {
        Self(pages.iter().map(|(name, text)| ((*name).to_owned(), Page::parse(text))).collect())
    }

    pub(super) fn page(&self, command: &str) -> Option<&Page> {
        self.0.get(command)
    }

    /// Every command and subcommand.
    pub(super) fn commands(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|command| !command.is_empty())
    }
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut paragraphs = Paragraphs::default();
        let mut in_usage = false;
        for line in text.lines() {
            let trimmed = line.trim();
            let indent = line.len() - line.trim_start().len();
            if let Some(usage) = line.strip_prefix("Usage: ") {
                page.about = paragraphs.take();
                page.usage.push(usage.to_owned());
                in_usage = true;
            } else if in_usage {
                in_usage = !trimmed.is_empty();
                page.usage.extend(in_usage.then(|| trimmed.to_owned()));
            } else if indent == 0 && trimmed.ends_with(':') && !page.usage.is_empty() {
                page.end_entry(&mut paragraphs);
                page.sections.push((trimmed.trim_end_matches(':').to_owned(), Vec::new()));
            } else if indent == 0 && !trimmed.is_empty() && !page.usage.is_empty() {
                page.end_entry(&mut paragraphs);
                page.after = format!("{} {trimmed}", page.after).trim().to_owned();
            } else if (1..INDENT_OF_TEXT).contains(&indent) {
                page.end_entry(&mut paragraphs);
                let (name, text) = trimmed.split_once("  ").unwrap_or((trimmed, ""));
                paragraphs.add(text.trim());
                let entry = Entry { name: name.to_owned(), text: String::new() };
                page.sections.last_mut().into_iter().for_each(|it| it.1.push(entry.clone()));
            } else {
                paragraphs.add(trimmed);
            }
        }
        page.end_entry(&mut paragraphs);
        page
    }

    fn end_entry(&mut self, paragraphs: &mut Paragraphs) {
        let text = paragraphs.take().replace("\n\n", " ");
        let entries = self.sections.last_mut().map(|(_, entries)| entries);
        let open = entries.and_then(|entries| entries.last_mut());
        if let Some(entry) = open.filter(|entry| entry.text.is_empty()) {
            entry.text = text;
        }
    }

    pub(super) fn section(&self, title: &str) -> Option<&[Entry]> {
        let section = self.sections.iter().find(|(it, _)| it == title);
        section.map(|(_, entries)| entries.as_slice())
    }

    /// The options of every command, which are those that `--client` is one of.
    pub(super) fn global(&self) -> Option<&[Entry]> {
        let has = |entries: &[Entry]| entries.iter().any(|it| it.name.starts_with("--client "));
        let section = self.sections.iter().find(|(_, entries)| has(entries));
        section.map(|(_, entries)| entries.as_slice())
    }
}

/// Lines of text, joined to paragraphs.
#[derive(Default)]
struct Paragraphs(Vec<String>);

impl Paragraphs {
    fn add(&mut self, line: &str) {
        match self.0.last_mut() {
            _ if line.is_empty() => self.0.push(String::new()),
            Some(last) if !last.is_empty() => *last = format!("{last} {line}"),
            Some(last) => line.clone_into(last),
            None => self.0.push(line.to_owned()),
        }
    }

    /// The paragraphs so far, with the words that clap adds put as sentences.
    fn take(&mut self) -> String {
        let taken = std::mem::take(&mut self.0);
        let mut said: Vec<String> = Vec::new();
        for paragraph in taken.iter().filter(|it| !it.is_empty()) {
            let added = sentence(paragraph);
            if let (Some(_), Some(last)) = (&added, said.last_mut()) {
                let is_open = !last.ends_with(['.', ':', '!', '?']);
                last.push_str(if is_open { "." } else { "" });
            }
            said.push(added.unwrap_or_else(|| paragraph.clone()));
        }
        said.join("\n\n")
    }
}

/// `[possible values: a, b]`, `[default: a]` and `Possible values: - a: ... - b: ...` as sentences.
fn sentence(paragraph: &str) -> Option<String> {
    let within = |start: &str| paragraph.strip_prefix(start)?.strip_suffix(']');
    if let Some(values) = within("[possible values: ") {
        let values: Vec<String> = values.split(", ").map(|value| format!("`{value}`")).collect();
        return Some(format!("One of {}.", values.join(", ")));
    }
    if let Some(value) = within("[default: ") {
        return Some(format!("Default: `{value}`."));
    }
    let values = paragraph.strip_prefix("Possible values: - ")?.split(" - ").map(|value| {
        let (name, meaning) = value.split_once(':').unwrap_or((value, ""));
        format!("`{name}`: {}", meaning.trim())
    });
    Some(format!("{}.", values.collect::<Vec<_>>().join("; ")))
}
