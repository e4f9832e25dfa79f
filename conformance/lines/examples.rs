//! The helpers in `examples/lines`. The cloud services are a mock, `peers/cloud.py`, which proves
//! nothing about the services.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use communicado_conformance::{
    Communicado, ExpectOk as _, Process, TestSession, require_python, within,
};

use crate::{watch, with_lines};

/// A mock of a cloud service.
struct Cloud {
    folder: PathBuf,
    address: String,
    _server: Process,
}

impl Cloud {
    fn start(session: &TestSession) -> Self {
        require_python();
        let folder = session.folder().join("cloud");
        fs::create_dir_all(&folder).expect_ok("create a folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/cloud.py");
        let server = Process::start("cloud", "/usr/bin/python3", session.folder(), |command| {
            command.arg(script).arg(&folder);
        });
        let port = within("the mock has a port", || fs::read_to_string(folder.join("port")).ok());
        Self { folder, address: format!("http://127.0.0.1:{port}"), _server: server }
    }

    /// Sets the response to the requests for a path.
    fn respond(&self, path: &str, status: u16, body: &str) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().expect_ok("a folder")).expect_ok("create a folder");
        let new = file.with_extension("new");
        fs::write(&new, format!("{status}\n{body}")).expect_ok("write a response");
        fs::rename(new, file).expect_ok("replace a response");
    }

    fn requests(&self) -> String {
        fs::read_to_string(self.folder.join("requests")).unwrap_or_default()
    }
}

/// The program with one of the helpers.
fn with_helper(session: &TestSession, name: &str, arguments: &[&str]) -> Communicado {
    let file = format!("{}/../examples/lines/{name}", env!("CARGO_MANIFEST_DIR"));
    // Without -B, Python writes its cache beside the helper.
    let command = [&["/usr/bin/python3", "-B", &file, "--interval", "0.05"], arguments].concat();
    with_lines(session, &command, "")
}

fn secret(session: &TestSession, name: &str, text: &str) -> String {
    let file = session.folder().join(name);
    fs::write(&file, text).expect_ok("write a secret");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect_ok("set the mode");
    file.to_string_lossy().into_owned()
}

const DEVICE_CODE: &str = r#"{"device_code":"D1","user_code":"ABCD","interval":0,"expires_in":900,
    "verification_uri":"https://microsoft.com/devicelogin","message":"enter the code ABCD"}"#;
const TOKENS: &str = r#"{"access_token":"A1","refresh_token":"R1","expires_in":3600}"#;

