//! A client of an MQTT broker: MQTT 5, or 3.1.1 if the broker knows no other.
//!
//! `packets` encodes both versions of the protocol, and `session` keeps one connection alive. Both
//! are pure. `connection` connects them with a socket.

mod connection;
mod packets;
mod session;

use hyper::Uri;

pub use connection::{MqttClient, MqttConnection, MqttWork, is_closed};
pub use packets::{ConnectInfo, Version};
pub use session::{MqttEvent, MqttSession};

use crate::{Endpoint, NetError, is_this_machine};

/// The address of a broker from a URL with the scheme `mqtts` or `mqtt`.
///
/// # Errors
///
/// If the connection would leave this machine without TLS, and is not `insecure`.
pub fn endpoint(url: &str, insecure: bool) -> Result<Endpoint, NetError> {
    let uri: Uri = url.parse().unwrap_or_default();
    let tls = uri.scheme_str() == Some("mqtts");
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_encrypted = tls || insecure;
    if !is_encrypted && !is_this_machine(&host) {
        return Err(NetError::permanent(
            format!("`{url}` would send your status and the password unencrypted"),
            "use mqtts, or set `insecure = true` if you trust the network",
        ));
    }
    let port = uri.port_u16().unwrap_or(if tls { 8883 } else { 1883 });
    Ok(Endpoint { host, port, tls, loopback_only: !is_encrypted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_on_another_machine_needs_tls_or_permission() {
        let check = |broker: &str, insecure, port: u16, tls, loopback_only| {
            let endpoint = endpoint(broker, insecure).unwrap();
            let found = (endpoint.port, endpoint.tls, endpoint.loopback_only);
            assert_eq!(found, (port, tls, loopback_only), "{broker}");
        };
        check("mqtts://broker.lan", false, 8883, true, false);
        check("mqtt://127.0.0.1", false, 1883, false, true);
        check("mqtt://[::1]:1884", false, 1884, false, true);
        check("mqtt://broker.lan", true, 1883, false, false);
        let error = endpoint("mqtt://broker.lan", false).unwrap_err();
        assert!(error.cause.contains("unencrypted"), "{error}");
    }
}
