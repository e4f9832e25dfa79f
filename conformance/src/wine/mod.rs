//! A Windows of its own for one test: a registry, processes and COM, all real, all Wine's.

mod peer;
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::communicado::Communicado;
use crate::deadline::within;
use crate::must::Must;
use crate::process::clean;
use crate::watch::Watch;

pub use peer::Peer;
pub use program::Program;

/// Where Debian keeps the program; its wrapper wants the 32-bit one too.
pub(crate) const WINE: &str = "/usr/lib/wine/wine64";
const WINE_SERVER: &str = "/usr/lib/wine/wineserver64";

/// A private world of Wine's for one test: nothing in it knows of another test's.
#[derive(Debug)]
pub struct Wine {
    world: TempDir,
}

impl Wine {
    /// Makes a world.
    pub fn new() -> Self {
        let world = TempDir::with_prefix_in("wine-", folder()).must("make a world for Wine");
        // All but the registry is the same file for all: only that is written.
        let template = template();
        let copied = Command::new("cp")
            .args(["-al", "--"])
            .arg(format!("{}/.", template.display()))
            .arg(world.path())
            .status();
        assert!(copied.must("copy Wine's files").success(), "cp cannot copy Wine's files");
        for hive in ["system.reg", "user.reg", "userdef.reg"] {
            let own = world.path().join(hive);
            fs::remove_file(&own).must("give a world its registry");
            fs::copy(template.join(hive), own).must("give a world its registry");
        }
        Self { world }
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

    /// A client written in C whose program is called `program`, not yet in the registry.
    pub fn peer(&self, program: &str, arguments: &[&str]) -> Peer {
        Peer::start(self.world.path(), program, arguments)
    }

    /// Starts a program that was built for the tests, to be talked to.
    pub fn start(&self, program: &str) -> Program {
        Program::start(self.world.path(), program)
    }

    /// Runs one of Wine's own programs to its end, and returns what it said.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(WINE);
        in_world(&mut command, self.world.path()).arg(program).args(arguments);
        let output = command.stderr(Stdio::null()).output().must("run a program of Wine's");
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
        let world = format!("WINEPREFIX={}", self.world.path().display());
        let is_ours = |id: i32| {
            let of = |file| fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            let [environment, words] =
                ["environ", "cmdline"].map(|it| String::from_utf8_lossy(&of(it)).into_owned());
            let is_it = words.split('\0').next().is_some_and(|word| word.ends_with(program));
            is_it && environment.split('\0').any(|variable| variable == world)
        };
        let all = fs::read_dir("/proc").must("read the processes").flatten();
        let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(|id| is_ours(*id)).collect()
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
        let world = TempDir::with_prefix_in("template-", folder()).must("make a world for Wine");
        let mut made = Command::new(WINE);
        in_world(&mut made, world.path()).args(["wineboot", "-i"]);
        let made = made.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(made.must("make a world for Wine").success(), "wineboot cannot make a world");
        // It writes the registry as it ends.
        let mut ended = Command::new(WINE_SERVER);
        let ended = in_world(&mut ended, world.path()).arg("-w").status();
        assert!(ended.must("wait for Wine").success(), "Wine does not end");
        world
    });
    template.path()
}

/// Removes the template of a run that has ended; what lives as long as the process is not dropped.
fn sweep() {
    let entries = fs::read_dir(folder()).must("read the folder of what was built");
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("template-") || name.starts_with("wine-") {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}
