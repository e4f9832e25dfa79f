//! `run --while`: no process is left, whichever ends first.

use std::fs;
use std::path::{Path, PathBuf};

use communicado_conformance::{ExpectOk as _, Process, Signal, TestSession, within};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;
use rustix::process::{Pid, kill_process};

use crate::service::{SOON, Service};

/// The variable that marks the processes of a run in `/proc`.
const MARK: &str = "COMMUNICADO_TEST_MARK";

/// A `run --while signed-in` of a shell script, beside a signed-in client.
struct Run {
    program: Process,
    service: Service,
    mark: String,
    started: PathBuf,
    session: TestSession,
}

impl Run {
    /// Starts the run and waits for the `echo > "$STARTED"` of the script.
    #[track_caller]
    fn of(script: &str) -> Self {
        let mut session = TestSession::new();
        let service = Service::sane(&mut session);
        let mark = format!("{MARK}={}", session.folder().display());
        let started = session.folder().join("started");
        let mut arguments = vec!["run", "--while", "signed-in", "--grace", "300ms"];
        arguments.extend(SOON);
        arguments.extend(["--", "sh", "-c", script]);
        let program = session.communicado().start(&arguments, |command| {
            command.env(MARK, session.folder()).env("STARTED", &started);
        });
        let run = Self { program, service, mark, started, session };
        run.wait_until_started();
        run
    }

    #[track_caller]
    fn wait_until_started(&self) {
        within(&format!("the command starts: {}", self.program.output()), || {
            fs::remove_file(&self.started).ok()
        });
    }

    /// The marked processes: their ids and command lines.
    fn marked(&self) -> Vec<(i32, String)> {
        let processes = fs::read_dir("/proc").expect_ok("read /proc").flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let marked = |process: &i32| {
            // Empty for a zombie.
            let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == self.mark.as_bytes())
        };
        let line = |process: i32| {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            (process, String::from_utf8_lossy(&line).replace('\0', " "))
        };
        numbers.filter(marked).map(line).collect()
    }

    /// The marked processes without communicado.
    fn below(&self) -> Vec<(i32, String)> {
        let own = i32::try_from(self.program.id()).expect_ok("read a process id");
        self.marked().into_iter().filter(|(process, _)| *process != own).collect()
    }

    fn guard(&self) -> Pid {
        let below = self.below();
        let guard = below.iter().find(|(_, line)| line.contains(" run-guard "));
        Pid::from_raw(guard.expect_ok("find the guard").0).expect_ok("read a process id")
    }

    /// Waits until communicado has no descendants.
    #[track_caller]
    fn nothing_is_left_below(&self) {
        within(&format!("all below has ended: {}", self.program.output()), || {
            self.below().is_empty().then_some(())
        });
    }

    /// Waits until no marked process is left. Reads `/proc` first, because waiting for the program
    /// would kill its process group.
    #[track_caller]
    fn nothing_is_left(&self) {
        within(&format!("all has ended: {}", self.program.output()), || {
            self.marked().is_empty().then_some(())
        });
    }

    #[track_caller]
    fn ends_with(&mut self, code: Option<i32>) {
        self.nothing_is_left();
        let own = fs::read_to_string("/proc/self/cgroup").expect_ok("read the own cgroup");
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
            let name = format!("communicado-run-{}-", self.program.id());
            let folder = Path::new(mount).join(own);
            within(&format!("its cgroup is removed: {}", self.program.output()), || {
                let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
                let mut names = entries.map(|entry| entry.file_name());
                (!names.any(|it| it.to_string_lossy().starts_with(&name))).then_some(())
            });
        }
        let status = self.program.wait();
        assert_eq!(status.code(), code, "{status}: {}", self.program.output());
    }
}

/// Three processes that fork and exit for half a minute. A scan of `/proc` may miss each, so their
/// open file proves their end.
const FORKS_AND_ENDS: &str = r#"
mkfifo "$STARTED.alive"; echo > "$STARTED"; exec 9> "$STARTED.alive"; exec python3 -c '
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + 30
if all(os.fork() for _ in range(3)):
    time.sleep(30)
    os._exit(0)
os.write(9, b".")
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
'"#;

const SLEEPS: &str = "echo > \"$STARTED\"; exec sleep 1000";
const IGNORES_TERM: &str =
    "trap '' TERM INT HUP; echo > \"$STARTED\"; while :; do sleep 1000; done";
const HAS_CHILDREN: &str = "sleep 1000 & (sleep 1000 & sleep 1000) & echo > \"$STARTED\"; wait";
/// A classic daemon: forked twice, with its own session and folder, without its parent.
const HAS_DAEMONS: &str = "setsid sh -c 'cd /; (trap \"\" TERM; sleep 1000) & sleep 1000 &' \
                           </dev/null >/dev/null 2>&1; setsid -f sleep 1000; \
                           echo > \"$STARTED\"; exec sleep 1000";
const LEAVES_A_DAEMON: &str = "setsid -f sleep 1000; sleep 1000 & echo > \"$STARTED\"; exit 7";

