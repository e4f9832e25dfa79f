//! The command `serve`: the gateway.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, FromArgMatches as _};

use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::gateway::View;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::audit;
use crate::branding::{Branding, Logo, group_name, title};
use crate::config::{ClusterConfig, ServeConfig};
use crate::limits::{HEARTBEAT_MAX, HEARTBEAT_MIN, REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::model::Aggregation;
use crate::oidc::OidcConfig;
use crate::options::{DataFolder, duration, runtime_directory, view};
use crate::serve::{Certificate, CertificateFiles, ServeOptions, serve};
use crate::traces::Traces;
use crate::trusted_proxies::{TrustedProxies, network};
use crate::web_url::{PublicUrl, issuer, origin};

/// Run the gateway until SIGTERM or Ctrl-C.
///
/// The first line of output is `listening` and the URL. On its first start the gateway creates an
/// administrator token and prints it.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataFolder,
    /// Address and port to listen on; port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8427")]
    listen: SocketAddr,
    /// TLS certificate chain, as a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, as a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Create a self-signed certificate for this name, for tests. The gateway writes it to
    /// `tls.pem` in the data folder.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert")]
    tls_self_signed: Vec<String>,
    /// Listen beyond loopback without TLS, for example behind a TLS proxy.
    #[arg(long)]
    insecure_beyond_loopback: bool,
    /// Let pages of this origin read, for example `https://intranet.example`. Repeat for several
    /// origins.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    allow_origin: Vec<String>,
    /// Rule by which one of several devices determines the status of a person: a device that is
    /// busy before one that is available, or the most reachable device.
    #[arg(long, value_name = "RULE", value_enum, default_value_t)]
    aggregation: Aggregation,
    /// Keep history for this long (for example `30d`). Default: no history.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    history: Option<Duration>,
    /// Limit on requests per second from one token and its sessions, or from one address without a
    /// token.
    #[arg(long, value_name = "NUMBER", default_value_t = REQUESTS_PER_SECOND.max)]
    requests_per_second: usize,
    /// Limit on open streams of one token and its sessions. Default: 10000, or half of the
    /// connection limit if that is less.
    #[arg(long, value_name = "NUMBER")]
    streams_per_token: Option<usize>,
    /// Limit on wrong tokens per minute from one address.
    #[arg(long, value_name = "NUMBER", default_value_t = WRONG_TOKENS_PER_MINUTE.max)]
    wrong_tokens_per_minute: usize,
    /// URL that people use, for example `https://status.example/presence`. A proxy removes its
    /// path. Without it and without TLS, the header `Host` must be `localhost` or an IP address.
    #[arg(long, value_name = "URL", value_parser = PublicUrl::parse)]
    public_url: Option<PublicUrl>,
    /// Network of a proxy, for example `127.0.0.1` or `10.0.0.0/8`. Its header `Forwarded` or
    /// `X-Forwarded-For` gives the address of a client. Repeat for several networks.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    trusted_proxy: Vec<ipnet::IpNet>,
    /// Interval of the heartbeats on a stream, from 1 to 120 seconds. It must be shorter than the
    /// idle timeout of a proxy.
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = heartbeat)]
    heartbeat: Duration,
    /// Share people and tokens with other gateways in a bucket of these NATS JetStream servers,
    /// comma-separated.
    #[arg(long, value_name = "URL,..", conflicts_with = "history")]
    nats: Option<String>,
    /// Name of the bucket.
    #[arg(long, value_name = "NAME", default_value = "communicado")]
    nats_bucket: String,
    /// Number of servers that store the bucket.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    nats_replicas: usize,
    /// Send a span for each request and write to this OTLP/HTTP collector, for example
    /// `http://127.0.0.1:4318`. Spans contain no personal data.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp: Option<String>,
    /// Exit when standard input closes, for supervisors.
    #[arg(long)]
    exit_on_stdin_eof: bool,
    /// Log level: `error`, `warn`, `info` or `debug`.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: tracing::Level,
    /// Options of the board, with their heading.
    #[command(flatten)]
    branding: BrandingArguments,
    /// Sign-in options. They come last, because their heading would apply to later options.
    #[command(flatten)]
    oidc: OidcArguments,
}

/// Options for the board.
#[derive(Debug, Args)]
#[command(next_help_heading = "Board")]
struct BrandingArguments {
    /// Title of the board. Default: `Who is in`, in the language of the browser.
    #[arg(long, value_name = "TEXT", value_parser = title)]
    title: Option<Arc<str>>,
    /// Logo of the board: an SVG, PNG, JPEG or WebP file of at most 1 MiB.
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Display name of a group on the board, for example `new-york=New York`. Repeat for several
    /// groups.
    #[arg(long, value_name = "GROUP=NAME", value_parser = group_name)]
    group_name: Vec<(Arc<str>, Arc<str>)>,
}

impl BrandingArguments {
    fn branding(self) -> Result<Branding, Failure> {
        let logo = self.logo.as_deref().map(Logo::read).transpose()?;
        Ok(Branding { title: self.title, logo, group_names: self.group_name.into_iter().collect() })
    }
}

