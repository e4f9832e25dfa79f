//! The options of the source.

use communicado_conformance::{ExpectOk as _, TestSession};

use crate::with_desktop;

#[test]
fn an_invalid_option_is_an_error_with_the_valid_form() {
    let session = TestSession::new();
    let check = |options: &str, expected: &str| {
        let ended = with_desktop(&session, options).run(&["status"]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(expected), "{ended:?}");
    };
    check("programs = [\"chat\"]\n", "`chat`: expected a client and its programs");
    check("ignore = [\"chat\"]\n", "`chat`: expected the name of a built-in client");
}

#[test]
fn a_client_of_another_source_stays_with_that_source() {
    let session = TestSession::new();
    let options = "programs = [\"pidgin = pidgin\"]\n[sources.provider]\nenabled = false\n";
    let folder = session.folder().join("communicado/config/communicado/config.toml");
    let communicado = session.communicado();
    std::fs::write(&folder, format!("[sources.desktop]\n{options}"))
        .expect_ok("write a configuration");
    let ended = communicado.run(&["status"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("another source reads `pidgin`"), "{ended:?}");
}
