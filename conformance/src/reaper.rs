//! Ends the peers of a test process that was killed and could not end them itself.
//!
//! One small shell for the whole test process reads the numbers of our process groups from a pipe.
//! When the pipe ends, for whatever reason, the shell kills the groups that are still on its list.
//! `PR_SET_PDEATHSIG` would not do: it is tied to the thread that started the child, does not
//! reach grandchildren (Kamailio's workers), and needs `unsafe` to be set.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::expect_ok::ExpectOk;

/// Puts a process group on the list.
pub(crate) fn watch_over(group: u32) {
    tell("add", group);
}

/// Takes a process group off the list: its number may soon belong to someone else.
pub(crate) fn let_go(group: u32) {
    tell("drop", group);
}

fn tell(word: &str, group: u32) {
    static REAPER: OnceLock<Mutex<Child>> = OnceLock::new();
    let mut reaper =
        REAPER.get_or_init(|| Mutex::new(start())).lock().unwrap_or_else(PoisonError::into_inner);
    let pipe = reaper.stdin.as_mut().expect_ok("talk to the guardian");
    // One write, one line: shorter than PIPE_BUF, so it arrives whole or not at all.
    pipe.write_all(format!("{word} {group}\n").as_bytes()).expect_ok("talk to the guardian");
}

fn start() -> Child {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "guardian"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Out of reach of the Ctrl+C or time-out that ends the test process's own group.
        .process_group(0)
        .spawn()
        .expect_ok("start /bin/sh, the guardian")
}

const SCRIPT: &str = r#"
groups=
while read -r word group; do
  case $word in
    add) groups="$groups $group" ;;
    drop)
      rest=
      for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
      groups=$rest ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;
