//! Servers of a class: what COM starts if no process serves the class yet.
//!
//! Creating an object of a class whose process does not serve it starts the class's server. So an
//! object is created only if the running process is proven to be that server.

use communicado_windows::Guid;

use super::known_clients::KnownClient;
use super::program_name::{file_name, is_same_path, is_shared_host, split_command, stem};

/// A server that is registered for a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassServer {
    /// The command of `LocalServer32`, with its variables replaced.
    Command(String),
    /// A package, by its full name.
    Package(String),
    /// Another way to start the class: a service, a surrogate or another class.
    Other(String),
}

/// Evidence on whether the client's process serves its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassEvidence {
    /// The client has no class.
    Missing,
    /// The `GUID` of the client is not one.
    Invalid,
    /// The process is not proven to serve the class.
    Unproven(Doubt),
    /// The process is proven to serve the class.
    Proven,
}

/// Reason for which a process is not proven to serve a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The path of the process is not readable.
    PathDenied,
    /// The class starts another program.
    OtherServer(String),
    /// The process is a program that runs other programs.
    SharedHost,
    /// The program is not in its known package, by its family.
    OtherPackage(&'static str),
    /// No server is registered, and the client and its class are not in the table.
    NotKnown,
}

impl Doubt {
    /// The order in which one reason is reported for several processes.
    const fn rank(&self) -> u8 {
        match self {
            Self::PathDenied => 0,
            Self::OtherServer(_) => 1,
            Self::SharedHost => 2,
            Self::OtherPackage(_) => 3,
            Self::NotKnown => 4,
        }
    }
}

/// A process, as far as it concerns its class.
#[derive(Clone, Copy, Debug)]
pub struct ServerProcess<'a> {
    /// The name of its file.
    pub image: &'a str,
    /// The path of its file, where readable.
    pub path: Option<&'a str>,
    /// True if the process itself has written the client's key.
    pub has_registered_itself: bool,
}

/// The evidence of several processes: one proof suffices.
#[must_use]
pub fn best_evidence<'a>(
    class: Guid,
    servers: &[&ClassServer],
    known: Option<&KnownClient>,
    processes: impl Iterator<Item = ServerProcess<'a>>,
) -> ClassEvidence {
    let mut doubts = Vec::new();
    for process in processes {
        match prove(class, servers, known, process) {
            Ok(()) => return ClassEvidence::Proven,
            Err(doubt) => doubts.push(doubt),
        }
    }
    let first = doubts.into_iter().min_by_key(Doubt::rank);
    ClassEvidence::Unproven(first.unwrap_or(Doubt::NotKnown))
}

fn prove(
    class: Guid,
    servers: &[&ClassServer],
    known: Option<&KnownClient>,
    process: ServerProcess<'_>,
) -> Result<(), Doubt> {
    let image = stem(process.image);
    if image.as_deref().is_some_and(is_shared_host) {
        return Err(Doubt::SharedHost);
    }
    // COM chooses one of the servers, so the process must be all of them.
    for server in servers {
        match is_server(server, process.path, process.has_registered_itself) {
            Some(true) => {}
            Some(false) => return Err(Doubt::OtherServer(description(server))),
            None => return Err(Doubt::PathDenied),
        }
    }
    let is_in_table = known.is_some_and(|known| {
        known.classes.contains(&class) && image.is_some() && image == stem(known.program)
    });
    if !servers.is_empty() || process.has_registered_itself {
        return Ok(());
    }
    if !is_in_table {
        return Err(Doubt::NotKnown);
    }
    // Any program can have the name of the file, but only Windows writes to the package's folder.
    let Some(package) = known.and_then(|known| known.package) else { return Ok(()) };
    let path = process.path.ok_or(Doubt::PathDenied)?;
    if package_of(path).is_some_and(|found| Some(found) == family(package)) {
        Ok(())
    } else {
        Err(Doubt::OtherPackage(package))
    }
}

/// Returns whether the process at this path is certainly the server.
#[must_use]
pub fn is_served_by(server: &ClassServer, path: Option<&str>) -> bool {
    let is_host = path.and_then(stem).is_some_and(|stem| is_shared_host(&stem));
    !is_host && is_server(server, path, false) == Some(true)
}

/// Returns whether the process at this path is the server; `None` without a path.
fn is_server(server: &ClassServer, path: Option<&str>, takes_arguments: bool) -> Option<bool> {
    Some(match server {
        ClassServer::Command(command) => {
            let (program, arguments) = split_command(command);
            // A script or a library among the arguments would be the real server.
            let is_whole = takes_arguments || arguments.split_whitespace().all(is_switch);
            is_whole && is_same_path(program, path?)
        }
        ClassServer::Package(full_name) => {
            let package = package_of(path?);
            package.is_some() && package == family(full_name)
        }
        ClassServer::Other(_) => false,
    })
}

