//! The report of `doctor` without names, to attach to a bug report.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use communicado::SOURCES;
use communicado_cli_support::{Failure, Outcome, note};

/// The minimum length of a redacted name. A shorter one may be part of any word.
const NAME_MIN: usize = 3;

/// Creates the file before any check runs. An existing file is not overwritten.
pub(super) fn create(path: &Path) -> Result<(File, &Path), Failure> {
    let file = File::create_new(path).map_err(|error| {
        let what = format!("cannot create the report `{}`", path.display());
        let help = "name a new file in a folder that you may write to";
        Failure::new(Outcome::Failed, what).cause(error).help(help)
    })?;
    Ok((file, path))
}

/// Writes the report.
pub(super) fn write((mut file, path): (File, &Path), findings: &str) -> Result<(), Failure> {
    let names = ["HOME", "USERPROFILE", "USER", "USERNAME", "COMPUTERNAME", "HOSTNAME"];
    let names: Vec<String> = names.iter().filter_map(|name| std::env::var(name).ok()).collect();
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let sources: Vec<_> = SOURCES
        .iter()
        .filter(|descriptor| descriptor.runs_here())
        .map(|descriptor| descriptor.name)
        .collect();
    let head = format!(
        "communicado {} on {os} ({arch}), sources: {}\n\n",
        env!("CARGO_PKG_VERSION"),
        sources.join(", ")
    );
    let text = head + &redact(findings, &names);
    file.write_all(text.as_bytes()).map_err(|error| {
        let what = format!("cannot write the report `{}`", path.display());
        Failure::new(Outcome::Failed, what)
            .cause(error)
            .help("free disk space and run the command again")
    })?;
    note(&format!("wrote {} without names; read the file before you share it", path.display()));
    Ok(())
}

/// Replaces the names of accounts and `names`. Each account gets one placeholder, such as
/// `<account 1>`.
fn redact(text: &str, names: &[String]) -> String {
    let mut accounts: Vec<String> = Vec::new();
    let mut redacted = String::new();
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        for account in accounts_in(&line) {
            let known = accounts.iter().position(|each| *each == account);
            let number = known.unwrap_or_else(|| {
                accounts.push(account.clone());
                accounts.len() - 1
            });
            line = line.replace(&account, &format!("<account {}>", number + 1));
        }
        redacted += &line;
    }
    let mut names: Vec<&String> = names.iter().filter(|name| name.len() >= NAME_MIN).collect();
    // Longest first, so that a path is replaced before a name that is part of the path.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        redacted = redacted.replace(name.as_str(), "<name>");
    }
    redacted
}

/// The names of accounts in a line: the subject of an account check, and every word with an `@`.
fn accounts_in(line: &str) -> Vec<String> {
    let about = line.get(4..).and_then(|rest| rest.strip_prefix("account "));
    let about = about.and_then(|rest| rest.split_once(" (")).map(|(name, _)| name);
    let borders = |c: char| c.is_whitespace() || "`'\"(),;<>".contains(c);
    let addresses = line.split(borders).filter(|word| word.contains('@'));
    let addresses = addresses.map(|word| word.trim_end_matches([':', '.']));
    about.into_iter().chain(addresses).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_no_names_but_distinguishes_accounts() {
        let findings = "ok  configuration: read from /home/ada/.config/communicado/config.toml\n\
                    ok  account ada@uc.test/ci (XMPP): signed in, away\n\
                    --  account Bob B (IRC): signed out\n\
                    ok  object of lync: signed in as sip:ada@uc.test.\n\
                    ok  account ada@uc.test/ci (XMPP): again\n";
        let names = ["/home/ada".to_owned(), "ada".to_owned(), "x".to_owned()];
        let expected = "ok  configuration: read from <name>/.config/communicado/config.toml\n\
                        ok  account <account 1> (XMPP): signed in, away\n\
                        --  account <account 2> (IRC): signed out\n\
                        ok  object of lync: signed in as <account 3>.\n\
                        ok  account <account 1> (XMPP): again\n";
        assert_eq!(redact(findings, &names), expected);
    }
}
