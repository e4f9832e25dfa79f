//! The check of the OpenID Connect issuer.

use communicado_runtime::Check;

use super::{bad, good};
use crate::oidc::{CALLBACK, OidcClient, OidcConfig};
use crate::serve::ServeOptions;

const WHAT: &str = "issuer";

/// A client of the issuer, which has read the secret.
pub(super) fn client(config: OidcConfig, options: &ServeOptions) -> Result<OidcClient, String> {
    let redirect_uri = options.config.public_url.as_ref().map_or_else(
        || {
            let scheme = if options.certificate.is_some() { "https" } else { "http" };
            format!("{scheme}://{}{CALLBACK}", options.listen)
        },
        |url| url.join(CALLBACK),
    );
    OidcClient::new(config, redirect_uri)
}

/// Checks that the issuer responds, and names itself as configured.
pub(super) fn check(client: Option<Result<OidcClient, String>>) -> Check {
    let client = match client {
        None => return good(WHAT, "not used"),
        Some(Err(why)) => {
            let found = format!("cannot read the OIDC client secret: {why}");
            return bad(WHAT, found, "check --oidc-client-secret-file");
        }
        Some(Ok(client)) => client,
    };
    match client.discover() {
        Ok(()) => {
            let uri = client.redirect_uri();
            good(WHAT, format!("it responds with its own name; the redirect URI is {uri}"))
        }
        Err(error) => bad(WHAT, error.cause, error.remedy),
    }
}
