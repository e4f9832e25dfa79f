//! Known clients that register with Office.

use communicado_windows::Guid;

/// A client with a known key under `IM Providers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownClient {
    /// The name of its registry key.
    pub app: &'static str,
    /// The name that Communicado reports.
    pub client: &'static str,
    /// Its program.
    pub program: &'static str,
    /// The class of its root object, if it has no registration.
    pub default_class: Option<Guid>,
    /// The classes that its program serves.
    pub classes: &'static [Guid],
    /// The family of the package that has its program, if the program is always in a package.
    pub package: Option<&'static str>,
    /// Other programs that it starts and that may outlive it.
    pub helpers: &'static [&'static str],
}

/// The class of Communicator's Messenger object. Other clients serve it too.
pub const MESSENGER: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);
/// The classes of Lync 2013 and later, of Lync 2010, and of both generations of Teams.
const OFFICE: Guid = Guid(0xA065_1028_BA7A_4D71_877F_12E0_175A_5806);
const OFFICE_2010: Guid = Guid(0x424B_E3CD_34AB_4F51_9C57_4341_166D_C8FA);
const MS_TEAMS: Guid = Guid(0x8843_5F68_FFC1_445F_8EDF_EF78_B84B_A1C7);
const TEAMS: Guid = Guid(0x0042_5F68_FFC1_445F_8EDF_EF78_B84B_A1C7);
/// The package of Teams (Microsoft, "New Teams for Virtualized Desktop Infrastructure").
const TEAMS_PACKAGE: &str = "MSTeams_8wekyb3d8bbwe";
/// The programs that connect Lync with Office.
const LYNC_HELPERS: &[&str] = &["UcMapi.exe", "UcMapi64.exe"];

/// The known clients (Microsoft, KB 2859256 and "Integrating IM applications with Office"; the
/// clients' installers). Lync 2010 has the key of Communicator, and Skype for Business that of
/// Lync.
pub const KNOWN_CLIENTS: &[KnownClient] = &[
    KnownClient {
        default_class: Some(MESSENGER),
        classes: &[MESSENGER, OFFICE_2010],
        helpers: LYNC_HELPERS,
        ..known("Communicator", "communicator", "communicator.exe")
    },
    KnownClient {
        classes: &[OFFICE, OFFICE_2010],
        helpers: LYNC_HELPERS,
        ..known("Lync", "lync", "lync.exe")
    },
    KnownClient {
        default_class: Some(MS_TEAMS),
        classes: &[MS_TEAMS],
        package: Some(TEAMS_PACKAGE),
        ..known("MsTeams", "teams", "ms-teams.exe")
    },
    KnownClient {
        default_class: Some(TEAMS),
        classes: &[TEAMS],
        ..known("Teams", "teams-classic", "Teams.exe")
    },
    known("Cisco Jabber", "jabber", "CiscoJabber.exe"),
    known("Zoom", "zoom", "Zoom.exe"),
    known("Skype", "skype", "Skype.exe"),
    KnownClient { classes: &[MESSENGER], ..known("Jitsi", "jitsi", "jitsi.exe") },
];

const fn known(app: &'static str, client: &'static str, program: &'static str) -> KnownClient {
    KnownClient {
        app,
        client,
        program,
        default_class: None,
        classes: &[],
        package: None,
        helpers: &[],
    }
}

/// The key of communicado's provider, and the name that Communicado reports for it.
pub const PROVIDER_APP: &str = "Communicado";
const PROVIDER_CLIENT: &str = "communicado";

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
        None if app.eq_ignore_ascii_case(PROVIDER_APP) => PROVIDER_CLIENT.to_owned(),
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
