//! `doctor`: a check of the configuration and of all that the gateway needs.
//!
//! The options are those of the running gateway, or those after `--`. A part that cannot be checked
//! is a limitation, so the verdict is then not `no problems found`.

mod certificate;
mod clock;
mod data;
mod issuer;
mod proxy;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::Args;
use communicado_cli_support::{Failure, Findings, Outcome, check_installation, print};
use communicado_runtime::{Check, CheckHealth};
use communicado_wire::gateway::Health;

use super::location::{Location, locate};
use super::serve::Serve;
use crate::bucket_file;
use crate::options::DataFolder;
use crate::private::act_as_owner;
use crate::serve::{ServeOptions, ask, ask_arguments, ask_folder, misread};

/// Diagnose problems: check the configuration, the store, TLS, the proxy, the issuer, NATS and the
/// clock.
///
/// Also prints how the program was installed, and its other copies in the PATH.
///
/// Each problem is printed with an action that fixes it. Exit status: 0 working, 1 problem found.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: DataFolder,
    /// Options of `serve` to check, after `--`. Default: those of the running gateway.
    #[arg(last = true, value_name = "SERVE_OPTION")]
    options: Vec<String>,
}

/// The verdict for limitations without a problem.
const LIMITED: &str = "no problems found, with the limitations marked `--`";

impl Doctor {
    /// Runs all checks.
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let mut findings = Findings::default();
        let location = locate(&self.data).and_then(|location| {
            let (folder, socket) = match location {
                Location::Running { socket } => (ask_folder(&socket)?, Some(socket)),
                Location::Stopped { folder } => (folder, None),
            };
            Ok(GatewayPlace { folder, socket })
        });
        let socket = location.as_ref().ok().and_then(|place| place.socket.clone());
        let (check, options) = self.configuration(socket.as_deref());
        findings.add(&check);
        findings.add(&check_installation("communicado-gateway"));
        let is_synchronized = clock::is_synchronized();
        // Root reads the files of the certificate and the issuer, which can belong to root.
        let of_files = options.as_ref().map(|options| {
            let issuer = options.oidc.clone().map(|config| issuer::client(config, options));
            (certificate::check(options), issuer)
        });
        if let (Some(options), Ok(place)) = (&options, &location)
            && (place.socket.is_none() || !self.options.is_empty())
            && let Some(check) = data::secrets(options, &place.folder)
        {
            findings.add(&check);
        }
        match location {
            Ok(place) => place.check(options.as_ref(), &mut findings)?,
            Err(failure) => findings.add(&failed("store", failure)),
        }
        let Some((options, (certificates, issuer))) = options.as_ref().zip(of_files) else {
            for what in ["certificate", "proxy", "issuer"] {
                findings.add(&unchecked(what, "the options of the gateway are unknown"));
            }
            findings.add(&clock::check(None, is_synchronized));
            return conclude(findings);
        };
        certificates.iter().for_each(|check| findings.add(check));
        findings.add(&proxy::check(options, socket.as_deref()));
        let address = options.oidc.as_ref().map(|config| config.issuer.as_str());
        findings.add(&issuer::check(issuer));
        findings.add(&clock::check(address, is_synchronized));
        conclude(findings)
    }

    /// Checks the options of `serve`, and returns them if they are valid.
    fn configuration(&self, socket: Option<&Path>) -> (Check, Option<ServeOptions>) {
        const WHAT: &str = "configuration";
        let (arguments, origin) = if !self.options.is_empty() {
            (self.options.clone(), "the options after `--` are valid")
        } else if let Some(socket) = socket {
            match arguments_of(socket) {
                Ok(arguments) => (arguments, "the options of the running gateway are valid"),
                Err(failure) => return (failed(WHAT, failure), None),
            }
        } else {
            let check = unchecked(WHAT, "no gateway runs here");
            let action = "start the gateway, or give its options after `doctor --`";
            return (Check { action: Some(action.into()), ..check }, None);
        };
        let parsed = Serve::parse(&arguments).map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Failure::usage(first).help("see `communicado-gateway serve --help`")
        });
        match parsed.and_then(Serve::options) {
            Ok(options) => (good(WHAT, origin), Some(options)),
            Err(failure) => (failed(WHAT, failure), None),
        }
    }
}

