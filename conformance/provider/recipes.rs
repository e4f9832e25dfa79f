//! The recipes of `docs/scripting.md`, run as they stand there.
//!
//! A recipe is the code block after `<!-- test: NAME -->`. It runs on a private bus beside a
//! provider, with `communicado` in its path. jq, Python, Node and i3blocks are the real ones.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use communicado_conformance::{ExpectOk as _, Process, TestSession, require, within};

use crate::provider;

const DOCUMENT: &str = include_str!("../../docs/scripting.md");

/// Every recipe with a test below.
const TESTED: [&str; 22] = [
    "is",
    "wait",
    "run",
    "run-once",
    "run-not",
    "wait-account",
    "notify",
    "waybar",
    "waybar-css",
    "i3blocks",
    "i3blocks-poll",
    "polybar",
    "template",
    "jq-signed-in",
    "jq-accounts",
    "jq-since",
    "jq-watch",
    "python",
    "python-is",
    "node",
    "cron",
    "private",
];

/// The language and the code of a recipe.
#[track_caller]
fn recipe(name: &str) -> (&'static str, &'static str) {
    let marker = format!("<!-- test: {name} -->\n```");
    let (_, block) = DOCUMENT.split_once(&marker).expect_ok(&format!("find {marker}"));
    let (block, _) = block.split_once("\n```\n").expect_ok("find the end of the block");
    block.split_once('\n').expect_ok("find the language of the block")
}

/// A bus, a signed-in provider, and a folder with `communicado` in its path.
struct Fixture {
    provider: Process,
    path: String,
    session: TestSession,
}

impl Fixture {
    fn new() -> Self {
        let session = TestSession::new();
        let bin = session.folder().join("bin");
        fs::create_dir_all(&bin).expect_ok("make a folder for programs");
        let program = session.communicado().program().canonicalize().expect_ok("find the program");
        symlink(program, bin.join("communicado")).expect_ok("link the program");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", bin.display());
        let provider = provider::start(&session, &["--sign-in"]);
        Self { provider, path, session }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.session.folder().join(name)
    }

    /// Writes a program that appends its arguments to a file, and then does `more`.
    fn stub(&self, name: &str, more: &str) {
        let file = self.file(name);
        fs::create_dir_all(file.parent().expect_ok("find its folder")).expect_ok("make a folder");
        let log = self.file("calls");
        let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}\n{more}\n", log.display());
        fs::write(&file, script).expect_ok("write a program");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755))
            .expect_ok("make it executable");
    }

    /// The calls of the stubs so far.
    fn calls(&self) -> String {
        fs::read_to_string(self.file("calls")).unwrap_or_default()
    }

    fn start(&mut self, program: &str, arguments: &[&str]) -> Process {
        let address = self.session.bus().address();
        let folder = self.session.folder().to_owned();
        let name = format!("{program}-recipe");
        Process::start(&name, program, &folder, |command| {
            command.args(arguments).current_dir(&folder).env("HOME", &folder);
            command.env("PATH", &self.path).env("DBUS_SESSION_BUS_ADDRESS", address);
        })
    }

    /// Starts a recipe with the interpreter of its language.
    fn start_recipe(&mut self, name: &str) -> Process {
        let (language, code) = recipe(name);
        let (interpreter, file) = match language {
            "sh" => ("sh", "recipe.sh"),
            "python" => ("python3", "recipe.py"),
            "js" => ("node", "recipe.mjs"),
            _ => panic!("`{name}` is in {language}, which has no interpreter"),
        };
        require(&[interpreter]);
        fs::write(self.file(file), code).expect_ok("write the recipe");
        self.start(interpreter, &[file])
    }

    /// Runs a recipe to its end and returns its output.
    #[track_caller]
    fn run_recipe(&mut self, name: &str) -> String {
        let mut process = self.start_recipe(name);
        let status = process.wait();
        assert!(status.success(), "{name} ended with {status}: {}", process.output());
        process.output()
    }

    fn user(&self, words: &[&str]) {
        provider::user(&self.session, words);
    }
}

#[track_caller]
fn prints(process: &mut Process, text: &str) {
    within(&format!("the recipe prints {text}"), || {
        if let Some(ended) = process.poll() {
            panic!("the recipe has ended, {ended}: {}", process.output());
        }
        process.output().contains(text).then_some(())
    });
}

#[test]
fn every_recipe_has_a_test() {
    let markers = DOCUMENT.split("<!-- test: ").skip(1);
    let marked: BTreeSet<_> = markers.filter_map(|it| Some(it.split_once(" -->")?.0)).collect();
    let tested: BTreeSet<_> = TESTED.into_iter().collect();
    assert_eq!(marked, tested);
    let blocks = DOCUMENT.lines().filter(|line| line.starts_with("```")).count() / 2;
    assert_eq!(blocks, marked.len(), "a code block has no marker");
}

