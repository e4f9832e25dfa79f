//! An account in a libpurple client, before the client starts.

use crate::kamailio::Kamailio;
use crate::packages;
use crate::prosody::Prosody;

/// An account for the client's `accounts.xml`.
///
/// By default it has the right password and signs in when the client starts.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    password: String,
    protocol: Protocol,
    port: u16,
    signed_out: bool,
    enabled: bool,
}

/// The libpurple plug-in of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `prpl-jabber`.
    Xmpp,
    /// `prpl-sipe`, the SIPE plug-in, over TCP.
    Sipe,
}

impl Account {
    /// `user`@uc.test/ci at `server`, which need not run.
    pub fn xmpp(user: &str, server: &Prosody) -> Self {
        Self {
            name: format!("{user}@uc.test/ci"),
            password: Prosody::PASSWORD.to_owned(),
            protocol: Protocol::Xmpp,
            port: server.port(),
            signed_out: false,
            enabled: true,
        }
    }

    /// Sets the resource, the part after the slash of an XMPP address.
    #[must_use]
    pub fn resource(self, resource: &str) -> Self {
        let address = self.name.split('/').next().unwrap_or_default();
        Self { name: format!("{address}/{resource}"), ..self }
    }

    /// `user`@uc.test at `server`.
    pub fn sipe(user: &str, server: &Kamailio) -> Self {
        packages::require_sipe();
        Self {
            name: format!("{user}@uc.test,{user}"),
            password: Prosody::PASSWORD.to_owned(),
            protocol: Protocol::Sipe,
            port: server.port(),
            signed_out: false,
            enabled: true,
        }
    }

    /// Leaves the account offline when the client starts, as after a sign-out.
    #[must_use]
    pub fn signed_out(self) -> Self {
        Self { signed_out: true, ..self }
    }

    /// Leaves the account switched off.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self { enabled: false, ..self }
    }

    /// Uses another password.
    #[must_use]
    pub fn password(self, password: &str) -> Self {
        Self { password: password.to_owned(), ..self }
    }

    /// The name in libpurple.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the plug-in.
    pub(crate) fn plug_in(&self) -> &'static str {
        match self.protocol {
            Protocol::Xmpp => "prpl-jabber",
            Protocol::Sipe => "prpl-sipe",
        }
    }

    fn to_xml(&self) -> String {
        let statuses = if self.signed_out {
            "\n  <statuses><status type='offline' name='Offline' active='true'><attributes/></status></statuses>"
        } else {
            ""
        };
        let settings = match self.protocol {
            // The one setting that allows plain text; without a server's name there is no DNS.
            Protocol::Xmpp => format!(
                "<setting name='connect_server' type='string'>127.0.0.1</setting>\
                 <setting name='port' type='int'>{}</setting>\
                 <setting name='connection_security' type='string'>opportunistic_tls</setting>",
                self.port
            ),
            Protocol::Sipe => format!(
                "<setting name='server' type='string'>127.0.0.1:{}</setting>\
                 <setting name='transport' type='string'>tcp</setting>\
                 <setting name='authentication' type='string'>ntlm</setting>",
                self.port
            ),
        };
        // What libpurple calls auto-login is "enabled", kept for each user interface apart.
        let enabled = |ui: &str| {
            format!(
                "<settings ui='{ui}'><setting name='auto-login' type='bool'>{}</setting></settings>",
                u8::from(self.enabled)
            )
        };
        format!(
            " <account>\n  <protocol>{}</protocol>\n  <name>{}</name>\n  <password>{}</password>{statuses}\n  \
             <settings>{settings}</settings>\n  {}\n  {}\n </account>\n",
            self.plug_in(),
            escape(&self.name),
            escape(&self.password),
            enabled("gnt-purple"),
            enabled("gtk-gaim"),
        )
    }
}

/// The whole `accounts.xml`.
pub(crate) fn to_xml(accounts: &[Account]) -> String {
    let accounts: String = accounts.iter().map(Account::to_xml).collect();
    format!(
        "<?xml version='1.0' encoding='UTF-8' ?>\n<account version='1.0'>\n{accounts}</account>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
