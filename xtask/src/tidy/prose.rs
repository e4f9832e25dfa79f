//! The rule that documents, help texts and doc comments are in plain English.
//!
//! The rule refuses a few constructions that readers stumble over: clauses with "who" and without a
//! noun before it, statements that begin with "What", passive verbs without an actor, and first
//! lines of doc comments that cannot stand alone in an index. It reads
//!
//! - `*.md`, without code, quotations and indented blocks;
//! - the help of programs: doc comments in a file that derives a parser, and `help` and `about`;
//! - the first paragraph of every doc comment.
//!
//! Style beyond that is a matter for readers. The rule prefers silence to a false alarm.

use super::Finding;
use super::tree::{Tree, lines};

/// Files and folders with findings today.
///
/// An entry is a debt. Remove it with the last finding; an entry without findings is one too.
const REMAINING: &[&str] = &[];

/// Words that no text needs.
const REFUSED: &[&str] = &["whoever", "whomever", "whom", "his"];

/// Words that need a noun between them and "who".
const BEFORE_WHO: &[&str] =
    &["of", "for", "by", "with", "from", "to", "than", "if", "when", "while", "because", "but"];

/// Phrases that hide an actor or a noun.
const PHRASES: &[(&str, &str)] = &[
    ("it is so", "name the condition"),
    ("it is not so", "name the condition"),
    ("is told", ACTOR),
    ("are told", ACTOR),
    ("was told", ACTOR),
    ("be told", ACTOR),
    ("is said", ACTOR),
    ("are said", ACTOR),
    ("was said", ACTOR),
    ("nobody is", "begin with a noun: \"no user\", \"no reader\""),
];

const ACTOR: &str = "use an active verb and name the actor: the gateway reports, the client sends";
const OWN: &str = "write \"its own\" before the noun, or \"a separate\", \"a dedicated\"";
const NOUN: &str = "begin with a noun: \"a client that\", \"users who\"";
const STATEMENT: &str = "begin a statement with its subject; only a question begins so";
const INDEX: &str = "write a noun phrase or a verb phrase that stands alone in an index";

/// Words that can follow "of its own" where no noun does: "a thread of its own that", but not "the
/// names of its own files".
const AFTER_OWN: &[&str] =
    &["and", "as", "for", "from", "in", "is", "on", "or", "so", "that", "to", "which", "with"];

/// First words of a doc comment that do not stand alone.
const NOT_ALONE: &[&str] = &["What", "How", "Whether", "Who", "It"];

pub(super) fn dialect(tree: &Tree) -> Vec<Finding> {
    dialect_but(tree, REMAINING)
}

fn dialect_but(tree: &Tree, remaining: &[&str]) -> Vec<Finding> {
    let documents = tree.ending(".md").flat_map(|(file, text)| in_document(file, text));
    let sources = tree.ending(".rs").flat_map(|(file, text)| in_source(file, text));
    let (excused, mut findings): (Vec<_>, Vec<_>) =
        documents.chain(sources).partition(|it| remaining.iter().any(|at| it.file.starts_with(at)));
    for entry in remaining {
        if !excused.iter().any(|it| it.file.starts_with(entry)) {
            let what = format!("`{entry}` has no findings");
            findings.push(Finding::new(file!(), 0, what, "remove it from REMAINING"));
        }
    }
    findings
}

fn in_document(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (number, line) in lines(text) {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        let is_quoted = ["    ", ">", "<!--"].iter().any(|start| line.starts_with(start));
        if in_block || is_fence || is_quoted {
            continue;
        }
        let is_row = line.starts_with('|');
        for cell in plain(line).split('|') {
            let mut cell = cell.trim_start_matches(|c: char| !c.is_alphabetic()).to_owned();
            if is_row && cell.starts_with("who ") {
                cell.replace_range(..1, "W");
            }
            let cell = cell.as_str();
            findings.extend(faults(cell).map(|fault| fault.at(file, number)));
        }
    }
    findings
}

fn in_source(file: &str, text: &str) -> Vec<Finding> {
    let derived = text.lines().filter(|line| line.trim_start().starts_with("#[derive("));
    let parsers = ["Args", "Parser", "Subcommand", "ValueEnum"];
    let has_help = derived.into_iter().any(|line| parsers.iter().any(|it| line.contains(it)));
    let mut findings = Vec::new();
    for (number, paragraph, is_first) in paragraphs(text) {
        let paragraph = plain(&paragraph);
        let first = paragraph.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if is_first && NOT_ALONE.contains(&first) {
            let what = format!("a doc comment begins with \"{first}\"");
            findings.push(Finding::new(file, number, what, INDEX));
        } else if is_first || has_help {
            findings.extend(faults(&paragraph).map(|fault| fault.at(file, number)));
        }
    }
    for (number, help) in helps(text) {
        findings.extend(faults(&plain(&help)).map(|fault| fault.at(file, number)));
    }
    findings.sort_by_key(|it| it.line);
    findings
}

