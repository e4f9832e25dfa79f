//! The processes that count as a client.

use std::os::unix::fs::PermissionsExt;

use communicado_conformance::{ExpectOk as _, Process, TestSession, as_nobody, require, within};

use crate::{ABSENT, RUNS, connected, expecting, start, unconnected, watch, with_desktop};

/// Waits until a process has become the program of this name.
fn until_it_runs(process: &Process, name: &str) {
    let program = || std::fs::read_link(format!("/proc/{}/exe", process.id())).ok();
    within("the program runs", || program()?.ends_with(name).then_some(()));
}

#[test]
fn a_client_is_absent_only_after_the_last_of_its_processes() {
    let mut session = TestSession::new();
    let [name, marker] = ["uc", "marker"].map(|name| session.unique_name(name));
    let bus = session.bus().address();
    let programs = format!("programs = [\"{name} = {name}\", \"{marker} = {marker}\"]\n");
    let mut watch = watch(&with_desktop(&session, &programs), &format!("{name},{marker}"));
    let [mut first, mut second] = [(); 2].map(|()| connected(&session, &name, &bus));
    watch.expect(&name, &[RUNS]);
    // The bus does not show this one.
    let mut third = unconnected(&session, &name);
    until_it_runs(&third, &name);
    first.kill();
    second.kill();
    // The source has handled both ends when it has handled a later start and end.
    let mut later = connected(&session, &marker, &bus);
    watch.expect(&marker, &[RUNS]);
    later.kill();
    watch.expect(&marker, &[ABSENT]);
    let absent = watch.output().lines().filter(|line| line.contains(&*name)).count();
    assert_eq!(absent, 1, "{}", watch.output());
    third.kill();
    watch.expect(&name, &[ABSENT]);
    watch.end();
}

#[test]
fn a_client_without_a_bus_is_found_at_the_start_also_after_an_update() {
    let session = TestSession::new();
    let name = session.unique_name("uc");
    let communicado = expecting(&session, &name);
    let mut client = unconnected(&session, &name);
    until_it_runs(&client, &name);
    std::fs::remove_file(session.program_called(&name, "sleep")).expect_ok("remove a program");
    let status = communicado.run(&["status"]);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert!(status.out.contains("not-supported"), "{status:?}");
    let mut watch = watch(&communicado, &name);
    watch.expect(&name, &[RUNS]);
    client.kill();
    watch.expect(&name, &[ABSENT]);
    watch.end();
}

#[test]
fn a_client_of_another_user_is_absent() {
    let session = TestSession::new();
    let name = session.unique_name("uc");
    let program = session.program_called(&name, "sleep");
    std::fs::set_permissions(session.folder(), PermissionsExt::from_mode(0o711))
        .expect_ok("open the folder");
    let (nobody, words) = as_nobody();
    let _process = Process::start("nobody", nobody, session.folder(), |command| {
        command.args(words).arg(&program).arg("infinity");
    });
    let program_of = |process: &str| std::fs::read_link(format!("/proc/{process}/exe")).ok();
    within("the client of another user runs", || {
        let processes = std::fs::read_dir("/proc").ok()?;
        let mut names = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.find(|process| program_of(process).as_ref() == Some(&program))
    });
    let status = expecting(&session, &name).run(&["status"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.out.contains("absent"), "{status:?}");
}

/// Flatpak describes an application in `/.flatpak-info` of its sandbox.
#[test]
fn a_flatpak_is_found_by_its_id() {
    require(&["bwrap"]);
    let mut session = TestSession::new();
    let id = session.unique_name("org.example.Chat");
    let options = format!("clients = [\"chat\"]\nprograms = [\"chat = flatpak:{id}\"]\n");
    let mut watch = watch(&with_desktop(&session, &options), "chat");
    watch.expect("chat", &[ABSENT]);
    let program = session.program_called("app", "gdbus");
    let info = session.folder().join("flatpak-info");
    std::fs::write(&info, format!("[Application]\nname={id}\n\n[Instance]\nname=other\n"))
        .expect_ok("describe an application");
    let bus = session.bus().address();
    let mut sandbox = Process::start("flatpak", "bwrap", session.folder(), |command| {
        command.args(["--unshare-pid", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"]);
        command.args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
        command.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
        command.arg("--ro-bind").args([session.folder(), session.folder()]);
        command.arg("--ro-bind").arg(&info).arg("/.flatpak-info");
        command.arg(&program).args(["monitor", "--session", "--dest", "org.freedesktop.DBus"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", bus);
    });
    watch.expect("chat", &[RUNS]);
    sandbox.kill();
    watch.expect("chat", &[ABSENT]);
    watch.end();
}

#[test]
fn a_program_is_found_by_the_desktop_file_that_started_it() {
    let session = TestSession::new();
    let id = session.unique_name("org.example.Chat");
    let script = "GIO_LAUNCHED_DESKTOP_FILE_PID=$$ exec sleep infinity";
    let client = start(&session, "shell", "sh", &["-c", script], |command| {
        let file = format!("/usr/share/applications/{id}.desktop");
        command.env("GIO_LAUNCHED_DESKTOP_FILE", file);
    });
    until_it_runs(&client, "sleep");
    let options = format!("programs = [\"chat = desktop:{id}\"]\n");
    let status = with_desktop(&session, &options).run(&["status"]);
    assert!(status.out.contains("chat    unknown        not-supported"), "{status:?}");
}

/// A sandbox has its own numbers of processes, and its `/proc` hides the processes outside.
#[test]
fn in_a_sandbox_the_client_is_unknown_and_the_error_has_advice() {
    require(&["bwrap"]);
    let mut session = TestSession::new();
    let (name, bus) = (session.unique_name("uc"), session.bus().address());
    let communicado = expecting(&session, &name);
    let program = communicado.program().to_string_lossy().into_owned();
    let run = |command: &str| {
        let mut sandbox = Process::start(command, "bwrap", session.folder(), |bwrap| {
            bwrap.args(["--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc"]);
            bwrap.args([&program, command]).env("DBUS_SESSION_BUS_ADDRESS", &bus);
            bwrap.env("XDG_CONFIG_HOME", session.folder().join("communicado/config"));
        });
        (sandbox.wait().code(), sandbox.output())
    };
    let (code, output) = run("status");
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains(&format!("{name}  unknown        source-lost")), "{output}");
    assert!(output.contains("so a proxy or a sandbox hides other programs"), "{output}");
    let (_, output) = run("doctor");
    assert!(output.contains("!!  desktop clients: the session bus takes Communicado"), "{output}");
}