#[test]
fn a_condition_gives_one_of_three_answers() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.run_recipe("is"), "signed in\n");
    assert_eq!(fixture.run_recipe("python-is"), "yes\n");
    fixture.user(&["sign-out"]);
    assert_eq!(fixture.run_recipe("python-is").lines().last(), Some("no"));
    fixture.session.bus().kill();
    let answer = fixture.run_recipe("is");
    assert_eq!(answer.lines().last(), Some("unknown"), "{answer}");
}

#[test]
fn work_starts_after_the_sign_in() {
    let mut fixture = Fixture::new();
    fixture.stub("start-work", "");
    fixture.run_recipe("wait");
    assert!(fixture.calls().contains("start-work"));
}

#[test]
fn a_program_runs_while_its_user_is_signed_in() {
    let mut fixture = Fixture::new();
    fixture.stub("my-bot", "trap 'echo ended; exit' TERM; echo began; while :; do sleep 0.1; done");
    let mut process = fixture.start_recipe("run");
    prints(&mut process, "began\n");
    fixture.user(&["sign-out"]);
    prints(&mut process, "ended\n");
}

#[test]
fn a_command_runs_once_and_its_exit_status_is_the_result() {
    let mut fixture = Fixture::new();
    fixture.stub("upload-report", "exit 7");
    let mut process = fixture.start_recipe("run-once");
    assert_eq!(process.wait().code(), Some(7), "{}", process.output());
    assert_eq!(fixture.calls().matches("upload-report").count(), 1);
    fixture.stub("upload-report", "while :; do sleep 0.1; done");
    let mut process = fixture.start_recipe("run-once");
    within("the command runs", || {
        (fixture.calls().matches("upload-report").count() == 2).then_some(())
    });
    fixture.user(&["sign-out"]);
    assert_eq!(process.wait().code(), Some(1), "{}", process.output());
}

#[test]
fn a_program_runs_while_its_user_is_in_no_meeting() {
    let mut fixture = Fixture::new();
    fixture.stub(
        "play-music",
        "trap 'echo ended; exit' TERM; echo began; while :; do sleep 0.1; done",
    );
    let mut process = fixture.start_recipe("run-not");
    prints(&mut process, "began\n");
    fixture.user(&["set", "busy", "--activity", "in-a-meeting"]);
    prints(&mut process, "ended\n");
}

#[test]
fn a_wait_for_the_opposite_ends_at_the_sign_out_of_its_account() {
    let mut fixture = Fixture::new();
    let mut process = fixture.start_recipe("wait-account");
    let is = |fixture: &Fixture, words: &[&str]| {
        fixture.session.communicado().run(&[&["is"], words].concat()).code
    };
    assert_eq!(is(&fixture, &["signed-in", "--account", "alice@uc.test"]), Some(0));
    assert_eq!(is(&fixture, &["not", "signed-in", "--account", "alice@uc.test"]), Some(1));
    assert_eq!(is(&fixture, &["signed-in", "--account", "bob@uc.test"]), Some(3));
    assert_eq!(process.poll(), None);
    fixture.user(&["sign-out"]);
    assert_eq!(process.wait().code(), Some(0), "{}", process.output());
    let wait = ["wait", "signed-in", "--account", "alic@uc.test"];
    let mut waiting = fixture.session.communicado().start(&wait, |_| {});
    prints(
        &mut waiting,
        "note: no client lists an account `alic@uc.test`; did you mean `alice@uc.test`?",
    );
}

#[test]
fn a_sign_out_and_a_crash_are_notified() {
    let mut fixture = Fixture::new();
    fixture.stub("bin/notify-send", "");
    let process = fixture.start_recipe("notify");
    // The recipe prints nothing when it is ready, so the user signs out until it notices.
    within("the sign-out is notified", || {
        fixture.user(&["sign-out"]);
        fixture.user(&["sign-in"]);
        fixture.calls().contains("provider: signing-out no reason given").then_some(())
    });
    fixture.provider.kill();
    within("the crash is notified", || {
        fixture.calls().contains("provider: signed-out").then_some(())
    });
    drop(process);
}