/// The paragraphs of doc comments: the first line, the text, whether it is the first one.
fn paragraphs(text: &str) -> Vec<(usize, String, bool)> {
    let mut found: Vec<(usize, String, bool)> = Vec::new();
    let mut before: Option<&str> = None;
    for (number, line) in lines(text) {
        let line = line.trim_start();
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let comment = comment.filter(|rest| !rest.starts_with('/')).map(str::trim);
        match (comment, before) {
            (None | Some(""), _) => {}
            (Some(comment), Some(before)) if !before.is_empty() => {
                if let Some((_, paragraph, _)) = found.last_mut() {
                    paragraph.push(' ');
                    paragraph.push_str(comment);
                }
            }
            (Some(comment), _) => found.push((number, comment.to_owned(), before.is_none())),
        }
        before = comment;
    }
    found
}

/// The texts of `help` and `about`, with their lines.
fn helps(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for name in ["help", "about"] {
        for (at, _) in text.match_indices(name) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            let starts = [" = \"", "(\"", " = format!(\"", "(format!(\""];
            let Some(rest) = starts.iter().find_map(|start| rest.strip_prefix(start)) else {
                continue;
            };
            let end = rest
                .match_indices('"')
                .find(|(at, _)| !rest.get(..*at).unwrap_or_default().ends_with('\\'));
            let help = rest.get(..end.map_or(rest.len(), |(at, _)| at)).unwrap_or_default();
            let number = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            let help = help.replace("\\\n", " ");
            found.push((number, help.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    found
}

/// A text without code, quotations and the targets of links.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (index, part) in text.split('`').enumerate() {
        // A word stands for the code, so that "`a` who" has a noun.
        plain.push_str(if index % 2 == 0 { part } else { "code" });
    }
    let mut unquoted = String::new();
    for (index, part) in plain.split('"').enumerate() {
        unquoted.push_str(if index % 2 == 0 { part } else { "quotation" });
    }
    let mut unlinked = String::new();
    for (index, part) in unquoted.split("](").enumerate() {
        let part = if index == 0 { part } else { part.split_once(')').map_or("", |it| it.1) };
        unlinked.push_str(part);
    }
    unlinked.replace(['*', '[', '_'], "")
}

/// A refused construction.
struct Fault {
    phrase: String,
    to_do: &'static str,
}

impl Fault {
    fn at(self, file: &str, line: usize) -> Finding {
        Finding::new(file, line, format!("\"{}\"", self.phrase), self.to_do)
    }
}

fn faults(text: &str) -> impl Iterator<Item = Fault> {
    let fault = |phrase: &str, to_do| Fault { phrase: phrase.to_owned(), to_do };
    let mut faults = Vec::new();
    for sentence in sentences(text) {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let is_question = sentence.trim_end().ends_with('?');
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let mut before: Option<&str> = None;
        for (index, word) in words.iter().copied().enumerate() {
            let phrase = || words.iter().skip(index.saturating_sub(1)).take(4).copied();
            let phrase = || phrase().collect::<Vec<_>>().join(" ");
            let name = bare(word);
            let is_open = before.is_some_and(|before| {
                before.ends_with([';', ':']) || BEFORE_WHO.contains(&bare(before).as_str())
            });
            let next = words.get(index + 1).map(|next| bare(next));
            let is_last = !word.ends_with(char::is_alphanumeric)
                || next.is_none_or(|next| AFTER_OWN.contains(&next.as_str()));
            let is_own = name == "own"
                && is_last
                && before.is_some_and(|before| bare(before) == "its")
                && index.checked_sub(2).and_then(|at| words.get(at)) == Some(&"of");
            if is_own {
                faults.push(fault("of its own", OWN));
            } else if REFUSED.contains(&name.as_str()) {
                faults.push(fault(&phrase(), NOUN));
            } else if index == 0 && ["Who", "What"].contains(&word) && !is_question {
                faults.push(fault(&phrase(), STATEMENT));
            } else if word == "who" && is_open && !is_question {
                faults.push(fault(&phrase(), NOUN));
            }
            before = Some(word);
        }
        let text = words.iter().map(|word| bare(word)).collect::<Vec<_>>().join(" ");
        // The plain words for the state of a client.
        let text = format!(" {text} ").replace(" nobody is signed in ", " ");
        let phrases = PHRASES.iter().filter(|(phrase, _)| text.contains(&format!(" {phrase} ")));
        faults.extend(phrases.map(|(phrase, to_do)| fault(phrase, to_do)));
    }
    faults.into_iter()
}

/// The sentences of a text, each with its end.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = text;
    while let Some((at, _)) = rest.match_indices(['.', '!', '?']).find(|(at, _)| {
        let after = rest.get(at + 1..).unwrap_or_default().trim_start_matches(')');
        after.starts_with(' ')
    }) {
        let (sentence, after) = rest.split_at_checked(at + 1).unwrap_or((rest, ""));
        sentences.push(sentence);
        rest = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    sentences.push(rest);
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, text: &str, expected: &[usize]) {
        let found = dialect_but(&Tree::of(&[(file, text)]), &[]);
        let found: Vec<_> = found.iter().map(|it| it.line).collect();
        assert_eq!(found, expected, "{file}: {text}");
    }

    #[test]
    fn these_lines_of_a_document_are_refused() {
        for line in [
            "Who is killed, asleep or cut off is `unknown`.",
            "- Whoever reads a person is recorded.",
            "The gateway lets it in. What cannot be judged is `unknown`.",
            "## Who sees what",
            "One to whom nothing goes costs nothing.",
            "| 256 questions | who asks more waits |",
            "It shows the page to who looks at it.",
            "A lease ends; who comes back gets a snapshot.",
            "Run a command for as long as it is so.",
            "Signed-out is always told before gone; nothing is told twice.",
            "It is a program of its own.",
            "The desk is a thread of its own that speaks to a client.",
            "Since nobody is there, it fails.",
            "With a token a user can change his status.",
        ] {
            check("a.md", line, &[1]);
        }
    }

    #[test]
    fn these_lines_of_a_document_are_allowed() {
        for line in [
            "Who is signed in? What does the code mean?",
            "Users who are signed in see the board.",
            "It reports whether a client runs and who is signed in.",
            "It reads signals of its own provider.",
            "The person's own devices, and their own status.",
            "The page shows who has read the person.",
            "The client runs and nobody is signed in.",
            "The comment says what the code means. This is what you get.",
            "`who of whom` and \"Who asks more waits\" are quotations.",
            "See [the history](whoever.md).",
            "> Who asks more waits.",
            "    who knows it | what to believe",
            "```\nWho asks more waits.\n```",
            "Whole words count: whose, told, this.",
        ] {
            check("a.md", line, &[]);
        }
    }

    #[test]
    fn these_doc_comments_are_refused() {
        for text in [
            "//! What it does.",
            "/// How a client ends.",
            "/// Whether it runs.",
            "    /// It runs.",
            "/// Who asks.",
            "/// A status that is\n/// told twice.",
            "/// The name of\n/// whom it is about.",
        ] {
            check("a.rs", text, &[1]);
        }
        check("a.rs", "/// A client.\n\n/// What a client is.\n", &[3]);
    }

    #[test]
    fn these_doc_comments_are_allowed() {
        for text in [
            "//! A client.\n//!\n//! What it is, is here.",
            "/// The status of a client.\n///\n/// Who asks more waits.",
            "// What it does.",
            "/// Items, and whether they run.",
            "/// `What` is a type.",
            "//// What it does.",
        ] {
            check("a.rs", text, &[]);
        }
    }

    #[test]
    fn help_is_read_whole() {
        let derive = "#[derive(Debug, Args)]\n";
        check("a.rs", &format!("{derive}/// Wait.\n///\n/// Waits until it is so.\n"), &[4]);
        check("a.rs", "/// Wait.\n///\n/// Waits until it is so.\n", &[]);
        check("a.rs", "#[arg(help = \"for whoever asks\")]", &[1]);
        check("a.rs", "\nlet help = \"give it to \\\n    whom you like\";", &[2]);
        check("a.rs", "error.help(\"start \\\"it\\\" for who asks\")", &[1]);
        check("a.rs", "error.help(\"start the client\"); \"whoever\"", &[]);
    }

    #[test]
    fn what_remains_must_have_findings() {
        let tree = Tree::of(&[("a/b.md", "Whoever."), ("c.md", "Fine.")]);
        assert_eq!(dialect_but(&tree, &["a/"]), []);
        assert_eq!(dialect_but(&tree, &["a/", "c.md"]).len(), 1);
    }
}
