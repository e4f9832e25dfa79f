//! The clients that keep Office's contract, as far as they are known by name.

use communicado_windows::Guid;

/// A client that is known by the name of its key below `IM Providers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name of its key.
    pub app: &'static str,
    /// What it is called here.
    pub client: &'static str,
    /// Its program, for where no installer has written it down.
    pub program: &'static str,
    /// Its class, likewise.
    pub class: Option<Guid>,
}

/// The class of Communicator's Messenger object, which other clients serve too.
pub const MESSENGER: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);

/// Every client that is known (Microsoft, KB 2859256 and "Integrating IM applications with
/// Office"; the clients' own installers). Lync 2010 has the key of Communicator, Skype for
/// Business that of Lync.
pub const KNOWN: &[Known] = &[
    Known { class: Some(MESSENGER), ..known("Communicator", "communicator", "communicator.exe") },
    known("Lync", "lync", "lync.exe"),
    known("MsTeams", "teams", "ms-teams.exe"),
    known("Teams", "teams-classic", "Teams.exe"),
    known("Cisco Jabber", "jabber", "CiscoJabber.exe"),
    known("Zoom", "zoom", "Zoom.exe"),
    known("Skype", "skype", "Skype.exe"),
    known("Jitsi", "jitsi", "jitsi.exe"),
];

const fn known(app: &'static str, client: &'static str, program: &'static str) -> Known {
    Known { app, client, program, class: None }
}

/// The known client with this key; case does not matter, as nowhere in the registry.
#[must_use]
pub fn by_app(app: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.app.eq_ignore_ascii_case(app))
}

/// What a client is called here: an unknown one by its own name, unless that is another's.
#[must_use]
pub fn client_name(app: &str) -> String {
    match by_app(app) {
        Some(known) => known.client.to_owned(),
        None if KNOWN.iter().any(|known| known.client.eq_ignore_ascii_case(app)) => {
            format!("{app} (unknown)")
        }
        None => app.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_one_name_and_no_two_the_same() {
        let check = |app, expected| assert_eq!(client_name(app), expected);
        check("Communicator", "communicator");
        check("CISCO JABBER", "jabber");
        check("MattermostPresenceProvider", "MattermostPresenceProvider");
        check("jabber", "jabber (unknown)");
        for (index, known) in KNOWN.iter().enumerate() {
            assert!(!KNOWN[..index].iter().any(|other| other.client == known.client));
        }
    }
}
