//! Kills the peers of a test process that was killed.
//!
//! A small shell reads the ids of our process groups from a pipe. When the pipe closes, the shell
//! kills the groups that are still on its list. `PR_SET_PDEATHSIG` is no alternative. It follows
//! the thread that started the child, does not reach grandchildren, and needs `unsafe`.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::expect_ok::ExpectOk;

/// Puts a process group on the list.
pub(crate) fn watch_over(group: u32) {
    tell("add", group);
}

/// Takes a process group off the list, because the system may use its number again.
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
        // Ctrl+C and a timeout kill the group of the test process, and not this one.
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
