//! The ten minutes of `docs/operations.md`: its commands, its drop-in of the unit beside
//! `systemd-analyze`, its nginx, a real issuer, and `doctor`.
//!
//! The commands run as they are written, in a root folder: only the paths below `/etc` and the names
//! of the machine, the program and the issuer are others. The gateway starts with the command line
//! and the variables that the unit gives it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::fixture::{Gateway, free_port, program};
use crate::proxies::{Kind, Proxy};
use crate::sign_in::{Browser, Issuer};

/// The client secret that the issuer of the tests expects.
const SECRET: &str = "a secret / with & signs\n";

/// The blocks of the page after the mark `<!-- run: NAME -->`, without their indentation.
fn documented(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = fs::read_to_string(page).unwrap();
    let mark = format!("<!-- run: {name} -->\n");
    let blocks = page.split(&mark).skip(1).filter_map(|rest| rest.split("```").nth(1));
    let blocks = blocks.map(|block| block.strip_prefix("sh\n").expect("a block `sh`"));
    let lines: String = blocks
        .flat_map(str::lines)
        .map(|line| format!("{}\n", line.strip_prefix("   ").unwrap_or(line)))
        .collect();
    assert!(!lines.is_empty(), "docs/operations.md has no block `{name}`");
    lines
}

/// The machine of the page.
struct Machine {
    root: TempDir,
    public: String,
    issuer: String,
}

impl Machine {
    /// The text with the names of this machine.
    fn here(&self, text: &str) -> String {
        text.replace("/etc/", &format!("{}/etc/", self.root.path().display()))
            .replace("/usr/bin/communicado-gateway", &program().display().to_string())
            .replace("https://status.example/presence", &self.public)
            .replace("https://sso.example", &self.issuer)
    }

