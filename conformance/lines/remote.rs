//! `communicado watch --json` of another session as the program, as over ssh.

use communicado_conformance::{Communicado, ExpectOk as _, TestSession, within};

use crate::{watch, with_lines};

fn provide(remote: &Communicado, arguments: &[&str]) {
    let ended = remote.run(&[&["provide"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[test]
fn the_clients_of_another_machine_are_reported_with_their_accounts() {
    let (near, mut far) = (TestSession::new(), TestSession::new());
    let remote = far.communicado();
    let mut provider = remote.start(
        &["provide", "--account", "alice@uc.test", "--name", "Alice Liddell", "--sign-in"],
        |_| (),
    );
    within("the provider is there", || {
        provider.output().contains("note: the provider of alice@uc.test").then_some(())
    });
    let far_home = far.folder().join("communicado");
    let home = |part: &str| far_home.join(part).to_string_lossy().into_owned();
    let words = [
        "env".to_owned(),
        format!("HOME={}", far_home.display()),
        format!("XDG_CONFIG_HOME={}", home("config")),
        format!("DBUS_SESSION_BUS_ADDRESS={}", far.bus().address()),
        remote.program().to_str().expect_ok("a path").to_owned(),
        "watch".to_owned(),
        "--json".to_owned(),
        "--client=provider".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let communicado = with_lines(&near, &words, "");
    let mut watch = watch(&communicado);
    watch.expect("provider", &["signed-in available/available by lines"]);
    assert_eq!(watch.accounts(), [("alice@uc.test", "manual")]);
    assert_eq!(watch.shown(), Some("Alice Liddell"));
    let note = "until four";
    provide(&remote, &["set", "busy", "--activity", "in-a-meeting", "--note", note]);
    let meeting = r#"signed-in busy/busy activity=in-a-meeting note="until four" by lines"#;
    watch.expect("provider", &[meeting]);
    provide(&remote, &["sign-out"]);
    watch.expect("provider", &["signing-out by lines", "signed-out by lines"]);
    provider.kill();
    watch.expect("provider", &["absent by lines"]);
    watch.end();
}