#[test]
fn the_helper_for_microsoft_graph_signs_in_with_a_code_and_reports_the_presence() {
    let session = TestSession::new();
    let cloud = Cloud::start(&session);
    let token = session.folder().join("graph.token");
    let token = token.to_string_lossy();
    cloud.respond("organizations/oauth2/v2.0/devicecode", 200, DEVICE_CODE);
    let token_path = "organizations/oauth2/v2.0/token";
    cloud.respond(token_path, 400, r#"{"error":"authorization_pending"}"#);
    let presence = |availability: &str, activity: &str| {
        let body =
            format!(r#"{{"id":"1","availability":"{availability}","activity":"{activity}"}}"#);
        cloud.respond("v1.0/me/presence", 200, &body);
    };
    presence("Busy", "InACall");
    let arguments = ["--client-id", "c", "--token-file", &token, "--login", &cloud.address];
    let arguments = [&arguments[..], &["--graph", &cloud.address]].concat();
    let communicado = with_helper(&session, "graph_presence.py", &arguments);
    let mut watch = watch(&communicado);
    within("the helper waits for the user", || {
        (cloud.requests().contains("device_code=D1")
            && watch.errors().contains("enter the code ABCD"))
        .then_some(())
    });
    cloud.respond(token_path, 200, TOKENS);
    let call = "signed-in busy/InACall activity=on-the-phone by lines";
    watch.expect("teams-account", &[call]);
    assert!(cloud.requests().contains("GET /v1.0/me/presence Bearer A1"), "{}", cloud.requests());
    presence("DoNotDisturb", "DoNotDisturb");
    watch.expect("teams-account", &["signed-in do-not-disturb/DoNotDisturb by lines"]);
    presence("Offline", "Offline");
    watch.expect("teams-account", &["unknown reason=not-supported by lines"]);
    let mode = fs::metadata(&*token).expect_ok("read the mode").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // The next run uses the stored sign-in.
    cloud.respond(token_path, 200, r#"{"access_token":"A2"}"#);
    cloud.respond("v1.0/me/presence", 500, "{}");
    watch.expect("teams-account", &["unknown reason=source-lost by lines"]);
    assert!(watch.errors().contains("Microsoft Graph refused the request (HTTP 500)"));
    presence("Available", "Available");
    watch.expect("teams-account", &["signed-in available/Available by lines"]);
    let requests = cloud.requests();
    assert!(requests.contains("grant_type=refresh_token&refresh_token=R1"), "{requests}");
    assert_eq!(requests.matches("devicecode").count(), 1, "{requests}");
    watch.end();
}

#[test]
fn the_helper_for_slack_reports_whether_a_client_is_connected() {
    let session = TestSession::new();
    let cloud = Cloud::start(&session);
    let answer = |text: &str| cloud.respond("users.getPresence", 200, text);
    answer(r#"{"ok":true,"presence":"active","online":true,"auto_away":false}"#);
    let token = secret(&session, "slack.token", "xoxp-1\n");
    let arguments = ["--token-file", &*token, "--api", &cloud.address];
    let communicado = with_helper(&session, "slack_presence.py", &arguments);
    let mut watch = watch(&communicado);
    watch.expect("slack-account", &["signed-in available/active by lines"]);
    assert!(cloud.requests().contains("GET /users.getPresence Bearer xoxp-1"));
    answer(r#"{"ok":true,"presence":"away","online":true,"auto_away":true}"#);
    watch.expect("slack-account", &["signed-in idle/away by lines"]);
    answer(r#"{"ok":true,"presence":"away","online":false}"#);
    watch.expect("slack-account", &["signed-out by lines | no accounts"]);
    // The answer about another user does not show whether a client is connected.
    answer(r#"{"ok":true,"presence":"away"}"#);
    watch.expect("slack-account", &["unknown reason=not-supported by lines"]);
    answer(r#"{"ok":false,"error":"token_revoked"}"#);
    watch.expect("slack-account", &["unknown reason=source-lost by lines"]);
    within("the error is reported", || watch.errors().contains("token_revoked").then_some(()));
    watch.end();
}

#[test]
fn the_helper_for_zoom_renews_its_token_and_reports_the_presence() {
    let session = TestSession::new();
    let cloud = Cloud::start(&session);
    cloud.respond("oauth/token", 200, r#"{"access_token":"Z1","expires_in":3599}"#);
    let presence = "users/ada%40example.com/presence_status";
    cloud.respond(presence, 200, r#"{"status":"In_Meeting"}"#);
    let secret = secret(&session, "zoom.secret", "s3");
    let arguments = ["--account-id", "a", "--client-id", "c", "--secret-file", &*secret];
    let rest = ["--user", "ada@example.com", "--login", &cloud.address, "--api", &cloud.address];
    let communicado =
        with_helper(&session, "zoom_presence.py", &[&arguments[..], &rest[..]].concat());
    let mut watch = watch(&communicado);
    let meeting = "signed-in busy/In_Meeting activity=in-a-meeting by lines";
    watch.expect("zoom-account", &[meeting]);
    // The base64 form of `c:s3`.
    assert!(cloud.requests().contains("POST /oauth/token Basic YzpzMw=="), "{}", cloud.requests());
    cloud.respond(presence, 401, r#"{"message":"Access token is expired."}"#);
    watch.expect("zoom-account", &["unknown reason=source-lost by lines"]);
    cloud.respond(presence, 200, r#"{"status":"Somewhere"}"#);
    watch.expect("zoom-account", &["unknown reason=not-supported by lines"]);
    cloud.respond(presence, 200, r#"{"status":"Do_Not_Disturb"}"#);
    watch.expect("zoom-account", &["signed-in do-not-disturb/Do_Not_Disturb by lines"]);
    watch.end();
}

/// A process with the name of Teams, which is not Teams.
fn named_like_teams(session: &TestSession, name: &str) -> Process {
    let program = session.folder().join(name);
    if !program.exists() {
        fs::copy("/bin/sleep", &program).expect_ok("copy a program");
    }
    Process::start(name, &program.to_string_lossy(), session.folder(), |command| {
        command.arg("100000");
    })
}

fn log(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect_ok("write a log");
}

/// The line of a presence, as Teams writes it.
fn presence_line(word: &str) -> String {
    format!(
        "2026-09-17T12:00:00.000000-03:00 0x1 <INFO> native_modules::UserDataCrossCloudModule: \
         Received Action: UserPresenceAction: {{cloud_context: https://teams.microsoft.com, \
         availability: {word}}}\n"
    )
}

#[test]
fn the_helper_for_the_log_of_teams_believes_only_the_current_run_of_teams() {
    let session = TestSession::new();
    let folder = session.folder().join("logs");
    fs::create_dir_all(&folder).expect_ok("create a folder");
    let first = "MSTeams_2026-09-17_12-00-00.00.log";
    log(&folder, first, &presence_line("Available"));
    let old = fs::File::options().append(true).open(folder.join(first)).expect_ok("open a log");
    let before = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    old.set_modified(before).expect_ok("set the time");
    // The system shows 15 bytes of a name.
    let name = format!("tms{}", std::process::id());
    let path = folder.to_string_lossy();
    let arguments = ["--folder", &*path, "--process", &name];
    let communicado = with_helper(&session, "teams_log.py", &arguments);
    let mut watch = watch(&communicado);
    watch.expect("teams", &["absent by lines"]);
    let mut teams = named_like_teams(&session, &name);
    watch.expect("teams", &["unknown reason=not-supported by lines"]);
    let half = presence_line("Away");
    let (half, _) = half.split_at(half.len() - 4);
    log(&folder, first, &format!("{}{half}", presence_line("Busy")));
    watch.expect("teams", &["signed-in busy/Busy by lines"]);
    // A new file without a presence: the file before it counts.
    log(&folder, "MSTeams_2026-09-17_13-00-00.00.log", "2026 <INFO> nothing\n");
    log(&folder, first, &presence_line("DoNotDisturb"));
    watch.expect("teams", &["signed-in do-not-disturb/DoNotDisturb by lines"]);
    teams.kill();
    watch.expect("teams", &["signed-out by lines", "absent by lines"]);
    watch.end();
}