    /// Runs the commands of a block in order, with this input.
    fn run(&self, name: &str, input: &str, variables: &[(&str, &Path)]) -> Output {
        let script = self.here(&documented(name));
        let mut command = Command::new("sh");
        // The installed program is in the PATH.
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = program().parent().unwrap().display().to_string();
        command.args(["-euc", &script]).env("PATH", format!("{folder}:{path}"));
        command.envs(variables.iter().copied());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The arguments after `serve` of the last `ExecStart` of the drop-in.
    fn arguments(&self, drop_in: &str) -> Vec<String> {
        let lines = drop_in.replace("\\\n", " ");
        let start = lines.lines().filter_map(|line| line.strip_prefix("ExecStart=")).next_back();
        let credentials = self.file("credentials").display().to_string();
        let words = start.unwrap().replace("${CREDENTIALS_DIRECTORY}", &credentials);
        let mut words = words.split_whitespace().map(ToOwned::to_owned);
        assert_eq!(words.next().as_deref(), program().to_str());
        assert_eq!(words.next().as_deref(), Some("serve"));
        words.collect()
    }
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks the shipped unit with the drop-in.
fn verify(machine: &Machine, drop_in: &Path) {
    let units = machine.file("units");
    let folder = units.join("communicado-gateway.service.d");
    fs::create_dir_all(&folder).unwrap();
    let printed = Command::new(program()).args(["install", "--print"]).output().unwrap();
    fs::write(units.join("communicado-gateway.service"), &printed.stdout).unwrap();
    fs::copy(drop_in, folder.join("options.conf")).unwrap();
    let mut analyze = Command::new("systemd-analyze");
    analyze.arg("verify").arg(units.join("communicado-gateway.service"));
    let output = analyze.output().expect("systemd-analyze\n  help: cargo xtask peers");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn systemd_accepts_the_documented_options_of_tls() {
    let [public, issuer] = ["https://localhost", "https://localhost/issuer"].map(str::to_owned);
    let machine = Machine { root: TempDir::new().unwrap(), public, issuer };
    fs::create_dir(machine.file("etc")).unwrap();
    succeeds(&machine.run("tls", "", &[]));
    let folder = machine.file("etc/systemd/system/communicado-gateway.service.d");
    verify(&machine, &folder.join("options.conf"));
    let arguments = machine.arguments(&fs::read_to_string(folder.join("options.conf")).unwrap());
    // The certificate is missing, and every option is valid.
    let mut serve = Command::new(program());
    serve.arg("serve").args(arguments).env("COMMUNICADO_GATEWAY_DATA", machine.file("data"));
    let serve = serve.output().unwrap();
    let errors = String::from_utf8_lossy(&serve.stderr);
    assert_eq!(serve.status.code(), Some(5), "{serve:?}");
    assert!(errors.contains("status.example.pem for TLS"), "{errors}");
    assert!(errors.contains("the user of the gateway can read the file"), "{errors}");
}

#[test]
fn the_ten_minutes_lead_to_a_service_where_people_sign_in() {
    let (port, proxy_port) = (free_port(), free_port());
    let public = format!("https://localhost:{proxy_port}/presence");
    let issuer = Issuer::start(&public);
    let machine = Machine { root: TempDir::new().unwrap(), public, issuer: issuer.address.clone() };
    fs::create_dir(machine.file("etc")).unwrap();
    succeeds(&machine.run("ten-minutes", SECRET, &[]));
    let secret = machine.file("etc/communicado-gateway/oidc-secret");
    assert_eq!(fs::read_to_string(&secret).unwrap(), SECRET);
    let drop_in = machine.file("etc/systemd/system/communicado-gateway.service.d/options.conf");
    verify(&machine, &drop_in);
    // systemd copies the credential for the unit's user.
    let drop_in = fs::read_to_string(drop_in).unwrap();
    let credential = format!("LoadCredential=oidc-secret:{}", secret.display());
    assert!(drop_in.lines().any(|line| line == credential), "{drop_in}");
    fs::create_dir(machine.file("credentials")).unwrap();
    fs::copy(&secret, machine.file("credentials/oidc-secret")).unwrap();
    let arguments = machine.arguments(&drop_in);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let gateway = Gateway::at(&format!("127.0.0.1:{port}"), &arguments);
    let proxy = Proxy::start(Kind::Nginx, proxy_port, gateway.address());
    // The commands find the service by the folder that its unit gives.
    let home = machine.file("home");
    let variables = [
        ("STATE_DIRECTORY", gateway.folder()),
        ("HOME", &home),
        ("SSL_CERT_FILE", proxy.certificate()),
    ];
    let created = succeeds(&machine.run("ten-minutes-people", "", &variables));
    assert!(created.contains("secret cmt_"), "{created}");
    let findings = machine.run("ten-minutes-check", "", &variables);
    let findings = succeeds(&findings);
    for start in ["configuration", "gateway", "permissions", "store", "issuer", "clock"] {
        let good = format!("ok  {start}: ");
        let clock = start == "clock" && findings.contains("--  clock: no time service");
        assert!(clock || findings.lines().any(|line| line.starts_with(&good)), "{findings}");
    }
    let good = "ok  proxy: the proxy at 127.0.0.1 gives the address of the client, 127.0.0.1\n";
    assert!(findings.contains(good), "{findings}");
    let publishes = succeeds(&machine.run("ten-minutes-token", "", &variables));
    assert!(publishes.contains("secret cmt_"), "{publishes}");
    let certificate = proxy.certificate().to_str().unwrap().to_owned();
    let browser = Browser {
        gateway: &gateway,
        base: machine.public.clone(),
        jar: machine.file("jar").to_str().unwrap().to_owned(),
        arguments: vec!["--cacert".to_owned(), certificate],
    };
    let back = browser.sign_in("ada");
    let (home, _) = browser.follow(&back, None, &format!("{}/", machine.public));
    assert_eq!(home, format!("{}/", machine.public));
    let session = format!("{}/v1/session", machine.public);
    let mut arguments = vec!["-b", browser.jar.as_str()];
    arguments.extend(browser.arguments.iter().map(String::as_str));
    assert_eq!(gateway.curl_at(&session, &arguments).expect_json(200)["person"], "ada");
}
