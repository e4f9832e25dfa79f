//! Completions and man pages, which clap generates from the definitions of the command line.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::help::{AGENT_COMMANDS, COMMANDS};
use crate::program::communicado;

const HIDDEN: [&str; 2] = ["run-guard", "run-exec"];

#[test]
fn completions_list_every_command_and_no_hidden_one() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = communicado(&["completions", shell]).expect_stdout(0, "");
        for command in COMMANDS {
            assert!(completions.contains(command), "{shell}: {command}");
        }
        // The generators for the other two shells omit the values of options.
        let has_words = matches!(shell, "bash" | "zsh" | "fish");
        assert_eq!(completions.contains("do-not-disturb"), has_words, "{shell}");
        for hidden in HIDDEN {
            assert!(!completions.contains(hidden), "{shell}: {hidden}");
        }
    }
}

#[test]
fn completions_are_accepted_by_their_shells() {
    for shell in ["bash", "zsh", "fish"] {
        if !installed(shell) {
            continue;
        }
        let completions = communicado(&["completions", shell]).expect_stdout(0, "");
        let checked = pipe(Command::new(shell).args(["-n", "/dev/stdin"]), &completions);
        assert!(checked.status.success() && checked.stderr.is_empty(), "{shell}: {checked:?}");
    }
}

#[test]
fn bash_completes_commands_conditions_clients_settings_and_sinks() {
    let completions = communicado(&["completions", "bash"]).expect_stdout(0, "");
    let complete = |words: &str| {
        // A script may call `compopt` only while bash completes.
        let ask = format!(
            "{completions}\ncompopt() {{ echo \"compopt $*\"; }}\n\
             COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             registered=$(complete -p communicado | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
             $registered communicado \"${{COMP_WORDS[COMP_CWORD]}}\" \
             \"${{COMP_WORDS[COMP_CWORD-1]}}\"\necho \"${{COMPREPLY[@]}}\"\n"
        );
        let answer = pipe(Command::new("bash").args(["--norc", "/dev/stdin"]), &ask);
        String::from_utf8(answer.stdout).expect("UTF-8").trim_end().to_owned()
    };
    assert_eq!(complete("communicado wat"), "watch");
    assert_eq!(complete("communicado run-"), "");
    assert_eq!(complete("communicado is signed"), "signed-out signed-in");
    assert_eq!(complete("communicado is not in-a-m"), "in-a-meeting");
    assert_eq!(complete("communicado watch --bar w"), "waybar");
    assert_eq!(complete("communicado status --client fin"), "finch");
    let settings = "compopt -o nospace\nsources.purple.check=";
    assert_eq!(complete("communicado watch --set sources.purple.ch"), settings);
    assert_eq!(complete("communicado agent try mq"), "mqtt");
}

#[test]
fn every_command_has_a_man_page_that_renders_without_a_warning() {
    let mut program = communicado(&["man", "--dir", "pages"]);
    let folder = program.path("pages");
    assert_eq!(program.run().code, Some(0));
    let mut pages: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("a page").file_name().into_string().expect("a name"))
        .collect();
    pages.sort();
    let asked = ["sign-in", "sign-out", "set", "status", "quit"];
    let nested = asked.map(|word| format!("provide-{word}"));
    let of_the_agent = AGENT_COMMANDS.map(|task| format!("agent-{task}"));
    let commands = COMMANDS.iter().map(ToString::to_string).chain(nested).chain(of_the_agent);
    let of_commands = commands.map(|command| format!("communicado-{command}.1"));
    let mut expected: Vec<String> = of_commands.chain(["communicado.1".to_owned()]).collect();
    expected.sort();
    assert_eq!(pages, expected);
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(page)).expect(page);
        assert!(HIDDEN.iter().all(|hidden| !text.contains(hidden)), "{page}");
        for section in ["SYNOPSIS", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"] {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{page}: {section}");
        }
        renders(&folder.join(page));
    }
    let read = |page: &str| std::fs::read_to_string(folder.join(page)).expect(page);
    for command in COMMANDS {
        let page = read(&format!("communicado-{command}.1"));
        assert!(page.contains("\n.SH EXAMPLES\n.TP\n"), "{command}");
    }
    let synopsis = "run\\fR [OPTIONS] \\-\\-while <CONDITION>... \\-\\- <COMMAND>...";
    assert!(read("communicado-run.1").contains(synopsis));
    let alone = communicado(&["man"]).expect_stdout(0, "");
    let filed = std::fs::read_to_string(folder.join("communicado.1")).expect("the page");
    assert_eq!(alone, filed);
}

#[test]
fn man_pages_in_an_unwritable_folder_are_an_error() {
    communicado(&["man", "--dir", "file/pages"]).with_file("file", "").expect(
        5,
        "",
        "error: cannot write man pages to `file/pages`\n  cause: Not a directory (os error 20)\n  help: name a folder that you may write to\n",
    );
}

/// Renders the page with man, or with groff, and fails on a warning.
fn renders(page: &Path) {
    let (program, arguments): (_, &[&str]) = match ["man", "groff"].map(installed) {
        [true, _] => ("man", &["--warnings", "-l"]),
        [false, true] => ("groff", &["-man", "-Tutf8", "-ww", "-z"]),
        [false, false] => return,
    };
    let mut command = Command::new(program);
    command.env("MANROFFSEQ", "").env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let rendered = command.args(arguments).arg(page).output().expect(program);
    let warnings = String::from_utf8_lossy(&rendered.stderr);
    assert!(rendered.status.success() && warnings.is_empty(), "{}: {warnings}", page.display());
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn pipe(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the shell");
    let written = child.stdin.take().expect("its input").write_all(input.as_bytes());
    written.expect("the shell reads");
    child.wait_with_output().expect("the shell")
}
