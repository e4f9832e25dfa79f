//! The status message of a signed-in user.

use communicado_conformance::{Account, ClientKind, Line, Saved, TestSession};

use crate::signs_in;

#[test]
fn a_message_is_set_changed_and_cleared_in_finch() {
    // Finch passes the text on as the user has typed it.
    check(ClientKind::Finch, "finch", &["back at 2 & not < 1", "back\r\nat three"]);
}

#[test]
fn a_message_is_set_changed_and_cleared_in_pidgin() {
    // Pidgin passes on the markup of its text field.
    let messages =
        ["<b>back</b> at 2 &amp; not &lt; 1", "back<br/>at <font size=\"2\">three</font>"];
    check(ClientKind::Pidgin, "pidgin", &messages);
}

fn check(kind: ClientKind, name: &str, [first, second]: &[&str; 2]) {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let client = session.client(kind, &[&alice]);
    signs_in(&mut watch, name);
    client.user().pick_with_message(Saved::Away, first);
    watch.expect(
        name,
        &[
            "signed-in away/away saved=available",
            r#"signed-in away/away note="back at 2 & not < 1" saved=available"#,
            r#"signed-in away/away note="back at 2 & not < 1" saved=away"#,
        ],
    );
    // A new message alone is a change.
    client.user().pick_with_message(Saved::Away, second);
    let second = r#"signed-in away/away note="back at three" saved=away"#;
    watch.expect(name, &[second]);
    let status = session.communicado().run(&["status", "--json", "--client", name]);
    assert_eq!(
        Line::of_status(status.out.trim_end()).map(|line| line.to_string()).as_deref(),
        Ok(second)
    );
    client.user().pick(Saved::Away);
    watch.expect(name, &["signed-in away/away saved=away"]);
    // The status "available" has no message; the one of "away" does not appear there.
    client.user().pick_with_message(Saved::Away, "again");
    watch.expect(name, &[r#"signed-in away/away note="again" saved=away"#]);
    client.user().pick(Saved::Available);
    watch.expect(
        name,
        &[
            "signed-in available/available saved=away",
            "signed-in available/available saved=available",
        ],
    );
    client.user().pick(Saved::Away);
    watch.expect(name, &["signed-in away/away saved=available", "signed-in away/away saved=away"]);
    watch.end();
}
