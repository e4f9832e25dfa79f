//! Clients that generators of others make from the OpenAPI description. Each is compiled and calls
//! the gateway.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::fixture::{Gateway, peer};
use crate::foreign_clients::script;

/// A gateway with the person `ada`, and a folder with its description and the programs that call.
fn setup() -> (Gateway, TempDir) {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let folder = TempDir::new().unwrap();
    let description = gateway.curl("/v1/openapi.json", &[]).body;
    fs::write(folder.path().join("openapi.json"), description).unwrap();
    for file in script("generated").read_dir().unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    (gateway, folder)
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{}: {error}\n  help: cargo xtask peers", command.get_program().display())
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{printed}\n{errors}");
}

/// The files below a folder with this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

#[test]
fn clients_of_generators_in_python_work() {
    let (gateway, folder) = setup();
    let program = folder.path().join("python_generators.py");
    let mut command = Command::new(peer("python"));
    succeeds(command.arg(program).arg(folder.path()).args([&gateway.base, &gateway.token]));
}

#[test]
fn clients_in_java_typescript_and_python_compile_and_work() {
    let (gateway, folder) = setup();
    let folder = folder.path();
    let call = |command: &mut Command| {
        succeeds(command.args([&gateway.base, &gateway.token]).current_dir(folder));
        // The next client begins with the same person.
        gateway.request("DELETE", "/v1/people/ada", None).expect_json(204);
        gateway.add("ada", &[]);
    };
    let packages = peer("../lib").read_dir().unwrap().next().unwrap().unwrap().path();
    let jar = packages.join("site-packages/openapi_generator_cli/openapi-generator.jar");
    let languages = ["java.json", "typescript.json", "python.json"];
    let mut generator = Command::new("java");
    // The short run gains nothing from the optimizing compiler.
    generator.arg("-XX:TieredStopAtLevel=1").arg("-jar").arg(&jar);
    generator.args(["batch", "--fail-fast"]).args(languages).current_dir(folder);
    succeeds(&mut generator);

    // The generator's archive contains Jackson, which the client needs.
    let annotations = Path::new("/usr/share/java/jakarta-annotation-api.jar");
    let class_path = std::env::join_paths([&jar, annotations, &folder.join("classes")]).unwrap();
    let mut compiler = Command::new("javac");
    compiler.args(["-proc:none", "-encoding", "utf-8", "-d", "classes", "Calls.java", "-cp"]);
    let sources = files(&folder.join("java/src/main"), "java");
    succeeds(compiler.arg(&class_path).args(sources).current_dir(folder));
    call(Command::new("java").arg("-cp").arg(&class_path).arg("Calls"));

    let modules = peer("../../typescript/node_modules");
    symlink(&modules, folder.join("node_modules")).unwrap();
    fs::copy(modules.join("../package.json"), folder.join("package.json")).unwrap();
    let tool = |path: &str| {
        let mut node = Command::new("node");
        node.arg(modules.join(path)).current_dir(folder);
        node
    };
    let types = ["openapi.json", "-o", "schema.d.ts"];
    succeeds(tool("openapi-typescript/bin/cli.js").args(types));
    succeeds(tool("typescript/bin/tsc").args(["-p", "."]));
    call(Command::new("node").arg("js/calls.js"));

    call(Command::new(peer("python")).arg("calls.py"));
}
