//! Sign-in at issuers of several kinds that this project did not write: `oidc-provider` from npm
//! in two more settings, and `oidc-provider-mock` from Python's registry.

use std::fs::{self, File};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::fixture::{Gateway, Response, free_port, peer, program, within};
use crate::sign_in::{Browser, Issuer};

pub(crate) const SECRET: &str = "a secret / with & signs";
const HTML: &str = "Accept: text/html";

/// A gateway with an issuer, and its log.
pub(crate) struct SignIn {
    pub(crate) gateway: Gateway,
    folder: tempfile::TempDir,
}

impl SignIn {
    pub(crate) fn start(port: u16, issuer: &str, secret: &str, more: &[&str]) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, secret).unwrap();
        let file = file.to_str().unwrap();
        let client = ["--oidc-client-id", "gateway", "--oidc-client-secret-file", file];
        let arguments = [&["--oidc-issuer", issuer], &client[..], more].concat();
        let mut gateway = Gateway::at(&format!("127.0.0.1:{port}"), &arguments);
        let mut logging = Command::new(program());
        logging.stderr(File::create(folder.path().join("log")).unwrap());
        gateway.restart_as(&mut logging);
        Self { gateway, folder }
    }

    pub(crate) fn browser(&self, name: &str) -> Browser<'_> {
        Browser {
            gateway: &self.gateway,
            base: self.gateway.base.clone(),
            jar: self.folder.path().join(name).to_str().unwrap().to_owned(),
            arguments: vec!["-H".to_owned(), HTML.to_owned()],
        }
    }

    /// Signs in at `oidc-provider`, and returns the last response of the gateway.
    fn finish(&self, name: &str) -> Response {
        let browser = self.browser(name);
        let back = browser.sign_in(name);
        browser.follow(&back, None, &format!("{}/", self.gateway.base)).1
    }

    pub(crate) fn session(&self, name: &str) -> Value {
        let jar = self.browser(name).jar;
        self.gateway.curl("/v1/session", &["-b", &jar]).expect_json(200)
    }

    /// The lines of the log about sign-ins.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains("\"sign-in\"")).map(ToOwned::to_owned).collect()
    }

    pub(crate) fn add(&self, id: &str, sign_in: &[&str]) -> Response {
        let person = json!({"id": id, "sign_in": sign_in});
        self.gateway.request("POST", "/v1/people", Some(&person))
    }
}

pub(crate) fn base(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[test]
fn a_claim_at_the_userinfo_endpoint_of_a_strict_issuer_signs_in_without_regard_to_case() {
    let port = free_port();
    let issuer = Issuer::of_kind(&base(port), "strict");
    let setup = SignIn::start(port, &issuer.address, SECRET, &["--oidc-claim", "email"]);
    setup.add("ada", &["ada@example.org"]).expect_json(201);
    assert_eq!(setup.finish("ada").status, 302);
    assert_eq!(setup.session("ada")["person"], "ada");
    // A name is of one person, also in another case.
    setup.add("bob", &["ADA@example.org"]).expect_problem(409);
    setup.add("bob", &[]).expect_json(201);
    let names = json!({"sign_in": ["Bob@example.org"]});
    let own = setup.gateway.request("PATCH", "/v1/people/bob", Some(&names)).expect_json(200);
    assert_eq!(own["sign_in"], names["sign_in"]);
    assert_eq!(setup.finish("bob").status, 302);
    assert!(setup.log().is_empty(), "{:?}", setup.log());
    // An address that the issuer has not verified may belong to another person.
    setup.add("mallory", &["mallory@example.org"]).expect_json(201);
    let refused = setup.finish("mallory");
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("not verified your email"), "{}", refused.body);
    assert_eq!(setup.log().len(), 1, "{:?}", setup.log());
}

#[test]
fn an_issuer_with_a_path_and_capitals_creates_people_if_the_operator_wants_it() {
    let port = free_port();
    let issuer = Issuer::of_kind(&base(port), "tenant");
    let setup = SignIn::start(port, &issuer.address, SECRET, &["--oidc-create"]);
    assert_eq!(setup.finish("ada").status, 302);
    assert_eq!(setup.session("ada")["person"], "ada.lovelace");
    let person = setup.gateway.get("/v1/people/ada.lovelace");
    assert_eq!(
        (&person["name"], &person["sign_in"]),
        (&json!("Ada"), &json!(["ada.lovelace@example.org"]))
    );
    // The second sign-in finds the person, also after a restart.
    assert_eq!(setup.finish("ada").status, 302);
    // An id of somebody else is not taken over.
    setup.add("bob.lovelace", &["bob@other.example"]).expect_json(201);
    let refused = setup.finish("bob");
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("people add ID --sign-in Bob.Lovelace@Example.ORG"),
        "{refused:?}"
    );
}

