//! The bus starts a provider that is registered, and nobody who only reads has it started.

use std::fs;

use communicado_conformance::{ExpectOk as _, Stage, within};

use crate::provider::{ACCOUNT, ACCOUNT_PATH, NAME, busctl, call, property, provide};

#[test]
fn asking_starts_no_provider() {
    let stage = &mut Stage::new();
    let sprung = stage.bus().trap(NAME);
    let programs: [&[&str]; 8] = [
        &["status"],
        &["doctor"],
        &["sources"],
        &["is", "signed-in"],
        &["provide", "status"],
        &["provide", "sign-in"],
        &["provide", "set", "away"],
        &["provide", "quit"],
    ];
    for arguments in programs {
        let _ = stage.communicado().run(arguments);
        assert!(!sprung.exists(), "{arguments:?} has the bus start a provider");
    }
    let mut watch = stage.watch();
    watch.expect_nobody();
    watch.end();
    assert!(!sprung.exists(), "watch has the bus start a provider");
    // The trap works.
    let _ = busctl(stage, &["call", NAME, ACCOUNT_PATH, ACCOUNT, "SignIn"]);
    within("the trap is sprung", || sprung.exists().then_some(()));
}

#[test]
fn a_registered_provider_is_started_by_the_first_who_speaks_to_it() {
    let mut stage = Stage::new();
    let registered = provide(&stage, &["--account", "alice@uc.test", "--register"]);
    assert_eq!((registered.code, &*registered.out), (Some(0), ""), "{}", registered.err);
    let file = stage.folder().join(format!("communicado/data/dbus-1/services/{NAME}.service"));
    // The private bus looks into a folder of its own.
    let seen = stage.folder().join(format!("services/{NAME}.service"));
    fs::copy(&file, seen).expect_ok("put the activation file where the bus looks");
    stage.bus().call("org.freedesktop.DBus.ReloadConfig", &[]).expect_ok("reload the bus");
    assert_eq!(call(&mut stage, &["SignIn"]), Ok(String::new()));
    assert_eq!(property(&mut stage, "Status"), "s \"signed-in\"");
    assert_eq!(property(&mut stage, "Name"), "s \"alice@uc.test\"");
    assert_eq!(provide(&stage, &["quit"]).code, Some(0));
    let unregistered = provide(&stage, &["--unregister"]);
    assert_eq!(unregistered.code, Some(0), "{}", unregistered.err);
    assert!(!file.exists());
}
