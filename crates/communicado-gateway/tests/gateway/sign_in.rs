//! Sign-in with OpenID Connect at a real issuer: `oidc-provider` from npm.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::fixture::{Gateway, Response, free_port};

const HTML: &str = "text/html; charset=utf-8";

pub(crate) struct Issuer {
    child: Child,
    pub(crate) address: String,
}

impl Issuer {
    /// Starts an issuer that redirects to `gateway`.
    pub(crate) fn start(gateway: &str) -> Self {
        Self::of_kind(gateway, "usual")
    }

    /// Starts an issuer of a kind that `issuer.js` describes.
    pub(crate) fn of_kind(gateway: &str, kind: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/issuer");
        assert!(
            root.join("node_modules/oidc-provider").exists(),
            "the issuer is missing\n  help: cargo xtask gateway"
        );
        Self::of(
            Command::new("node")
                .arg(root.join("issuer.js"))
                .arg(format!("{gateway}/v1/oidc/callback"))
                .arg(kind),
        )
    }

    /// Starts an issuer that prints its address.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser: `curl` with a cookie jar.
pub(crate) struct Browser<'a> {
    pub(crate) gateway: &'a Gateway,
    /// The URL of the gateway, as the browser uses it.
    pub(crate) base: String,
    pub(crate) jar: String,
    /// More arguments of `curl`.
    pub(crate) arguments: Vec<String>,
}

impl Browser<'_> {
    /// Requests a URL, and follows redirections until `until` or a page.
    pub(crate) fn follow(&self, url: &str, form: Option<&str>, until: &str) -> (String, Response) {
        let (mut url, mut form) = (url.to_owned(), form);
        loop {
            let mut arguments = vec!["-b", &self.jar, "-c", &self.jar];
            arguments.extend(self.arguments.iter().map(String::as_str));
            if let Some(form) = form {
                arguments.extend(["-d", form]);
            }
            let response = self.gateway.curl_at(&url, &arguments);
            let Some(to) =
                response.location.clone().filter(|_| (300..400).contains(&response.status))
            else {
                return (url, response);
            };
            let base: String = url.split('/').take(3).collect::<Vec<_>>().join("/");
            url = if to.starts_with('/') { format!("{base}{to}") } else { to };
            form = None;
            if url.starts_with(until) {
                return (url, response);
            }
        }
    }

    /// Signs in as `name`, and returns the callback URL to which the issuer redirects.
    pub(crate) fn sign_in(&self, name: &str) -> String {
        let start = format!("{}/v1/oidc/start", self.base);
        let back = format!("{}/v1/oidc/callback", self.base);
        let (page, _) = self.follow(&start, None, &back);
        let form = format!("prompt=login&login={name}&password=x");
        let (page, _) = self.follow(&page, Some(&form), &back);
        if page.starts_with(&back) {
            return page;
        }
        self.follow(&page, Some("prompt=consent"), &back).0
    }
}

#[test]
fn a_person_signs_in_at_the_issuer_and_gets_the_identity_from_its_claims() {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let issuer = Issuer::start(&base);
    let folder = tempfile::TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret / with & signs\n").unwrap();
    let gateway = Gateway::at(
        &format!("127.0.0.1:{port}"),
        &[
            "--oidc-issuer",
            &issuer.address,
            "--oidc-client-id",
            "gateway",
            "--oidc-client-secret-file",
            secret.to_str().unwrap(),
            "--oidc-name",
            "Example SSO",
        ],
    );
    gateway.add("ada", &[]);
    let nobody = gateway.curl("/v1/session", &[]).expect_json(200);
    assert_eq!(nobody["oidc"], json!({"name": "Example SSO", "href": "/v1/oidc/start"}));
    let browser = |jar: &str| Browser {
        gateway: &gateway,
        base: gateway.base.clone(),
        arguments: Vec::new(),
        jar: folder.path().join(jar).to_str().unwrap().to_owned(),
    };
    let ada = browser("ada");
    let back = ada.sign_in("ada");
    // Another browser cannot use the callback URL, and the URL works once.
    let stolen = gateway.curl_at(&back, &[]);
    stolen.expect_problem(400);
    let (_, home) = ada.follow(&back, None, &format!("{}/", gateway.base));
    assert_eq!(home.status, 302);
    let session = gateway.curl("/v1/session", &["-b", &ada.jar]).expect_json(200);
    assert_eq!(
        (&session["person"], &session["scopes"]),
        (&json!("ada"), &json!(["publish", "read"]))
    );
    let manual = json!({"status": "signed-out", "note": "gone home"}).to_string();
    let json_type = "Content-Type: application/json";
    let csrf = "Communicado-Csrf: 1";
    let put = ["-X", "PUT", "-b", &ada.jar, "-H", json_type, "-H", csrf, "-d", &manual];
    gateway.curl("/v1/people/ada/manual", &put).expect_json(200);
    gateway.curl_at(&back, &["-b", &ada.jar]).expect_problem(400);
    // A user without a matching person gets no access.
    let eve = browser("eve");
    let back = eve.sign_in("eve");
    let refused = gateway.curl_at(&back, &["-b", &eve.jar]).expect_problem(403);
    assert!(refused["detail"].as_str().unwrap().contains("`eve`"), "{refused}");
    // A user who does not consent is not signed in. Only the browser that began the sign-in sees
    // the issuer's error, and only once.
    let begin = |name: &str| {
        let browser = browser(name);
        let began = gateway.curl("/v1/oidc/start", &["-c", &browser.jar]);
        let to = began.location.unwrap();
        let state = to.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (browser.jar, state)
    };
    let (jar, state) = begin("bob");
    let address =
        format!("/v1/oidc/callback?error=access_denied%E2%80%AE%1B{:x<200}&state={state}", "");
    for stranger in [&[] as &[&str], &["-b", "communicado_sign_in=x"]] {
        for address in ["/v1/oidc/callback?error=call+0123", &address] {
            let refused = gateway.curl(address, stranger).expect_problem(400);
            let text = refused.to_string();
            assert!(!text.contains("call") && !text.contains("access_denied"), "{text}");
        }
    }
    let refused = gateway.curl(&address, &["-b", &jar]).expect_problem(403);
    let expected = format!("the issuer rejected the sign-in: access_denied{:x<67}", "");
    assert_eq!(refused["detail"], expected);
    gateway.curl(&address, &["-b", &jar]).expect_problem(400);
    // A browser gets a page, in which the issuer's text is not markup.
    let accept = "Accept: text/html,application/xhtml+xml";
    let (jar, state) = begin("carol");
    let address = format!("/v1/oidc/callback?error=%3Cscript%3E%7Bhelp%7D&state={state}");
    let page = gateway.curl(&address, &["-H", accept, "-b", &jar]);
    assert_eq!((page.status, page.header("content-type").as_deref()), (403, Some(HTML)));
    assert!(
        page.body.contains("rejected the sign-in: &#60;script&#62;&#123;help}"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<script"), "{}", page.body);
}

#[test]
fn an_unreachable_issuer_is_reported_and_tokens_still_work() {
    let port = free_port();
    let issuer = format!("http://127.0.0.1:{port}");
    let gateway = Gateway::with(&["--oidc-issuer", &issuer, "--oidc-client-id", "gateway"]);
    gateway.curl("/v1/oidc/start", &[]).expect_problem(503);
    gateway.get("/v1/people");
    let other = Gateway::start();
    other.curl("/v1/oidc/start", &[]).expect_problem(404);
}
