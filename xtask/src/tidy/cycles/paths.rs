//! The paths to items and modules in one Rust file, read from its tokens.
//!
//! The reader does not resolve paths; see the parent module.

use std::collections::{BTreeSet, VecDeque};

/// The paths and declarations of one file.
#[derive(Default)]
pub(super) struct Paths<'a> {
    /// Modules that the file declares without a body.
    pub(super) children: BTreeSet<&'a str>,
    /// Modules that the file declares for tests only.
    pub(super) of_tests: Vec<&'a str>,
    pub(super) named: Vec<Named<'a>>,
}

/// A path in a file.
pub(super) struct Named<'a> {
    pub(super) path: Vec<&'a str>,
    /// The name that a `use` declaration brings into scope.
    pub(super) import: Option<&'a str>,
    pub(super) line: usize,
    /// The modules with a body that the path is in, outermost first.
    pub(super) within: Vec<&'a str>,
}

impl<'a> Paths<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut parser = Parser { tokens: tokens(text).into(), ..Parser::default() };
        parser.read();
        parser.found
    }
}

#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

impl Token<'_> {
    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a Rust file without comments and literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let after = rest.get(name..).unwrap_or_default();
        let literal = match rest.get(..name).unwrap_or_default() {
            prefix @ ("" | "b" | "c" | "r" | "br" | "cr") => literal(prefix, after),
            _ => None,
        };
        let (length, is_token) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), false)
        } else if let Some(length) = literal {
            (name + length, false)
        } else if name > 0 {
            (name, true)
        } else if rest.starts_with("::") {
            (2, true)
        } else {
            (first.len_utf8(), !first.is_whitespace())
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_token {
            tokens.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of a literal that begins here, behind its prefix.
fn literal(prefix: &str, text: &str) -> Option<usize> {
    let unquoted = text.trim_start_matches('#');
    let hashes = text.len() - unquoted.len();
    let closed_by = |text: &str, quote: char| {
        let mut escaped = false;
        let end = text.char_indices().skip(1).find(|(_, c)| {
            let is_end = !escaped && *c == quote;
            escaped = !escaped && *c == '\\';
            is_end
        });
        end.map_or(text.len(), |(at, _)| at + 1)
    };
    if prefix.contains('r') && unquoted.starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = unquoted.get(1..)?;
        return Some(body.find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len()));
    }
    if text.starts_with('"') {
        return Some(closed_by(text, '"'));
    }
    // A lifetime has no second quote right behind its first letter.
    let is_char = text.starts_with("'\\") || text.chars().nth(2) == Some('\'');
    (text.starts_with('\'') && is_char).then(|| closed_by(text, '\''))
}

/// A reader of the tokens of one file.
#[derive(Default)]
struct Parser<'a> {
    tokens: VecDeque<Token<'a>>,
    found: Paths<'a>,
    depth: usize,
    within: Vec<(&'a str, usize)>,
}

impl<'a> Parser<'a> {
    fn read(&mut self) {
        while let Some(token) = self.tokens.pop_front() {
            match token.text {
                "#" => self.attribute(),
                "{" => self.depth += 1,
                "}" => {
                    self.depth = self.depth.saturating_sub(1);
                    self.within.pop_if(|(_, depth)| *depth == self.depth);
                }
                "mod" => self.declaration(),
                // `use<'a>` is a bound.
                "use" if self.peek(0) != "<" => self.import(&[]),
                "::" => self.skip_path(),
                _ if token.is_name() && self.peek(0) == "::" => self.path(token),
                _ => {}
            }
        }
    }

    fn peek(&self, ahead: usize) -> &'a str {
        self.tokens.get(ahead).map_or("", |token| token.text)
    }

    /// Skips what stands behind `#[cfg(test)]`.
    fn attribute(&mut self) {
        if self.peek(0) != "[" || self.peek(1) != "cfg" {
            return;
        }
        let end = self.tokens.iter().position(|token| token.text == "]").unwrap_or_default();
        let attribute: Vec<Token> = self.tokens.drain(..=end.min(self.tokens.len() - 1)).collect();
        let has = |text: &str| attribute.iter().any(|token| token.text == text);
        if !has("test") || has("not") {
            return;
        }
        let mut depth = 0;
        let mut item = Vec::new();
        while let Some(token) = self.tokens.pop_front() {
            item.push(token.text);
            depth += usize::from(token.text == "{");
            let is_end = match token.text {
                ";" | "," => depth == 0,
                "}" => {
                    depth -= usize::from(depth > 0);
                    depth == 0
                }
                _ => false,
            };
            if is_end {
                break;
            }
        }
        if let [.., "mod", name, ";"] = *item {
            self.found.of_tests.push(name);
        }
    }

    fn declaration(&mut self) {
        let name = self.peek(0);
        match self.peek(1) {
            ";" => _ = self.found.children.insert(name),
            "{" => self.within.push((name, self.depth)),
            _ => return,
        }
        self.tokens.pop_front();
    }

    /// Reads a tree of imports below `prefix`, up to what ends it.
    fn import(&mut self, prefix: &[&'a str]) {
        let mut path = prefix.to_vec();
        let mut import = None;
        let mut line = 0;
        while let Some(token) = self.tokens.front().copied() {
            if matches!(token.text, "," | "}" | ";") {
                break;
            }
            self.tokens.pop_front();
            line = token.line;
            match token.text {
                "::" => {}
                "as" => {
                    import = self.tokens.pop_front().map(|token| token.text);
                }
                "{" => {
                    while !matches!(self.peek(0), "}" | ";" | "") {
                        self.import(&path);
                        if self.peek(0) == "," {
                            self.tokens.pop_front();
                        }
                    }
                    self.tokens.pop_front();
                    return;
                }
                name => path.push(name),
            }
        }
        path.pop_if(|last| *last == "self" && !prefix.is_empty());
        let import = import.or(path.last().copied());
        self.add(path, import, line);
    }

    fn path(&mut self, first: Token<'a>) {
        let mut path = vec![first.text];
        while self.peek(0) == "::" && self.tokens.get(1).is_some_and(Token::is_name) {
            self.tokens.pop_front();
            path.extend(self.tokens.pop_front().map(|token| token.text));
        }
        self.add(path, None, first.line);
    }

    /// Skips a path of another crate or behind generic arguments.
    fn skip_path(&mut self) {
        while self.tokens.front().is_some_and(Token::is_name) {
            self.tokens.pop_front();
            if self.peek(0) != "::" {
                break;
            }
            self.tokens.pop_front();
        }
    }

    fn add(&mut self, path: Vec<&'a str>, import: Option<&'a str>, line: usize) {
        let within = self.within.iter().map(|(name, _)| *name).collect();
        self.found.named.push(Named { path, import, line, within });
    }
}
