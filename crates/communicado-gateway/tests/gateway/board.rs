//! The settings of the board.

use std::process::Command;

use serde_json::json;

use crate::fixture::{Gateway, program};

#[test]
fn the_board_has_the_title_the_logo_and_the_group_names_of_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>";
    std::fs::write(&logo, svg).unwrap();
    let options = ["--title", "Example Ltd", "--group-name", "new-york=New York"];
    let gateway =
        Gateway::with(&[options.as_slice(), &["--logo", logo.to_str().unwrap()]].concat());
    let nobody = gateway.curl("/v1/session", &[]).expect_json(200);
    assert_eq!((&nobody["title"], &nobody["logo"]), (&json!("Example Ltd"), &json!(true)));
    assert_eq!(nobody["group_names"], json!({}), "only readers see the groups");
    assert_eq!(gateway.get("/v1/session")["group_names"], json!({"new-york": "New York"}));
    let rome = gateway.token(&["read"], &json!({"group": "rome"})).0;
    let session = gateway.request_as(&rome, "GET", "/v1/session", None).expect_json(200);
    assert_eq!(session["group_names"], json!({}));
    let answer = gateway.curl("/logo", &[]);
    assert_eq!(answer.header("content-type").as_deref(), Some("image/svg+xml"));
    assert_eq!(answer.body, svg);

    let plain = Gateway::start();
    let session = plain.curl("/v1/session", &[]).expect_json(200);
    assert_eq!((&session["title"], &session["logo"]), (&json!(null), &json!(false)));
    plain.curl("/logo", &[]).expect_status(200);

    for (name, content) in [("text", b"not a picture".to_vec()), ("large", vec![b'<'; 1_048_577])] {
        std::fs::write(&logo, content).unwrap();
        let mut serve = Command::new(program());
        serve.args(["serve", "--listen", "127.0.0.1:0", "--logo"]).arg(&logo);
        let output = serve.arg("--data").arg(folder.path().join("data")).output().unwrap();
        assert!(!output.status.success(), "{name}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("cannot read the logo"), "{name}: {text}");
    }
}
