//! Known clients that register with Office.

use communicado_windows::Guid;

/// A client with a known key under `IM Providers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownClient {
    /// The name of its registry key.
    pub app: &'static str,
    /// The name that Communicado reports.
    pub client: &'static str,
    /// Its program, if it has no registration.
    pub program: &'static str,
    /// The class of its root object, if it has no registration.
    pub class: Option<Guid>,
}

/// The class of Communicator's Messenger object. Other clients serve it too.
pub const MESSENGER: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);

/// The known clients (Microsoft, KB 2859256 and "Integrating IM applications with Office"; the
/// clients' installers). Lync 2010 has the key of Communicator, and Skype for Business that of
/// Lync.
pub const KNOWN_CLIENTS: &[KnownClient] = &[
    KnownClient {
        class: Some(MESSENGER),
        ..known("Communicator", "communicator", "communicator.exe")
    },
    known("Lync", "lync", "lync.exe"),
    known("MsTeams", "teams", "ms-teams.exe"),
    known("Teams", "teams-classic", "Teams.exe"),
    known("Cisco Jabber", "jabber", "CiscoJabber.exe"),
    known("Zoom", "zoom", "Zoom.exe"),
    known("Skype", "skype", "Skype.exe"),
    known("Jitsi", "jitsi", "jitsi.exe"),
];

const fn known(app: &'static str, client: &'static str, program: &'static str) -> KnownClient {
    KnownClient { app, client, program, class: None }
}

/// The known client with this key. The registry ignores case.
#[must_use]
pub fn by_app(app: &str) -> Option<&'static KnownClient> {
    KNOWN_CLIENTS.iter().find(|known| known.app.eq_ignore_ascii_case(app))
}

/// The name to report for a client. An unknown client has the name of its key, marked if a known
/// client has the same name.
#[must_use]
pub fn client_name(app: &str) -> String {
    match by_app(app) {
        Some(known) => known.client.to_owned(),
        None if KNOWN_CLIENTS.iter().any(|known| known.client.eq_ignore_ascii_case(app)) => {
            format!("{app} (unknown)")
        }
        None => app.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_a_unique_name() {
        let check = |app, expected| assert_eq!(client_name(app), expected);
        check("Communicator", "communicator");
        check("CISCO JABBER", "jabber");
        check("MattermostPresenceProvider", "MattermostPresenceProvider");
        check("jabber", "jabber (unknown)");
        for (index, known) in KNOWN_CLIENTS.iter().enumerate() {
            assert!(!KNOWN_CLIENTS[..index].iter().any(|other| other.client == known.client));
        }
    }
}
