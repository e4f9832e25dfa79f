//! A Wine prefix for one test, with a real registry, processes and COM.

mod peer;
mod program;
mod stacks;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::communicado::Communicado;
use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::watch::Watch;
use crate::wine_command::{WINE, built, folder, in_prefix};

pub use peer::{Peer, PeerKind};
pub use program::Program;

const WINE_SERVER: &str = "/usr/lib/wine/wineserver64";

/// A private Wine prefix for one test.
#[derive(Debug)]
pub struct Wine {
    prefix: TempDir,
    peers: PeerKind,
}

impl Wine {
    /// Creates a prefix with clients in C, which share no code with us.
    pub fn new() -> Self {
        Self::with(PeerKind::C)
    }

    /// Creates a prefix with clients of this kind.
    pub fn with(peers: PeerKind) -> Self {
        let prefix = TempDir::with_prefix_in(name_prefix("wine"), folder())
            .expect_ok("create a Wine prefix");
        // Only the registry is written, so all other files are hard links.
        let template = template();
        let copied = Command::new("cp")
            .args(["-al", "--"])
            .arg(format!("{}/.", template.display()))
            .arg(prefix.path())
            .status();
        assert!(copied.expect_ok("copy Wine's files").success(), "cp cannot copy Wine's files");
        for hive in ["system.reg", "user.reg", "userdef.reg"] {
            let own = prefix.path().join(hive);
            fs::remove_file(&own).expect_ok("copy the registry");
            fs::copy(template.join(hive), own).expect_ok("copy the registry");
        }
        Self { prefix, peers }
    }

    /// The folder, which is removed with the prefix.
    pub fn folder(&self) -> &Path {
        self.prefix.path()
    }

    /// The program under test.
    pub fn communicado(&self) -> Communicado {
        Communicado::under_wine(self.prefix.path())
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
        // Communicado finds a process by the name of its file.
        let folder = program.trim_end_matches(".exe");
        Peer::start(self.prefix.path(), self.peers, folder, program, arguments)
    }

    /// A client in an installed package, by the package's full name.
    pub fn packaged_peer(&self, package: &str, program: &str, arguments: &[&str]) -> Peer {
        let folder = format!("Program Files/WindowsApps/{package}");
        Peer::start(self.prefix.path(), self.peers, &folder, program, arguments)
    }

    /// Starts a test program.
    pub fn start(&self, program: &str) -> Program {
        self.start_with(program, &[])
    }

    /// Starts a test program with arguments.
    pub fn start_with(&self, program: &str, words: &[&str]) -> Program {
        Program::start(self.prefix.path(), program, words)
    }

    /// Starts a test program in C#.
    pub fn dotnet(&self, program: &str, words: &[&str]) -> Program {
        let assembly = built(&format!("{program}.dll"));
        let assembly = format!("Z:{}", assembly.display()).replace('/', "\\");
        self.start_with("dotnet/dotnet.exe", &[&[assembly.as_str()], words].concat())
    }

    /// Writes a file, and returns its path on Windows.
    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.prefix.path().join("drive_c").join(name), text).expect_ok("write a file");
        format!(r"C:\{name}")
    }

    /// Copies a test program to the drive, and returns its path on Windows.
    pub fn install(&self, program: &str) -> String {
        fs::copy(built(program), self.prefix.path().join("drive_c").join(program))
            .expect_ok("copy a program");
        format!(r"C:\{program}")
    }

    /// A command for a test program, or for `communicado.exe`.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(WINE);
        in_prefix(&mut command, self.prefix.path()).arg(built(name));
        command
    }

    /// Runs one of Wine's programs to its end, and returns its output.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(WINE);
        in_prefix(&mut command, self.prefix.path()).arg(program).args(arguments);
        let output = command.stderr(Stdio::null()).output().expect_ok("run a program of Wine's");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Ends the service that lists the running COM servers. Windows removes a killed server from
    /// the list. Wine does so only when the service ends; the service restarts by itself.
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

    /// The processes of a program in this prefix.
    pub fn processes(&self, program: &str) -> Vec<i32> {
        let is_it = |id: &i32| {
            let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            words.split('\0').next().is_some_and(|word| word.ends_with(program))
        };
        processes_in(self.prefix.path()).into_iter().filter(is_it).collect()
    }
}

impl Default for Wine {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Ends every process of this prefix.
        _ = in_prefix(&mut Command::new(WINE_SERVER), self.prefix.path())
            .arg("-k")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// All processes of a prefix.
fn processes_in(prefix: &Path) -> Vec<i32> {
    let prefix = format!("WINEPREFIX={}", prefix.display());
    let is_ours = |id: &i32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == prefix.as_bytes())
    };
    let all = fs::read_dir("/proc").expect_ok("read the processes").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(is_ours).collect()
}

/// An unused prefix to copy, made once in each run.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        assert!(Path::new(WINE).exists(), "there is no {WINE}\n  help: cargo xtask peers");
        sweep();
        let prefix = TempDir::with_prefix_in(name_prefix("template"), folder())
            .expect_ok("create a Wine prefix");
        let mut made = Command::new(WINE);
        in_prefix(&mut made, prefix.path()).args(["wineboot", "-i"]);
        let made = made.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(
            made.expect_ok("create a Wine prefix").success(),
            "wineboot cannot create a prefix"
        );
        // It writes the registry as it ends.
        let mut ended = Command::new(WINE_SERVER);
        let ended = in_prefix(&mut ended, prefix.path()).arg("-w").status();
        assert!(ended.expect_ok("wait for Wine").success(), "Wine does not end");
        prefix
    });
    template.path()
}

/// The first part of a folder's name: the kind, and the process that uses the folder.
fn name_prefix(kind: &str) -> String {
    format!("{kind}-{}-", std::process::id())
}

/// Removes the folders of test processes that were killed, and the templates, which no process
/// drops.
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
