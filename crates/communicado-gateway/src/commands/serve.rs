//! `serve`: the gateway itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use communicado_wire::gateway::View;

use crate::config::{ClusterConfig, ServeConfig};
use crate::failure::{Failure, Outcome};
use crate::http::AllowedHosts;
use crate::limits::{REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::oidc::OidcConfig;
use crate::options::{DataFolder, duration, view};
use crate::output::print;
use crate::serve::{Certificate, ServeOptions, serve};
use crate::traces::Traces;

/// Run the gateway, until SIGTERM or Ctrl-C.
///
/// The first line of its output is `listening` and its address. When it starts for the first time
/// it makes a token for an administrator and prints it.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataFolder,
    /// Listen here; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8427")]
    listen: SocketAddr,
    /// The certificate for TLS, with its chain, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key that belongs to the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a certificate for this name, for a test; it is written to `tls.pem` in the data folder.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert")]
    tls_self_signed: Vec<String>,
    /// Listen beyond this machine without TLS, for instance behind a proxy that does it.
    #[arg(long)]
    insecure_beyond_loopback: bool,
    /// Let pages of this origin read, such as `https://intranet.example`; several by repeating.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Keep what was told of people for so long, such as `720h`; nothing is kept if not given.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    history: Option<Duration>,
    /// How many requests in a second one token and its sessions may make, and one address without a
    /// token.
    #[arg(long, value_name = "NUMBER", default_value_t = REQUESTS_PER_SECOND.max)]
    requests_per_second: usize,
    /// How many streams one token and its sessions may have open. Default: 10000, or half of the
    /// connections if that is less.
    #[arg(long, value_name = "NUMBER")]
    streams_per_token: Option<usize>,
    /// How many wrong tokens may come from one address in a minute, before they are
    /// refused as too many.
    #[arg(long, value_name = "NUMBER", default_value_t = WRONG_TOKENS_PER_MINUTE.max)]
    wrong_tokens_per_minute: usize,
    /// The address under which people see this gateway, such as `https://status.example`. Without
    /// it and without TLS, only `localhost` and IP addresses are valid in the header `Host`.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Share people and tokens with other gateways, in a bucket of these NATS servers with
    /// JetStream; several with commas.
    #[arg(long, value_name = "URL,..", conflicts_with = "history")]
    nats: Option<String>,
    /// The bucket.
    #[arg(long, value_name = "NAME", default_value = "communicado")]
    nats_bucket: String,
    /// How many of the servers keep the bucket.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    nats_replicas: usize,
    /// Send a span of each request and of each write to this collector, by OTLP over HTTP, such as
    /// `http://127.0.0.1:4318`; nobody is named in them.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp: Option<String>,
    /// Exit when standard input closes, for supervisors.
    #[arg(long)]
    exit_on_stdin_eof: bool,
    /// How much to log: `error`, `warn`, `info` or `debug`.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: tracing::Level,
    /// After the other options: its heading would be that of those that follow.
    #[command(flatten)]
    oidc: OidcArguments,
}

/// Sign-in of people at an issuer of OpenID Connect.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in of people")]
struct OidcArguments {
    /// The issuer, such as `https://sso.example`; it must know `PUBLIC_URL/v1/oidc/callback`.
    #[arg(long, value_name = "URL", requires = "oidc_client_id")]
    oidc_issuer: Option<String>,
    /// The id that the issuer gave this gateway.
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// The file with the secret that the issuer gave with it.
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What people call the issuer.
    #[arg(long, value_name = "NAME", default_value = "your company's sign-in")]
    oidc_name: String,
    /// The claim that is the id of a person here.
    #[arg(long, value_name = "CLAIM", default_value = "preferred_username")]
    oidc_claim: String,
    /// How much who signs in sees of others.
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
            view: self.oidc_view,
        })
    }
}

impl Serve {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let data = self.data.folder();
        let certificate = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Certificate::Files { certificate, key }),
            _ if !self.tls_self_signed.is_empty() => Some(Certificate::SelfSigned {
                names: self.tls_self_signed,
                write_to: data.join("tls.pem"),
            }),
            _ => None,
        };
        let is_from_files = matches!(certificate, Some(Certificate::Files { .. }));
        if certificate.is_none()
            && !self.listen.ip().is_loopback()
            && !self.insecure_beyond_loopback
        {
            let config = format!(
                "{} can be reached from other machines, and tokens and names would go there \
                 unencrypted",
                self.listen
            );
            let help = "give --tls-cert and --tls-key, or --insecure-beyond-loopback behind a \
                        proxy that does TLS";
            return Err(Failure::new(Outcome::Usage, config).help(help));
        }
        tracing_subscriber::fmt()
            .json()
            .with_max_level(self.log)
            .with_target(false)
            .with_writer(std::io::stderr)
            // A line that cannot be written is lost. To say so, it would panic where stderr is
            // full.
            .log_internal_errors(false)
            .init();
        // A variable that is empty asks for nothing.
        let collector = self.otlp.filter(|url| !url.is_empty());
        let traces = collector.as_deref().map(Traces::begin).transpose()?;
        let hosts = if self.public_url.is_some() { AllowedHosts::Any } else { AllowedHosts::Local };
        let options = ServeOptions {
            listen: self.listen,
            data,
            certificate,
            oidc: self.oidc.config(),
            public_url: self.public_url,
            exit_on_stdin_eof: self.exit_on_stdin_eof,
            config: ServeConfig {
                history: self.history,
                origins: self.allow_origin,
                per_second: self.requests_per_second,
                streams_per_token: self.streams_per_token,
                wrong_per_minute: self.wrong_tokens_per_minute,
                cluster: self.nats.map(|servers| ClusterConfig {
                    servers,
                    bucket: self.nats_bucket,
                    replicas: self.nats_replicas,
                }),
                traces,
                // A self-signed one would shut out other programs on the same name, mostly
                // localhost.
                hsts: is_from_files,
                hosts,
            },
        };
        serve(options, |text| print(text).map(|_| ()))?;
        Ok(Outcome::Yes)
    }
}