/// The place of the gateway or its store.
struct GatewayPlace {
    folder: PathBuf,
    socket: Option<PathBuf>,
}

impl GatewayPlace {
    /// Checks the gateway, and the store or the bucket. Root becomes the owner of the folder.
    fn check(
        &self,
        options: Option<&ServeOptions>,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        findings.add(&match &self.socket {
            Some(socket) => of_health(socket),
            None => limited("gateway", "it does not run", "start the gateway"),
        });
        if let Err(error) = act_as_owner(&self.folder) {
            findings.add(&bad("store", error.to_string(), error.help()));
            return Ok(());
        }
        findings.add(&data::permissions(&self.folder));
        let configured = options.and_then(|options| options.config.cluster.clone());
        match configured.map(Some).map_or_else(|| bucket_file::read(&self.folder), Ok) {
            Ok(Some(bucket)) => findings.add(&data::bucket(&bucket)),
            Ok(None) => {
                findings.add(&data::store(&self.folder));
                findings.add(&good("NATS", "not used"));
            }
            Err(failure) => findings.add(&failed("NATS", failure)),
        }
        Ok(())
    }
}

/// The arguments after `serve` of the gateway that listens on `socket`. Its relative paths become
/// valid here.
fn arguments_of(socket: &Path) -> Result<Vec<String>, Failure> {
    let (directory, arguments) = ask_arguments(socket)?;
    std::env::set_current_dir(&directory).map_err(|error| {
        let what = format!("cannot use the gateway's folder {}", directory.display());
        Failure::new(Outcome::Failed, what).cause(error).help("run the command as root")
    })?;
    Ok(arguments.into_iter().skip(2).collect())
}

fn of_health(socket: &Path) -> Check {
    const WHAT: &str = "gateway";
    let asked = ask(socket, "GET", "/healthz", "");
    let health = asked.and_then(|(_, text)| serde_json::from_str(&text).map_err(misread));
    let health: Health = match health {
        Ok(health) => health,
        Err(failure) => return failed(WHAT, failure),
    };
    let parts = [
        (health.store, "its store accepts no writes"),
        (health.front, "its event loop does not respond"),
        (health.clock, "its clock is before 2026"),
    ];
    let broken: Vec<&str> =
        parts.iter().filter(|(works, _)| !works).map(|(_, fault)| *fault).collect();
    if broken.is_empty() {
        return good(WHAT, "it runs, and its store, event loop and clock work");
    }
    bad(WHAT, broken.join(", and "), "see the log of the gateway")
}

fn conclude(findings: Findings) -> Result<Outcome, Failure> {
    let (text, outcome) = findings.conclude(LIMITED);
    print(&text).map(|()| outcome)
}

fn check(
    what: &'static str,
    health: CheckHealth,
    found: impl Into<Cow<'static, str>>,
    action: Option<&'static str>,
) -> Check {
    Check { what: what.into(), health, found: found.into(), action: action.map(Into::into) }
}

fn good(what: &'static str, found: impl Into<Cow<'static, str>>) -> Check {
    check(what, CheckHealth::Good, found, None)
}

fn limited(what: &'static str, found: impl Into<Cow<'static, str>>, action: &'static str) -> Check {
    check(what, CheckHealth::Limited, found, Some(action))
}

fn bad(what: &'static str, found: impl Into<Cow<'static, str>>, action: &'static str) -> Check {
    check(what, CheckHealth::Bad, found, Some(action))
}

fn unchecked(what: &'static str, why: &str) -> Check {
    check(what, CheckHealth::Limited, format!("not checked, because {why}"), None)
}

/// A check that ended with a failure.
fn failed(what: &'static str, failure: Failure) -> Check {
    let (found, action) = failure.into_parts();
    Check {
        what: what.into(),
        health: CheckHealth::Bad,
        found: found.into(),
        action: action.map(Into::into),
    }
}