/// Options for sign-in at an OpenID Connect issuer.
#[derive(Debug, Args)]
#[command(next_help_heading = "OpenID Connect sign-in")]
struct OidcArguments {
    /// Issuer URL, for example `https://sso.example`. Register `PUBLIC_URL/v1/oidc/callback` as the
    /// redirect URI.
    #[arg(long, value_name = "URL", requires = "oidc_client_id", value_parser = issuer)]
    oidc_issuer: Option<String>,
    /// Client id from the issuer.
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// File with the client secret from the issuer.
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Display name of the issuer.
    #[arg(long, value_name = "NAME", default_value = "your company's sign-in")]
    oidc_name: String,
    /// Claim with the name of the person at the issuer. The name is a sign-in name of a person, or
    /// the id.
    #[arg(long, value_name = "CLAIM", default_value = "preferred_username")]
    oidc_claim: String,
    /// Scope to request in addition to `openid`. Repeat for several scopes. Default: the scope that
    /// contains the claim.
    #[arg(long, value_name = "SCOPE", requires = "oidc_issuer")]
    oidc_scope: Vec<String>,
    /// Create a person at the first sign-in. The part of the name before `@` is the id.
    #[arg(long, requires = "oidc_issuer")]
    oidc_create: bool,
    /// View of others for people from the issuer.
    #[arg(long, value_name = "VIEW", default_value = "availability", value_parser = view)]
    oidc_view: View,
}

impl OidcArguments {
    fn config(self) -> Option<OidcConfig> {
        Some(OidcConfig {
            issuer: self.oidc_issuer?,
            client_id: self.oidc_client_id?,
            client_secret_file: self.oidc_client_secret_file,
            name: self.oidc_name,
            claim: self.oidc_claim,
            scopes: self.oidc_scope,
            creates: self.oidc_create,
            view: self.oidc_view,
        })
    }
}

impl Serve {
    /// Parses the arguments after the word `serve`.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, clap::Error> {
        let command = clap::Command::new("communicado-gateway").no_binary_name(true);
        Self::from_arg_matches(&Self::augment_args(command).try_get_matches_from(arguments)?)
    }

    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        // An empty variable disables tracing.
        let collector = self.otlp.clone().filter(|url| !url.is_empty());
        let level = self.log;
        let mut options = self.options()?;
        start_log(level);
        options.config.traces = collector.as_deref().map(Traces::begin).transpose()?;
        serve(options, print)?;
        Ok(Outcome::Yes)
    }

    /// Checks the arguments, without the log and the traces.
    ///
    /// # Errors
    ///
    /// If arguments contradict each other, or a file of the board cannot be read.
    pub(super) fn options(self) -> Result<ServeOptions, Failure> {
        let data = self.data.folder();
        let certificate = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(Certificate::Files(CertificateFiles { certificate, key }))
            }
            _ if !self.tls_self_signed.is_empty() => Some(Certificate::SelfSigned {
                names: self.tls_self_signed,
                write_to: data.join("tls.pem"),
            }),
            _ => None,
        };
        let is_from_files = matches!(certificate, Some(Certificate::Files(_)));
        if certificate.is_none()
            && !self.listen.ip().is_loopback()
            && !self.insecure_beyond_loopback
        {
            let config = format!(
                "{} is reachable from other machines, and would send tokens and names there \
                 unencrypted",
                self.listen
            );
            let help = "give --tls-cert and --tls-key, or --insecure-beyond-loopback behind a \
                        TLS proxy";
            return Err(Failure::new(Outcome::Usage, config).help(help));
        }
        Ok(ServeOptions {
            listen: self.listen,
            data,
            runtime_directory: runtime_directory(),
            certificate,
            oidc: self.oidc.config(),
            exit_on_stdin_eof: self.exit_on_stdin_eof,
            config: ServeConfig {
                aggregation: self.aggregation,
                branding: self.branding.branding()?,
                history: self.history,
                origins: self.allow_origin,
                public_url: self.public_url,
                proxies: TrustedProxies::new(self.trusted_proxy),
                heartbeat: self.heartbeat,
                per_second: self.requests_per_second,
                streams_per_token: self.streams_per_token,
                wrong_per_minute: self.wrong_tokens_per_minute,
                cluster: self.nats.map(|servers| ClusterConfig {
                    servers,
                    bucket: self.nats_bucket,
                    replicas: self.nats_replicas,
                }),
                creates_bucket: true,
                traces: None,
                // With a self-signed certificate, HSTS would block other programs on the same name,
                // usually localhost.
                hsts: is_from_files,
            },
        })
    }
}

/// Starts the log with the level of `--log`, and the audit log.
fn start_log(level: tracing::Level) {
    let lines = || {
        let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
        // Lines that cannot be written are lost. Reporting that would panic when stderr is full.
        lines.log_internal_errors(false)
    };
    let others = Targets::new().with_default(level).with_target(audit::TARGET, LevelFilter::OFF);
    let audited = Targets::new().with_target(audit::TARGET, LevelFilter::INFO);
    let both = vec![lines().with_target(false).with_filter(others), lines().with_filter(audited)];
    tracing_subscriber::registry().with(both).init();
}

/// Parses the heartbeat interval for clap.
fn heartbeat(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    let is_valid = (HEARTBEAT_MIN..=HEARTBEAT_MAX).contains(&interval);
    is_valid
        .then_some(interval)
        .ok_or_else(|| "give 1 to 120 seconds, for example `25s`".to_owned())
}
