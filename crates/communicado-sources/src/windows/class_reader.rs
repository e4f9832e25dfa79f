//! Reads the servers that are registered for a class.

use communicado_windows::{Guid, Hive, RegistryKey, RegistryValue, RegistryView};

use super::class_server::ClassServer;
use super::program_name::{expand, split_command};
use super::snapshot::text;

const CLASSES: &str = r"Software\Classes";
const HIVES: [Hive; 2] = [Hive::CurrentUser, Hive::LocalMachine];
const VIEWS: [RegistryView; 2] = [RegistryView::Bits64, RegistryView::Bits32];

/// The servers of a class, of the user and the machine, in both views of the registry.
pub(crate) fn class_servers(class: Guid) -> Vec<ClassServer> {
    let mut found = Vec::new();
    for hive in HIVES {
        for view in VIEWS {
            found.extend(servers(hive, view, class));
        }
        let index = format!(r"{CLASSES}\PackagedCom\ClassIndex\{class}");
        let packages = open(hive, RegistryView::Default, &index);
        let packages = packages.and_then(|key| key.subkeys().ok()).unwrap_or_default();
        found.extend(packages.into_iter().map(ClassServer::Package));
    }
    let mut all = Vec::new();
    for server in found {
        if !all.contains(&server) {
            all.push(server);
        }
    }
    all
}

fn servers(hive: Hive, view: RegistryView, class: Guid) -> Vec<ClassServer> {
    let path = format!(r"{CLASSES}\CLSID\{class}");
    let mut found = Vec::new();
    let Some(key) = open(hive, view, &path) else { return found };
    let mut has_program = false;
    for name in ["LocalServer32", "LocalServer"] {
        let Some(server) = open(hive, view, &format!(r"{path}\{name}")) else { continue };
        has_program = true;
        let program = value(&server, "ServerExecutable").map(|program| format!("\"{program}\""));
        found.push(match program.or_else(|| value(&server, "")) {
            Some(command) => ClassServer::Command(long(&command)),
            None => ClassServer::Other(format!("a server without a command (`{name}`)")),
        });
    }
    if let Some(other) = open(hive, view, &format!(r"{path}\TreatAs")) {
        let other = value(&other, "").unwrap_or_default();
        found.push(ClassServer::Other(format!("another class (`TreatAs` {other})")));
    }
    let Some(app_id) = value(&key, "AppID") else { return found };
    for hive in HIVES {
        let Some(app) = open(hive, view, &format!(r"{CLASSES}\AppID\{app_id}")) else { continue };
        if let Some(service) = value(&app, "LocalService") {
            found.push(ClassServer::Other(format!("the service `{service}`")));
        }
        if let Some(computer) = value(&app, "RemoteServerName") {
            found.push(ClassServer::Other(format!("the computer `{computer}`")));
        }
        if !has_program && matches!(app.value("DllSurrogate"), Ok(Some(_))) {
            found.push(ClassServer::Other("a surrogate (`DllSurrogate`)".to_owned()));
        }
    }
    found
}

/// Opens a key. A key without access rights counts as missing: COM cannot read it either.
fn open(hive: Hive, view: RegistryView, path: &str) -> Option<RegistryKey> {
    RegistryKey::open(hive, path, view).ok()?
}

/// The text of a value with its variables replaced.
fn value(key: &RegistryKey, name: &str) -> Option<String> {
    let value: RegistryValue = key.value(name).ok()??.decode();
    let text = text(Some(&value))?;
    Some(expand(text, |name| std::env::var(name).ok()))
}

/// The command with the long form of a path such as `C:\PROGRA~1\ACME\acme.exe`.
fn long(command: &str) -> String {
    let (program, arguments) = split_command(command);
    let path = program.contains('~').then(|| std::fs::canonicalize(program));
    match path {
        Some(Ok(path)) => format!("\"{}\" {arguments}", path.display()),
        Some(Err(_)) | None => command.to_owned(),
    }
}