#[test]
fn a_person_reads_what_to_do_and_the_operator_gets_one_line_with_the_cause() {
    let port = free_port();
    let issuer = Issuer::of_kind(&base(port), "tenant");
    let origin = issuer.address.trim_end_matches("/tenant/v2.0");
    // The client secret is wrong. Another attempt of the person cannot succeed.
    let setup = SignIn::start(port, &issuer.address, "another secret", &[]);
    let refused = setup.finish("ada");
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("the log of the gateway has the cause"), "{}", refused.body);
    assert!(!refused.body.contains("again"), "{}", refused.body);
    let log = setup.log();
    assert_eq!(log.len(), 1, "{log:?}");
    for part in ["invalid_client: client authentication failed", "--oidc-client-secret-file"] {
        assert!(log[0].contains(part), "{log:?}");
    }
    // The issuer refuses the user.
    let jar = setup.browser("eve").jar;
    let begun = setup.gateway.curl("/v1/oidc/start", &["-c", &jar]).location.unwrap();
    let state = begun.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let denied = format!(
        "/v1/oidc/callback?error=access_denied&error_description=AADSTS50105%0Anot+assigned&state={state}"
    );
    let refused = setup.gateway.curl(&denied, &["-b", &jar]).expect_problem(403);
    assert!(refused["help"].as_str().unwrap().contains("another account"), "{refused}");
    assert!(!refused.to_string().contains("AADSTS"), "{refused}");
    let log = setup.log();
    assert!(log.len() == 2 && log[1].contains("AADSTS50105 not assigned"), "{log:?}");
    drop(setup);
    // The settings name another issuer than the issuer itself does.
    let slash = format!("{}/", issuer.address);
    let common = format!("{origin}/common/v2.0");
    let moved = format!("{origin}/moved");
    for (address, parts) in [
        (&slash, [format!("`{slash}`"), format!("`{}`", issuer.address)]),
        (&common, ["{tenantid}".to_owned(), "id of your tenant".to_owned()]),
        (&moved, [format!("redirects to {}", issuer.address), "final address".to_owned()]),
    ] {
        let setup = SignIn::start(free_port(), address, SECRET, &[]);
        let refused = setup.gateway.curl("/v1/oidc/start", &[]).expect_problem(503);
        assert!(refused["help"].as_str().unwrap().contains("ask an administrator"), "{refused}");
        let log = setup.log();
        assert!(log.len() == 1 && parts.iter().all(|part| log[0].contains(part)), "{log:?}");
    }
}

/// `oidc-provider-mock`, which speaks for Python's Authlib.
struct PythonIssuer(Child);

impl Drop for PythonIssuer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_person_signs_in_by_e_mail_at_an_issuer_in_python() {
    let (port, issuer_port) = (free_port(), free_port());
    let mut command = Command::new(peer("oidc-provider-mock"));
    command.args(["--require-nonce", "true", "--port", &issuer_port.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _issuer = PythonIssuer(command.spawn().unwrap());
    within("the issuer listens", || TcpStream::connect(("127.0.0.1", issuer_port)).ok());
    let setup = SignIn::start(port, &base(issuer_port), SECRET, &["--oidc-claim", "email"]);
    setup.add("ada", &["Ada@Example.org"]).expect_json(201);
    let browser = setup.browser("ada");
    let start = format!("{}/v1/oidc/start", browser.base);
    let back = format!("{}/v1/oidc/callback", browser.base);
    let (page, _) = browser.follow(&start, None, &back);
    let (callback, _) = browser.follow(&page, Some("sub=ada@example.org"), &back);
    let (_, home) = browser.follow(&callback, None, &format!("{}/", browser.base));
    assert_eq!(home.status, 302, "{home:?}");
    assert_eq!(setup.session("ada")["person"], "ada");
}
