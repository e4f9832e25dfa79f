//! The bus starts a registered provider, and reading never starts one.

use std::fs;

use communicado_conformance::{ExpectOk as _, TestSession, within};

use crate::provider::{ACCOUNT, ACCOUNT_PATH, NAME, busctl, call, property, provide};

#[test]
fn asking_starts_no_provider() {
    let session = &mut TestSession::new();
    let sprung = session.bus().trap(NAME);
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
        let _ = session.communicado().run(arguments);
        assert!(!sprung.exists(), "{arguments:?} has the bus start a provider");
    }
    let mut watch = session.watch();
    watch.expect_all_absent();
    watch.end();
    assert!(!sprung.exists(), "watch has the bus start a provider");
    // The trap works, so its silence above proves something.
    let _ = busctl(session, &["call", NAME, ACCOUNT_PATH, ACCOUNT, "SignIn"]);
    within("the trap is sprung", || sprung.exists().then_some(()));
}

#[test]
fn the_first_call_starts_a_registered_provider() {
    let mut session = TestSession::new();
    let registered = provide(&session, &["--account", "alice@uc.test", "--register"]);
    assert_eq!((registered.code, &*registered.out), (Some(0), ""), "{}", registered.err);
    let file = session.folder().join(format!("communicado/data/dbus-1/services/{NAME}.service"));
    // The private bus reads its own folder of services.
    let seen = session.folder().join(format!("services/{NAME}.service"));
    fs::copy(&file, seen).expect_ok("put the activation file where the bus looks");
    session.bus().call("org.freedesktop.DBus.ReloadConfig", &[]).expect_ok("reload the bus");
    assert_eq!(call(&mut session, &["SignIn"]), Ok(String::new()));
    assert_eq!(property(&mut session, "Status"), "s \"signed-in\"");
    assert_eq!(property(&mut session, "Name"), "s \"alice@uc.test\"");
    assert_eq!(provide(&session, &["quit"]).code, Some(0));
    let unregistered = provide(&session, &["--unregister"]);
    assert_eq!(unregistered.code, Some(0), "{}", unregistered.err);
    assert!(!file.exists());
}