const ALL: [&str; 5] = [SLEEPS, IGNORES_TERM, HAS_CHILDREN, HAS_DAEMONS, LEAVES_A_DAEMON];

#[test]
fn a_command_that_ends_by_itself_leaves_nothing_and_is_not_started_again_at_once() {
    let mut run = Run::of(LEAVES_A_DAEMON);
    run.nothing_is_left_below();
    within("the end of the command is reported", || {
        run.program.output().contains("note: the command ended: exit status: 7").then_some(())
    });
    // After a sign-out and a sign-in the condition holds.
    run.service.tell("sign_off");
    run.service.tell("sign_on");
    run.wait_until_started();
    run.nothing_is_left_below();
    run.program.signal(Signal::TERM);
    run.ends_with(Some(0));
}

#[test]
fn a_sign_out_ends_the_command_and_a_sign_in_starts_it_again() {
    for script in ALL {
        let mut run = Run::of(script);
        run.service.tell("sign_off");
        run.nothing_is_left_below();
        run.service.tell("sign_on");
        run.wait_until_started();
        run.program.signal(Signal::TERM);
        run.ends_with(Some(0));
    }
}

#[test]
fn a_client_that_is_gone_ends_the_command() {
    let mut run = Run::of(HAS_DAEMONS);
    run.service.tell("release");
    run.nothing_is_left_below();
    run.program.signal(Signal::TERM);
    run.ends_with(Some(0));
}

#[test]
fn a_client_that_does_not_answer_ends_the_command() {
    let mut run = Run::of(SLEEPS);
    run.service.behave("silence");
    run.nothing_is_left_below();
    run.program.signal(Signal::TERM);
    run.ends_with(Some(0));
}

#[test]
fn a_bus_that_ends_ends_the_command() {
    let mut run = Run::of(HAS_CHILDREN);
    run.session.bus().kill();
    run.nothing_is_left_below();
    run.program.signal(Signal::TERM);
    run.ends_with(Some(0));
}

#[test]
fn every_way_to_ask_communicado_to_end_ends_the_command_too() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        for script in ALL {
            let mut run = Run::of(script);
            run.program.signal(signal);
            run.ends_with(Some(0));
        }
    }
}

#[test]
fn a_ctrl_c_that_reaches_all_of_them_at_once_leaves_nothing() {
    for script in ALL {
        let mut run = Run::of(script);
        run.program.signal_all(Signal::INT);
        run.ends_with(Some(0));
    }
}

#[test]
fn communicado_that_is_killed_leaves_nothing() {
    for script in ALL {
        let mut run = Run::of(script);
        run.program.signal(Signal::KILL);
        run.ends_with(None);
    }
}

#[test]
fn a_guard_that_is_killed_leaves_nothing() {
    for script in ALL {
        if script == LEAVES_A_DAEMON {
            continue;
        }
        let mut run = Run::of(script);
        kill_process(run.guard(), Signal::KILL).expect_ok("kill the guard");
        run.nothing_is_left_below();
        run.program.signal(Signal::TERM);
        run.ends_with(Some(0));
    }
}

#[test]
fn a_command_that_forks_and_ends_again_and_again_leaves_nothing() {
    for signal in [Signal::TERM, Signal::KILL] {
        let mut run = Run::of(FORKS_AND_ENDS);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let alive = open(run.started.with_extension("alive"), flags, Mode::empty());
        let alive = alive.expect_ok("open the file that they have open");
        for _ in 0..3 {
            within("all three run", || (read(&alive, &mut [0]) == Ok(1)).then_some(()));
        }
        let guard = run.guard();
        run.program.signal(signal);
        // Each process ends its descendants; the guard does so if communicado was killed.
        let own = Pid::from_raw(run.program.id().cast_signed()).expect_ok("read a process id");
        within("both have ended", || [own, guard].iter().all(has_ended).then_some(()));
        assert_eq!(read(&alive, &mut [0]), Ok(0), "one is left");
        run.ends_with((signal == Signal::TERM).then_some(0));
    }
}

fn has_ended(process: &Pid) -> bool {
    // Empty for a zombie.
    let environment = fs::read(format!("/proc/{}/environ", process.as_raw_nonzero()));
    environment.unwrap_or_default().is_empty()
}

#[test]
fn a_command_gets_its_arguments_and_its_environment_as_they_are() {
    let session = TestSession::new();
    let given = session.folder().join("given");
    let script = "printf '%s|' \"$@\" > \"$GIVEN.new\"; mv \"$GIVEN.new\" \"$GIVEN\"";
    let odd = ["--json", "--", "a b", "", "*", "\u{202e}"];
    let mut arguments = vec!["run", "--while", "absent", "--", "sh", "-c", script, "sh"];
    arguments.extend(odd);
    let mut program = session.communicado().start(&arguments, |command| {
        command.env("GIVEN", &given);
    });
    let got = within("the command has run", || fs::read_to_string(&given).ok());
    assert_eq!(got, odd.map(|each| format!("{each}|")).concat());
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
}
