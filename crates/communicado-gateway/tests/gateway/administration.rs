//! Commands find the gateway or its store, create no other store, and leave files to their owner.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::fixture::{Gateway, program};
use crate::private::{OTHER, is_root};

/// The folders where commands without `--data` look.
struct Places {
    home: TempDir,
    runtime: TempDir,
    state: PathBuf,
}

impl Places {
    fn with_state(state: &Path) -> Self {
        let (home, runtime) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        Self { home, runtime, state: state.to_path_buf() }
    }

    /// A command of an administrator beside the service.
    fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .env_remove("COMMUNICADO_GATEWAY_DATA")
            .env_remove("XDG_DATA_HOME")
            .env("HOME", self.home.path())
            .env("RUNTIME_DIRECTORY", self.runtime.path())
            .env("STATE_DIRECTORY", &self.state);
        command
    }

    fn own_store(&self) -> PathBuf {
        self.home.path().join(".local/share/communicado-gateway")
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

#[track_caller]
fn fails_with(output: &Output, words: &[&str]) {
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let errors = errors(output);
    for word in words.iter().chain(&["help: "]) {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    for word in ["HTTP", "POST", "GET", "/v1/"] {
        assert!(!errors.contains(word), "{word}: {errors}");
    }
}

fn ids(people: &Output) -> Vec<String> {
    let lines = String::from_utf8_lossy(&people.stdout).into_owned();
    lines.lines().filter_map(|line| line.split(' ').next().map(ToOwned::to_owned)).collect()
}

#[test]
fn commands_without_options_use_the_service_and_say_so() {
    let mut gateway = Gateway::start();
    let folder = gateway.folder().to_path_buf();
    let places = Places::with_state(&folder);
    gateway.restart_as(Command::new(program()).env("RUNTIME_DIRECTORY", places.runtime.path()));
    let mode = places.runtime.path().join("control").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The data folder of the running gateway counts, whatever the command expects.
    let elsewhere = Places { state: "/nonexistent".into(), ..places };
    let added = elsewhere.run(&["people", "add", "ada"]);
    succeeds(&added);
    assert!(errors(&added).contains(&format!("running gateway of {}", folder.display())));
    gateway.get("/v1/people/ada");
    let backup = elsewhere.home.path().join("backup");
    succeeds(&elsewhere.run(&["backup", backup.to_str().unwrap()]));
    let places = Places { state: folder.clone(), ..elsewhere };
    gateway.stop();
    let listed = places.run(&["people", "list"]);
    assert_eq!(ids(&listed), ["ada"], "{listed:?}");
    assert!(errors(&listed).contains(&format!("the store {}", folder.display())), "{listed:?}");
    assert!(!places.own_store().exists());
}

#[test]
fn a_command_without_a_gateway_and_a_store_fails_and_creates_nothing() {
    let places = Places::with_state(Path::new("/nonexistent"));
    let missing = places.home.path().join("missing");
    let backup = places.home.path().join("backup");
    let backup = backup.to_str().unwrap();
    for arguments in [
        &["people", "add", "ada"] as &[&str],
        &["tokens", "create", "--name", "x", "--scope", "read"],
        &["tokens", "list"],
        &["backup", backup],
    ] {
        fails_with(&places.run(arguments), &["no running gateway", "start the gateway first"]);
        let with_option = [arguments, &["--data", missing.to_str().unwrap()]].concat();
        fails_with(&places.run(&with_option), &["no running gateway", "missing"]);
    }
    assert_eq!(places.home.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_command_that_finds_two_stores_uses_neither() {
    let mut service = Gateway::start();
    service.stop();
    let places = Places::with_state(service.folder());
    std::fs::create_dir_all(places.own_store()).unwrap();
    std::fs::copy(
        service.folder().join("gateway.sqlite"),
        places.own_store().join("gateway.sqlite"),
    )
    .unwrap();
    fails_with(&places.run(&["people", "add", "ada"]), &["more than one", "--data"]);
    succeeds(&service.command(&["people", "add", "ada"]));
    // The gateway that runs is the one that the user means.
    service.restart();
    assert_eq!(ids(&places.run(&["people", "list"])), ["ada"]);
}

#[test]
fn errors_of_commands_speak_of_commands() {
    let mut gateway = Gateway::start();
    for runs in [true, false] {
        if !runs {
            gateway.stop();
        }
        let _ = gateway.command(&["people", "add", "ada", "--sign-in", "a@b.example"]);
        for (arguments, words) in [
            (&["people", "add", "ada"] as &[&str], ["exists already", "people set"]),
            (&["people", "add", "A"], ["not a valid person id", "an id has"]),
            (&["people", "remove", "bob"], ["no person `bob`", "people list"]),
            (&["people", "set", "a b/../c"], ["`a b/../c`", "an id has"]),
            (&["people", "add", "bob", "--sign-in", "a@b.example"], ["sign-in", "people set"]),
            (&["tokens", "revoke", "x?y#z"], ["no token `x?y#z`", "tokens list"]),
            (
                &["tokens", "create", "--name", "x", "--scope", "read", "--person", "bob"],
                ["`bob`", "people add"],
            ),
        ] {
            fails_with(&gateway.command(arguments), &words);
        }
    }
}

/// The files below the folder that do not belong to the user, or that others can open.
fn foreign(folder: &Path, uid: u32) -> Vec<String> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
    let foreign = entries.filter(|entry| {
        let metadata = entry.metadata().unwrap();
        metadata.uid() != uid || metadata.mode() & 0o077 != 0
    });
    foreign.map(|entry| format!("{:?}", entry.file_name())).collect()
}

#[test]
fn commands_of_root_leave_all_files_to_the_owner_of_the_store() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    // A killed gateway leaves its log; a command writes it into the store.
    gateway.kill();
    let folder = gateway.folder().to_path_buf();
    let uid = if is_root() { OTHER } else { rustix::process::geteuid().as_raw() };
    let _ = std::fs::remove_file(folder.join("control"));
    for entry in folder.read_dir().unwrap() {
        chown(entry.unwrap().path(), Some(uid), None).unwrap();
    }
    chown(&folder, Some(uid), None).unwrap();
    let places = Places::with_state(&folder);
    let backup = places.home.path().join("backup");
    let backup = backup.to_str().unwrap();
    for arguments in [
        &["backup", backup] as &[&str],
        &["people", "add", "bob"],
        &["people", "list"],
        &["restore", backup],
        &["people", "list"],
    ] {
        succeeds(&places.run(arguments));
        assert_eq!(foreign(&folder, uid), [] as [&str; 0], "{arguments:?}");
    }
    assert_eq!(ids(&places.run(&["people", "list"])), ["ada"]);
    // The backup belongs to the administrator.
    assert_eq!(Path::new(backup).metadata().unwrap().mode() & 0o777, 0o600);
    // An empty folder of the service's user also keeps its owner.
    let empty = TempDir::new().unwrap();
    chown(empty.path(), Some(uid), None).unwrap();
    succeeds(&Places::with_state(empty.path()).run(&["restore", backup]));
    assert!(empty.path().join("gateway.sqlite").exists());
    assert_eq!(foreign(empty.path(), uid), [] as [&str; 0]);
}

#[test]
fn a_file_that_is_no_backup_changes_nothing() {
    let places = Places::with_state(Path::new("/nonexistent"));
    let empty = places.home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let wrong = places.home.path().join("wrong");
    let wrong = wrong.to_str().unwrap();
    let other = rusqlite::Connection::open(wrong).unwrap();
    other.execute_batch("CREATE TABLE other (id)").unwrap();
    drop(other);
    let database = std::fs::read(wrong).unwrap();
    let restore = ["restore", wrong, "--data", empty.to_str().unwrap()];
    for content in [b"".as_slice(), b"no store", b"SQLite format 3\0", &database] {
        std::fs::write(wrong, content).unwrap();
        fails_with(&places.run(&restore), &["is not a backup", "communicado-gateway backup"]);
        assert_eq!(empty.read_dir().unwrap().count(), 0);
    }
    let folder = ["restore", places.home.path().to_str().unwrap(), restore[2], restore[3]];
    fails_with(&places.run(&folder), &["not a regular file"]);
    // A folder with other contents is not the folder of a gateway.
    let mut gateway = Gateway::start();
    let backup = gateway.folder().join("backup");
    let backup = backup.to_str().unwrap();
    succeeds(&gateway.command(&["backup", backup]));
    let before = places.home.path().metadata().unwrap().mode();
    let occupied = ["restore", backup, "--data", places.home.path().to_str().unwrap()];
    fails_with(&places.run(&occupied), &["contains other files"]);
    assert_eq!(places.home.path().metadata().unwrap().mode(), before);
    gateway.stop();
}

#[test]
fn commands_of_root_work_on_the_data_of_a_dynamic_user() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let places = Places::with_state(gateway.folder());
    let backup = places.home.path().join("backup");
    let backup = backup.to_str().unwrap();
    succeeds(&places.run(&["backup", backup]));
    // systemd puts the folder of a dynamic user below one that only root can enter.
    let state = TempDir::new().unwrap();
    let only_root = state.path().join("private");
    let folder = only_root.join("communicado-gateway");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&only_root, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    let link = state.path().join("communicado-gateway");
    symlink("private/communicado-gateway", &link).unwrap();
    let uid = if is_root() { OTHER } else { rustix::process::geteuid().as_raw() };
    chown(&folder, Some(uid), None).unwrap();
    let places = Places::with_state(&link);
    let exported = places.home.path().join("people.json");
    let exported = exported.to_str().unwrap();
    for arguments in [
        &["restore", backup] as &[&str],
        &["people", "add", "bob"],
        &["people", "list"],
        &["people", "export", exported],
        &["people", "import", exported],
        &["tokens", "list"],
        &["doctor"],
    ] {
        succeeds(&places.run(arguments));
        assert_eq!(foreign(&folder, uid), [] as [&str; 0], "{arguments:?}");
    }
    assert_eq!(ids(&places.run(&["people", "list"])), ["ada", "bob"]);
}