#[test]
fn waybar_gets_an_icon_and_classes_that_exist() {
    require(&["jq"]);
    let mut fixture = Fixture::new();
    let (_, config) = recipe("waybar");
    fs::write(fixture.file("config"), format!("{{{config}}}")).expect_ok("write the configuration");
    let icons = r#".["custom/communicado"] | .exec, (.["format-icons"] | keys[])"#;
    let mut jq = fixture.start("jq", &["-r", icons, "config"]);
    assert!(jq.wait().success(), "{}", jq.output());
    let output = jq.output();
    let (exec, icons) = output.split_once('\n').expect_ok("read the command");
    let (_, css) = recipe("waybar-css");
    let classes = css.split("#custom-communicado.").skip(1);
    let classes = classes.filter_map(|it| it.split([' ', ',']).next());
    let words = icons.lines().filter(|it| *it != "default").chain(classes);
    for word in words {
        // A word that is no status and no availability is a usage error.
        let ended = fixture.session.communicado().run(&["is", word]);
        assert_ne!(ended.code, Some(2), "{word}");
    }
    let mut process = fixture.start("sh", &["-c", exec]);
    prints(&mut process, r#"{"alt":"available","class":["signed-in","available"]"#);
}

#[test]
fn i3blocks_shows_the_status() {
    require(&["i3blocks"]);
    let mut fixture = Fixture::new();
    let config = format!("{}\n", recipe("i3blocks").1);
    fs::write(fixture.file("config"), config).expect_ok("write the configuration");
    let mut process = fixture.start("i3blocks", &["-c", "config"]);
    prints(&mut process, r#""full_text":"available""#);
    fixture.user(&["set", "busy"]);
    prints(&mut process, r#""full_text":"busy""#);
}

#[test]
fn a_block_that_i3blocks_polls_shows_the_status() {
    require(&["i3blocks"]);
    let mut fixture = Fixture::new();
    let config = recipe("i3blocks-poll").1;
    let command = config.lines().find_map(|line| line.strip_prefix("command="));
    let status = fixture.start("sh", &["-c", command.expect_ok("read the command")]).wait();
    assert_eq!(status.code(), Some(0));
    fs::write(fixture.file("config"), format!("{config}\n")).expect_ok("write the configuration");
    let mut process = fixture.start("i3blocks", &["-c", "config"]);
    prints(&mut process, r#""full_text":"available""#);
}

#[test]
fn polybar_gets_an_icon_and_the_client() {
    let mut fixture = Fixture::new();
    let mut lines = recipe("polybar").1.lines();
    let exec = lines.find_map(|line| line.strip_prefix("exec = ")).expect_ok("read the command");
    let mut process = fixture.start("sh", &["-c", exec]);
    prints(&mut process, "%{F#2e9e4f}●%{F-} provider available\n");
}

#[test]
fn a_template_makes_a_line_per_change() {
    let mut fixture = Fixture::new();
    let mut process = fixture.start_recipe("template");
    prints(&mut process, "🟢 available\n");
    fixture.user(&["set", "do-not-disturb"]);
    prints(&mut process, "⛔ do-not-disturb\n");
}

#[test]
fn jq_reads_every_line() {
    require(&["jq"]);
    let mut fixture = Fixture::new();
    assert_eq!(fixture.run_recipe("jq-signed-in"), "provider\n");
    let accounts = fixture.run_recipe("jq-accounts");
    assert_eq!(accounts.lines().last(), Some("provider alice@uc.test signed-in -"));
    let since = fixture.run_recipe("jq-since");
    let last = since.lines().last().unwrap_or_default();
    assert!(last.starts_with("provider signed-in since 20"), "{since}");
    let mut process = fixture.start_recipe("jq-watch");
    prints(&mut process, "provider - signed-in available\n");
    fixture.user(&["set", "away"]);
    prints(&mut process, "provider signed-in signed-in away\n");
}

#[test]
fn python_reads_every_line() {
    let mut fixture = Fixture::new();
    let mut process = fixture.start_recipe("python");
    prints(&mut process, "provider available\n");
    fixture.user(&["set", "away"]);
    prints(&mut process, "provider away\n");
}

#[test]
fn node_reads_every_line() {
    let mut fixture = Fixture::new();
    let mut process = fixture.start_recipe("node");
    prints(&mut process, "provider - signed-in available\n");
    fixture.user(&["set", "away"]);
    prints(&mut process, "provider signed-in signed-in away\n");
}

#[test]
fn a_script_can_be_tested_on_a_private_bus() {
    require(&["dbus-run-session"]);
    let mut fixture = Fixture::new();
    let output = fixture.run_recipe("private");
    assert!(output.contains("\nprovider is signed-in\n"), "{output}");
}

#[test]
fn a_cron_job_finds_the_session() {
    let mut fixture = Fixture::new();
    fixture.stub("bin/stand-up", "");
    let home = fixture.session.folder().to_owned();
    fs::create_dir_all(home.join(".cargo/bin")).expect_ok("make a folder");
    let program =
        fixture.session.communicado().program().canonicalize().expect_ok("find the program");
    symlink(program, home.join(".cargo/bin/communicado")).expect_ok("link the program");
    let address = fixture.session.bus().address();
    let socket = Path::new(address.trim_start_matches("unix:path=")).to_owned();
    let session = home.join("session");
    fs::create_dir_all(&session).expect_ok("make a folder");
    symlink(socket, session.join("bus")).expect_ok("link the bus");
    let schedule_fields = 5;
    let line =
        recipe("cron").1.splitn(schedule_fields + 1, ' ').last().expect_ok("read the command");
    let command = line.replace("/run/user/$(id -u)", &session.to_string_lossy());
    assert_ne!(line, command);
    let mut process = Process::start("cron", "sh", &home, |it| {
        it.args(["-c", &command]).env("HOME", &home).env("PATH", "/usr/bin:/bin");
    });
    assert!(process.wait().success(), "{}", process.output());
    assert!(fixture.calls().contains("stand-up"));
}