/// Returns whether an argument only selects a mode, such as `-Embedding`.
fn is_switch(argument: &str) -> bool {
    let name = argument.strip_prefix(['-', '/']).map(|name| name.trim_start_matches('-'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(char::is_alphanumeric))
}

/// The folder of installed packages. Only Windows writes there.
fn is_packages_folder(part: &&str) -> bool {
    part.eq_ignore_ascii_case("WindowsApps")
}

/// The family of the package that has the program at this path.
fn package_of(path: &str) -> Option<(String, String)> {
    let mut parts = path.split(['\\', '/']).skip_while(|part| !is_packages_folder(part));
    family(parts.nth(1)?)
}

/// The name and the publisher of a package, which all its versions share.
fn family(full_name: &str) -> Option<(String, String)> {
    let name = full_name.split_once('_')?.0;
    let publisher = full_name.rsplit_once('_')?.1;
    (!publisher.is_empty()).then(|| (name.to_lowercase(), publisher.to_lowercase()))
}

/// The server in a few words.
#[must_use]
pub fn description(server: &ClassServer) -> String {
    match server {
        ClassServer::Command(command) => {
            let (program, _) = split_command(command);
            format!("`{}`", file_name(program))
        }
        ClassServer::Package(name) => format!("the package `{name}`"),
        ClassServer::Other(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::known_clients::{MESSENGER, by_app};

    const PATH: &str = r"C:\Program Files\Acme\acme.exe";
    const TEAMS: &str = "MSTeams_24.1.0.0_x64__8wekyb3d8bbwe";

    fn command(command: &str) -> ClassServer {
        ClassServer::Command(command.to_owned())
    }

    fn proves(servers: &[ClassServer], path: Option<&str>) -> Result<(), Doubt> {
        let image = path.map_or("acme.exe", file_name);
        let process = ServerProcess { image, path, has_registered_itself: false };
        prove(Guid(1), &servers.iter().collect::<Vec<_>>(), None, process)
    }

    #[test]
    fn the_image_of_the_process_is_the_server_of_the_class() {
        let good = [
            r#""C:\Program Files\Acme\acme.exe""#,
            r#""C:\Program Files\Acme\acme.exe" -Embedding"#,
            r"C:\PROGRAM FILES\acme\ACME.EXE /automation",
        ];
        for server in good {
            assert_eq!(proves(&[command(server)], Some(PATH)), Ok(()), "{server}");
        }
        for server in [
            "acme.exe",
            r"C:\Acme\acme.exe",
            r#""C:\Program Files\Acme\acme.exe" C:\other.dll"#,
            r#""C:\Program Files\Acme\acme.exe" --app=other"#,
            "",
        ] {
            let doubt = proves(&[command(server)], Some(PATH));
            assert!(matches!(doubt, Err(Doubt::OtherServer(_))), "{server}: {doubt:?}");
        }
        assert_eq!(proves(&[command(PATH)], None), Err(Doubt::PathDenied));
        assert_eq!(proves(&[], Some(PATH)), Err(Doubt::NotKnown));
    }

    #[test]
    fn the_process_must_be_each_server_of_the_class() {
        let both = [command(PATH), command(r"C:\Old\acme.exe")];
        assert_eq!(proves(&both, Some(PATH)), Err(Doubt::OtherServer("`acme.exe`".to_owned())));
        let other = [command(PATH), ClassServer::Other("the service `x`".to_owned())];
        assert_eq!(
            proves(&other, Some(PATH)),
            Err(Doubt::OtherServer("the service `x`".to_owned()))
        );
    }

    #[test]
    fn a_shared_host_proves_nothing() {
        let host = r"C:\Java\javaw.exe";
        assert_eq!(proves(&[command(host)], Some(host)), Err(Doubt::SharedHost));
    }

    #[test]
    fn a_package_is_its_own_server_in_every_version() {
        let server = [ClassServer::Package(TEAMS.to_owned())];
        let path = |package: &str| format!(r"C:\Program Files\WindowsApps\{package}\ms-teams.exe");
        let newer = path("MSTeams_25.7.0.0_arm64__8wekyb3d8bbwe");
        assert_eq!(proves(&server, Some(&newer)), Ok(()));
        for other in [path("MSTeams_24.1.0.0_x64__other"), r"C:\ms-teams.exe".to_owned()] {
            assert!(proves(&server, Some(&other)).is_err(), "{other}");
        }
    }

    #[test]
    fn teams_without_a_registered_server_is_in_its_package() {
        let known = by_app("MsTeams");
        let class = known.and_then(|known| known.default_class).expect("a class");
        let check = |path: Option<&str>| {
            let process =
                ServerProcess { image: "ms-teams.exe", path, has_registered_itself: false };
            prove(class, &[], known, process)
        };
        let packages = r"C:\Program Files\WindowsApps";
        let program = |package: &str| format!(r"{packages}\{package}\ms-teams.exe");
        assert_eq!(check(Some(&program(TEAMS))), Ok(()));
        assert_eq!(check(Some(&program("MSTeams_25.7.0.0_arm64__8wekyb3d8bbwe"))), Ok(()));
        let other = Err(Doubt::OtherPackage("MSTeams_8wekyb3d8bbwe"));
        assert_eq!(check(Some(&program("MSTeams_24.1.0.0_x64__other"))), other);
        assert_eq!(check(Some(&program("Other_24.1.0.0_x64__8wekyb3d8bbwe"))), other);
        assert_eq!(check(Some(r"C:\Users\a\MSTeams_1_x64__8wekyb3d8bbwe\ms-teams.exe")), other);
        assert_eq!(check(None), Err(Doubt::PathDenied));
    }

    #[test]
    fn a_known_client_needs_no_registered_server_but_contradicts_another_one() {
        let known = by_app("Communicator");
        let process = |image| ServerProcess { image, path: None, has_registered_itself: false };
        let check = |class, servers: &[ClassServer], image| {
            let servers: Vec<_> = servers.iter().collect();
            prove(class, &servers, known, process(image))
        };
        assert_eq!(check(MESSENGER, &[], "Communicator.exe"), Ok(()));
        assert_eq!(check(Guid(1), &[], "communicator.exe"), Err(Doubt::NotKnown));
        assert_eq!(check(MESSENGER, &[], "acme.exe"), Err(Doubt::NotKnown));
        assert!(check(MESSENGER, &[command(PATH)], "communicator.exe").is_err());
    }
}
