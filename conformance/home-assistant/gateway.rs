//! Home Assistant beside a real gateway, with the configuration of `docs/publishing.md`.

use std::fs;

use communicado_conformance::{ExpectOk as _, RealGateway, TestSession, within};
use serde_json::json;

use crate::server::HomeAssistant;

#[test]
fn home_assistant_publishes_to_the_gateway_and_reads_a_person() {
    let session = TestSession::new();
    let gateway = RealGateway::start(session.folder(), &[]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/publishing.md");
    let page = fs::read_to_string(page).expect_ok("read the page");
    let block = page.split("<!-- test: home-assistant -->\n```yaml\n").nth(1);
    let block = block.and_then(|rest| rest.split("```").next()).expect_ok("find the block");
    let more = block
        .replace("http://127.0.0.1:8427", &gateway.address("127.0.0.1"))
        .replace("scan_interval: 30", "scan_interval: 1");
    let secrets = format!("communicado: \"Bearer {}\"\n", gateway.token(&["publish", "read"]));
    let server = HomeAssistant::configured(session.folder(), &more, &secrets);
    let shows = |state: &str| {
        within(&format!("Ada is {state}; {}", session.folder().display()), || {
            (server.state("sensor.ada").as_deref() == Some(state)).then_some(())
        });
    };
    shows("absent");
    for availability in ["do-not-disturb", "available"] {
        server.act("rest_command/communicado", &json!({ "availability": availability }));
        gateway.says("signed-in", Some(availability));
        shows(availability);
    }
}
