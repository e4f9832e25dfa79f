//! A Windows of its own for one test: a registry, processes and COM, all real, all Wine's.

mod peer;
mod program;
mod stacks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::communicado::Communicado;
use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::process::clean;
use crate::watch::Watch;

pub use peer::{Peer, PeerKind};
pub use program::Program;

/// Where Debian keeps the program; its wrapper wants the 32-bit one too.
pub(crate) const WINE: &str = "/usr/lib/wine/wine64";
const WINE_SERVER: &str = "/usr/lib/wine/wineserver64";

/// A private world of Wine's for one test: nothing in it knows of another test's.
#[derive(Debug)]
pub struct Wine {
    world: TempDir,
    peers: PeerKind,
}

impl Wine {
    /// Makes a world, with the client that is furthest from our own code.
    pub fn new() -> Self {
        Self::with(PeerKind::C)
    }

    /// Makes a world with clients of this kind.
    pub fn with(peers: PeerKind) -> Self {
        let world =
            TempDir::with_prefix_in(prefix("wine"), folder()).expect_ok("make a world for Wine");
        // All but the registry is the same file for all: only that is written.
        let template = template();
        let copied = Command::new("cp")
            .args(["-al", "--"])
            .arg(format!("{}/.", template.display()))
            .arg(world.path())
            .status();
        assert!(copied.expect_ok("copy Wine's files").success(), "cp cannot copy Wine's files");
        for hive in ["system.reg", "user.reg", "userdef.reg"] {
            let own = world.path().join(hive);
            fs::remove_file(&own).expect_ok("give a world its registry");
            fs::copy(template.join(hive), own).expect_ok("give a world its registry");
        }
        Self { world, peers }
    }

    /// The folder of the world, gone with it.
    pub fn folder(&self) -> &Path {
        self.world.path()
    }

    /// The program under test.
    pub fn communicado(&self) -> Communicado {
        Communicado::under_wine(self.world.path())
    }

    /// Starts `communicado watch --json`.
    pub fn watch(&self) -> Watch {
        Watch::start(&self.communicado(), &[])
    }

    /// Starts `communicado watch --json` with `arguments`.
    pub fn watch_with(&self, arguments: &[&str]) -> Watch {
        Watch::start(&self.communicado(), arguments)
    }

    /// A client whose program is called `program`, not yet in the registry.
    pub fn peer(&self, program: &str, arguments: &[&str]) -> Peer {
        Peer::start(self.world.path(), self.peers, program, arguments)
    }

    /// Starts a program that was built for the tests, to be talked to.
    pub fn start(&self, program: &str) -> Program {
        self.start_with(program, &[])
    }

    /// Starts such a program with further words.
    pub fn start_with(&self, program: &str, words: &[&str]) -> Program {
        Program::start(self.world.path(), program, words)
    }

    /// Writes a file, and returns what it is called in this world.
    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.world.path().join("drive_c").join(name), text).expect_ok("write a file");
        format!(r"C:\{name}")
    }

    /// A command for something that was built for the tests, or for `communicado.exe`.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(WINE);
        in_world(&mut command, self.world.path()).arg(built(name));
        command
    }

    /// Runs one of Wine's own programs to its end, and returns what it said.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(WINE);
        in_world(&mut command, self.world.path()).arg(program).args(arguments);
        let output = command.stderr(Stdio::null()).output().expect_ok("run a program of Wine's");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Ends the service that knows which program serves which class. Windows forgets a client
    /// that was killed; Wine's service does so only with its end, and begins anew by itself.
    pub fn restart_com(&self) {
        within("Wine's COM service has ended", || {
            let services = self.processes("rpcss.exe");
            for id in &services {
                let id = rustix::process::Pid::from_raw(*id)?;
                _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
            services.is_empty().then_some(())
        });
    }

    /// The processes of this world that Wine has started a program in.
    pub fn processes(&self, program: &str) -> Vec<i32> {
        let is_it = |id: &i32| {
            let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            words.split('\0').next().is_some_and(|word| word.ends_with(program))
        };
        processes_in(self.world.path()).into_iter().filter(is_it).collect()
    }
}

impl Default for Wine {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Ends every process of this world and of no other.
        _ = in_world(&mut Command::new(WINE_SERVER), self.world.path())
            .arg("-k")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Puts a command into a world, with nothing else in its environment.
pub(crate) fn in_world<'a>(command: &'a mut Command, world: &Path) -> &'a mut Command {
    clean(command).env("WINEPREFIX", world).env("WINEDEBUG", "-all").env("HOME", world)
}

/// All processes of a world.
fn processes_in(world: &Path) -> Vec<i32> {
    let world = format!("WINEPREFIX={}", world.display());
    let is_ours = |id: &i32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == world.as_bytes())
    };
    let all = fs::read_dir("/proc").expect_ok("read the processes").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(is_ours).collect()
}

/// Something that `cargo xtask windows peers` has built.
pub(crate) fn built(name: &str) -> PathBuf {
    let file = folder().join(name);
    assert!(file.is_file(), "there is no {}\n  help: cargo xtask windows peers", file.display());
    file
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wine")
}

/// A world that nothing has happened in, made once in each run.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        assert!(Path::new(WINE).exists(), "there is no {WINE}\n  help: cargo xtask peers");
        sweep();
        let world = TempDir::with_prefix_in(prefix("template"), folder())
            .expect_ok("make a world for Wine");
        let mut made = Command::new(WINE);
        in_world(&mut made, world.path()).args(["wineboot", "-i"]);
        let made = made.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(made.expect_ok("make a world for Wine").success(), "wineboot cannot make a world");
        // It writes the registry as it ends.
        let mut ended = Command::new(WINE_SERVER);
        let ended = in_world(&mut ended, world.path()).arg("-w").status();
        assert!(ended.expect_ok("wait for Wine").success(), "Wine does not end");
        world
    });
    template.path()
}

/// The first part of a folder's name: the kind, and the process that uses the folder.
fn prefix(kind: &str) -> String {
    format!("{kind}-{}-", std::process::id())
}

/// Removes the folders of test processes that were killed, and the templates, which no process drops.
fn sweep() {
    let entries = fs::read_dir(folder()).expect_ok("read the folder of what was built");
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('-');
        let is_ours = parts.next().is_some_and(|kind| ["template", "wine"].contains(&kind));
        let user = parts.next().unwrap_or_default();
        if is_ours && !Path::new("/proc").join(user).exists() {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}
