//! `webhook`: an HTTP request for each change.
//!
//! The body is a CloudEvent, or a text from a template for lights and hubs. `event` writes the
//! CloudEvents, `signature` signs as Standard Webhooks does, and `answer` evaluates the responses.
//! All three are pure. `sink` sends.

mod answer;
mod event;
mod signature;
mod sink;

use hyper::Uri;

use self::sink::WebhookSink;
use crate::agent::{SinkDescriptor, SinkOption, SinkOptionKind, SinkOptions};
use crate::net::{Endpoint, Peer, Server, is_this_machine};
use crate::publish::PublishError;

const URL: SinkOption = SinkOption {
    name: "url",
    kind: SinkOptionKind::Url(&["https", "http"]),
    default: None,
    help: "The URL of the receiver. `http` is for this computer, or with `insecure`.",
};
const PATH_FILE: SinkOption = SinkOption {
    name: "path-file",
    kind: SinkOptionKind::SecretFile,
    default: Some(""),
    help: "The file with the path and query of the URL, if they are secret.",
};
const METHOD: SinkOption = SinkOption {
    name: "method",
    kind: SinkOptionKind::Choice(&["POST", "PUT", "PATCH", "GET"]),
    default: Some("POST"),
    help: "The method: POST, PUT, PATCH or GET. A GET request has no body.",
};
const BODY: SinkOption = SinkOption {
    name: "body",
    kind: SinkOptionKind::Template,
    default: Some(""),
    help: "A template of the body, with the keys of `--format`. Default: a CloudEvent.",
};
const CONTENT_TYPE: SinkOption = SinkOption {
    name: "content-type",
    kind: SinkOptionKind::MediaType,
    default: Some(""),
    help: "The media type. Default: that of CloudEvents, or `application/json` with `body`.",
};
const HEADERS: SinkOption = SinkOption {
    name: "headers",
    kind: SinkOptionKind::Headers,
    default: Some(""),
    help: "Further headers, each as `Name: value`.",
};
const HEADER_FILE: SinkOption = SinkOption {
    name: "header-file",
    kind: SinkOptionKind::SecretFile,
    default: Some(""),
    help: "The file with further headers that are secret, one on each line.",
};
const SECRET_FILE: SinkOption = SinkOption {
    name: "secret-file",
    kind: SinkOptionKind::SecretFile,
    default: Some(""),
    help: "The file with the secrets of the signature, one on each line.",
};
const CA_FILE: SinkOption = SinkOption {
    name: "ca-file",
    kind: SinkOptionKind::Path,
    default: Some(""),
    help: "Verify the receiver against this CA only. The file is in PEM format.",
};
const INSECURE: SinkOption = SinkOption {
    name: "insecure",
    kind: SinkOptionKind::Bool,
    default: Some("false"),
    help: "Whether to send to another computer without TLS.",
};
const DEVICE: SinkOption = SinkOption {
    name: "device",
    kind: SinkOptionKind::Id,
    default: Some(""),
    help: "The name of this device. Default: the host name.",
};

/// The words for the receiver in messages.
const PEER: Peer = Peer::new("receiver", "`ca-file`");

/// The kind `webhook`.
pub(crate) const DESCRIPTOR: SinkDescriptor = SinkDescriptor {
    kind: "webhook",
    about: "An HTTP request for each change",
    capabilities: &[
        "a CloudEvent or a body of your own for each client",
        "signatures of Standard Webhooks",
        "an event when the agent stops or pauses",
    ],
    limitations: &[
        "A receiver does not see a crash of the agent.",
        "With `body`, a receiver does not see that the agent stops or pauses.",
        "Redirects are not followed, and no proxy is used.",
    ],
    leaves_machine: true,
    options: &[
        URL,
        PATH_FILE,
        METHOD,
        BODY,
        CONTENT_TYPE,
        HEADERS,
        HEADER_FILE,
        SECRET_FILE,
        CA_FILE,
        INSECURE,
        DEVICE,
    ],
    destination: |_, options| {
        let secret = if options.text(&PATH_FILE).is_empty() { "" } else { " with a secret path" };
        format!("{} {}{secret}", options.text(&METHOD), options.text(&URL))
    },
    open: |context, options| Ok(Box::new(WebhookSink::new(context, options)?)),
};

/// The receiver, and the path and query of the URL.
fn target(options: &SinkOptions) -> Result<(Server, Uri), PublishError> {
    let text = options.text(&URL);
    let uri: Uri = text.parse().unwrap_or_default();
    let tls = uri.scheme_str() == Some("https");
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let shown = format!("{}://{authority}", uri.scheme_str().unwrap_or_default());
    let may_leave = tls || options.bool(&INSECURE);
    if !may_leave && !is_this_machine(&host) {
        return Err(PublishError::permanent(
            format!("`{shown}` would get your status unencrypted"),
            "use https, or set `insecure = true` if you trust the network",
        ));
    }
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let endpoint = Endpoint { host, port, tls, loopback_only: !may_leave };
    let path = uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
    Ok((Server { peer: PEER, shown, authority, endpoint }, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::SinkValue;

    fn options(url: &str, insecure: bool) -> SinkOptions {
        let mut options = SinkOptions::default();
        options.set(&URL, SinkValue::Text(url.to_owned())).unwrap();
        options.set(&INSECURE, SinkValue::Bool(insecure)).unwrap();
        options
    }

    #[test]
    fn a_receiver_on_another_machine_needs_tls_or_permission() {
        let check = |url: &str, insecure, port: u16, tls, path: &str| {
            let (server, found) = target(&options(url, insecure)).unwrap();
            let endpoint = &server.endpoint;
            assert_eq!((endpoint.port, endpoint.tls), (port, tls), "{url}");
            assert_eq!(endpoint.loopback_only, !tls && !insecure, "{url}");
            assert_eq!(found, path);
            assert!(!server.shown.contains("secret"), "{}", server.shown);
        };
        check("https://lamp.lan/api?on=1", false, 443, true, "/api?on=1");
        check("http://127.0.0.1:8080/secret", false, 8080, false, "/secret");
        check("http://[::1]", false, 80, false, "/");
        check("http://lamp.lan/secret", true, 80, false, "/secret");
        let error = target(&options("http://lamp.lan/secret", false)).err().unwrap();
        assert!(error.cause.contains("unencrypted") && !error.cause.contains("secret"), "{error}");
    }
}
