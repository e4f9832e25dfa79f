//! The check of the public URL and the proxy: a request to the URL, and how it reached the gateway.

use std::path::Path;
use std::time::Duration;

use communicado_cli_support::Failure;
use communicado_runtime::Check;

use super::{bad, failed, good, limited, unchecked};
use crate::http_client;
use crate::proxy_probe::{Arrival, CLAIMS, HEADER};
use crate::serve::{ServeOptions, ask_arrival, expect_probe};
use crate::web_url::PublicUrl;

const WHAT: &str = "proxy";
/// Time limit for the response through the proxy.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends a request to the public URL of the gateway that listens on `socket`.
pub(super) fn check(options: &ServeOptions, socket: Option<&Path>) -> Check {
    let Some(url) = &options.config.public_url else {
        return good(WHAT, "none, because --public-url is not set");
    };
    let Some(socket) = socket else {
        return unchecked(WHAT, "no gateway runs here");
    };
    match arrival(url, socket) {
        Ok(Ok(arrival)) => {
            // A gateway without TLS serves no `https` URL by itself.
            let needs_proxy = url.is_secure() && options.certificate.is_none();
            describe(arrival, needs_proxy, options.config.cluster.is_some())
        }
        Ok(Err(error)) => {
            let found =
                format!("not checked, because {}/ cannot be reached: {error}", url.join(""));
            let action = "check the name, the port and the certificate of the proxy; a network may \
                          let only other machines use this URL";
            limited(WHAT, found, action)
        }
        Err(failure) => failed(WHAT, failure),
    }
}

/// Sends the request, and asks the gateway how it arrived.
fn arrival(
    url: &PublicUrl,
    socket: &Path,
) -> Result<Result<Option<Arrival>, ureq::Error>, Failure> {
    let secret = expect_probe(socket)?;
    let request = http_client::agent(TIMEOUT).get(url.join("/readyz")).header(HEADER, secret);
    let request = CLAIMS.iter().fold(request, |it, (name, claim)| it.header(*name, *claim));
    match request.call() {
        Ok(_) => ask_arrival(socket).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

fn describe(arrival: Option<Arrival>, needs_proxy: bool, is_cluster: bool) -> Check {
    const FORWARD: &str = "let the proxy set one of the headers `Forwarded` and `X-Forwarded-For`, \
                           and remove the other";
    let Some(Arrival { peer, is_trusted, set, passed, client }) = arrival else {
        let found = "--public-url leads to another server than this gateway";
        if is_cluster {
            return limited(WHAT, found, "run the command beside each gateway of the bucket");
        }
        return bad(WHAT, found, "check --public-url, and the address in the proxy");
    };
    let as_one = format!("all clients of the proxy at {peer} count as one address");
    match (is_trusted, set, passed) {
        (true, 0, 0) => bad(WHAT, as_one, FORWARD),
        (true, _, 1..) => {
            let found = format!("the proxy at {peer} passes a header that a client can invent");
            bad(WHAT, found, FORWARD)
        }
        (true, 1.., 0) => {
            good(WHAT, format!("the proxy at {peer} gives the address of the client, {client}"))
        }
        (false, 1.., _) => bad(WHAT, as_one, "name the address of the proxy with --trusted-proxy"),
        (false, 0, _) if needs_proxy => {
            let action = "set the header in the proxy, and name the proxy with --trusted-proxy";
            limited(WHAT, as_one, action)
        }
        (false, 0, _) => good(WHAT, "--public-url leads to this gateway"),
    }
}

#[cfg(test)]
mod tests {
    use communicado_runtime::CheckHealth;

    use super::*;

    #[test]
    fn the_way_of_the_request_decides() {
        let arrival = |is_trusted, set, passed| {
            let (peer, client) = ("127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap());
            Some(Arrival { peer, is_trusted, set, passed, client })
        };
        for (arrival, needs_proxy, is_cluster, expected) in [
            (None, false, false, CheckHealth::Bad),
            (None, false, true, CheckHealth::Limited),
            (arrival(true, 0, 0), true, false, CheckHealth::Bad),
            (arrival(true, 0, 2), true, false, CheckHealth::Bad),
            (arrival(true, 1, 1), true, false, CheckHealth::Bad),
            (arrival(true, 1, 0), true, false, CheckHealth::Good),
            (arrival(true, 2, 0), true, false, CheckHealth::Good),
            (arrival(false, 1, 1), false, false, CheckHealth::Bad),
            (arrival(false, 0, 2), true, false, CheckHealth::Limited),
            (arrival(false, 0, 2), false, false, CheckHealth::Good),
        ] {
            let check = describe(arrival, needs_proxy, is_cluster);
            assert_eq!(check.health, expected, "{arrival:?} {check:?}");
            assert_eq!(check.action.is_none(), expected == CheckHealth::Good, "{check:?}");
        }
    }
}
