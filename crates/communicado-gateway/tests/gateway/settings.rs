//! Settings that are wrong are refused at start, with the intended spelling.

use std::process::Command;

use crate::fixture::program;

#[test]
fn a_wrong_url_or_origin_is_a_usage_error_with_the_intended_spelling() {
    let folder = tempfile::TempDir::new().unwrap();
    let refused = |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
        let output = command.args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (arguments, spelled) in [
        (&["--allow-origin", "https://pages.example/"] as &[&str], "`https://pages.example`"),
        (&["--allow-origin", "https://pages.example/app"], "`https://pages.example`"),
        (&["--allow-origin", "pages.example"], "`https://pages.example`"),
        (&["--allow-origin", "*"], "`https://intranet.example`"),
        (&["--allow-origin", "null"], "serve the page from a web server"),
        (&["--public-url", "status.example"], "`https://status.example`"),
        (&["--oidc-issuer", "sso.example", "--oidc-client-id", "g"], "`https://sso.example`"),
        (&["--trusted-proxy", "proxy.example"], "`10.0.0.0/8`"),
        (&["--heartbeat", "1h"], "1 to 120 seconds"),
    ] {
        let error = refused(arguments);
        assert!(error.contains(spelled) && error.contains(arguments[1]), "{arguments:?}: {error}");
    }
    assert!(!folder.path().join("gateway.sqlite").exists());
}
