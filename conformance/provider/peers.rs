//! `busctl`, `gdbus` and a Python program use the provider.

use std::process::{Command, Stdio};

use communicado_conformance::{ExpectOk as _, TestSession, require_python, within};

use crate::provider::{
    ACCOUNT, ACCOUNT_PATH, NAME, PATH, busctl, call, property, provide, run, start, user,
};

#[test]
fn busctl_finds_and_uses_it_without_a_manual() {
    let mut session = TestSession::new();
    let mut provider = start(&session, &[]);
    let tree = busctl(&mut session, &["--list", "tree", NAME]).expect_ok("list its objects");
    assert_eq!(
        tree.lines().collect::<Vec<_>>(),
        ["/", "/org", "/org/communicado", PATH, ACCOUNT_PATH]
    );
    assert_eq!(property(&mut session, "Name"), "s \"alice@uc.test\"");
    assert_eq!(property(&mut session, "FriendlyName"), "s \"Alice Liddell\"");
    assert_eq!(property(&mut session, "Status"), "s \"signed-out\"");
    assert_eq!(call(&mut session, &["SignIn"]), Ok(String::new()));
    // A call returns after its effects.
    assert_eq!(property(&mut session, "Status"), "s \"signed-in\"");
    let hour = ["Set", "ssst", "do-not-disturb", "presenting", "quarterly", "3600000"];
    assert_eq!(call(&mut session, &hour), Ok(String::new()));
    assert_eq!(property(&mut session, "Availability"), "s \"do-not-disturb\"");
    assert_eq!(property(&mut session, "Activity"), "s \"presenting\"");
    assert_eq!(property(&mut session, "Note"), "s \"quarterly\"");
    assert_ne!(property(&mut session, "Until"), "x 0");
    let printed = provide(&session, &["status", "--json"]).out;
    let printed: serde_json::Value = serde_json::from_str(&printed).expect_ok("read its status");
    for (key, value) in [
        ("account", "alice@uc.test"),
        ("friendly_name", "Alice Liddell"),
        ("status", "signed-in"),
        ("availability", "do-not-disturb"),
        ("activity", "presenting"),
        ("note", "quarterly"),
    ] {
        assert_eq!(printed[key], value, "{printed}");
    }
    assert_eq!(busctl(&mut session, &["call", NAME, PATH, NAME, "Quit"]), Ok(String::new()));
    assert_eq!(provider.wait().code(), Some(0));
}

#[test]
fn gdbus_finds_and_uses_it_without_a_manual() {
    let mut session = TestSession::new();
    let _provider = start(&session, &[]);
    let on = |path| ["--session", "--dest", NAME, "--object-path", path];
    let mut gdbus = |verb: &str, path, rest: &[&str]| {
        let all = [&[verb][..], &on(path), rest].concat();
        run(&mut session, "gdbus", &all)
    };
    let seen = gdbus("introspect", ACCOUNT_PATH, &[]).expect_ok("introspect");
    assert!(seen.contains("readonly s Status = 'signed-out';"), "{seen}");
    let method = |name| format!("{ACCOUNT}.{name}");
    let called = gdbus("call", ACCOUNT_PATH, &["--method", &method("SignIn")]);
    assert_eq!(called, Ok("()".to_owned()));
    let set = ["--method", &method("Set"), "away", "", "back at four", "0"];
    assert_eq!(gdbus("call", ACCOUNT_PATH, &set), Ok("()".to_owned()));
    let objects = "org.freedesktop.DBus.ObjectManager.GetManagedObjects";
    let managed = gdbus("call", PATH, &["--method", objects]).expect_ok("ask for its objects");
    for part in [ACCOUNT_PATH, "'Status': <'signed-in'>", "'Note': <'back at four'>"] {
        assert!(managed.contains(part), "{managed}");
    }
    let wrong = ["--method", &method("Set"), "tired", "", "", "0"];
    let error = gdbus("call", ACCOUNT_PATH, &wrong).expect_err("there is no such word");
    assert!(error.contains("org.communicado.Provider1.Error.NoSuchWord"), "{error}");
}

#[test]
fn gdbus_monitor_sees_all_that_changed_at_one_moment_in_one_signal() {
    let mut session = TestSession::new();
    let _provider = start(&session, &[]);
    let log = session.folder().join("monitor");
    let file = std::fs::File::create(&log).expect_ok("write a log");
    let mut monitor = Command::new("gdbus");
    monitor.args(["monitor", "--session", "--dest", NAME]).env_clear().env("PATH", "/usr/bin");
    monitor.env("DBUS_SESSION_BUS_ADDRESS", session.bus().address()).stdout(file);
    let mut monitor = monitor.stderr(Stdio::null()).spawn().expect_ok("start gdbus");
    let printed = || std::fs::read_to_string(&log).unwrap_or_default();
    within("gdbus monitors", || printed().contains("is owned by").then_some(()));
    // It prints this before it has subscribed. A change that arrives proves the subscription.
    within("gdbus hears", || {
        user(&session, &["sign-in"]);
        user(&session, &["sign-out"]);
        printed().contains("'signing-out'").then_some(())
    });
    let before = printed().len();
    user(&session, &["sign-in"]);
    user(&session, &["set", "busy", "--activity", "in-a-meeting", "--note", "until four"]);
    let all = within("gdbus has received it", || {
        let all = printed();
        all.contains("until four").then_some(all)
    });
    _ = monitor.kill();
    _ = monitor.wait();
    let new = all.get(before..).unwrap_or_default();
    // The second sign-out may still be on its way.
    let from = new.find("'signing-in'").expect_ok("find the sign-in");
    let lines: Vec<&str> = new.get(from..).unwrap_or_default().lines().collect();
    assert_eq!(lines.len(), 3, "{new}");
    for part in ["'Status': <'signed-in'>", "'Availability': <'available'>"] {
        assert!(lines.get(1).is_some_and(|line| line.contains(part)), "{new}");
    }
    let parts = ["'Availability': <'busy'>", "'Activity': <'in-a-meeting'>", "'Note': <'until"];
    for part in parts {
        assert!(lines.get(2).is_some_and(|line| line.contains(part)), "{new}");
    }
}

#[test]
fn a_python_program_written_from_the_documentation_sees_a_whole_session() {
    require_python();
    let mut session = TestSession::new();
    let mut provider = start(&session, &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/provider/listener.py");
    let mut python = Command::new("/usr/bin/python3");
    python.arg(script).env_clear().env("LC_ALL", "C.UTF-8");
    python.env("DBUS_SESSION_BUS_ADDRESS", session.bus().address());
    let output = python.output().expect_ok("run python3");
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    // The program prints errors at once, and signals when its loop runs.
    let (errors, reported): (Vec<&str>, Vec<&str>) =
        lines.iter().partition(|line| line.starts_with("error"));
    assert_eq!(
        errors,
        [
            "error org.communicado.Provider1.Error.NoSuchWord",
            "error org.communicado.Provider1.Error.NotSignedIn",
        ]
    );
    assert_eq!(
        reported,
        [
            "found /org/communicado/Provider1/account1 alice@uc.test signed-out",
            "changed .Account Status=signing-in",
            "changed .Account Availability=available Status=signed-in",
            "changed .Account Activity=in-a-meeting Availability=busy Note=until four",
            "changed .Account Activity= Availability= Note= Status=signing-out",
            "changed .Account Status=signed-out",
            "changed . UpAndRunning=0",
            "gone",
        ]
    );
    assert_eq!(provider.wait().code(), Some(0));
}
