//! The state of the accounts that the source watches. Pure.

use std::collections::BTreeMap;

use communicado_core::{Life, UnknownReason};
use communicado_net::xmpp::{AccountAddress, Presence, PresenceKind, RosterItem};

use crate::client_reporter::ClientDetails;
use crate::note;
use crate::sign_in::AccountSignIn;
use crate::vocabulary::xmpp_show;

/// The most accounts to watch. The runtime accepts as many clients.
pub(super) const ACCOUNTS_MAX: usize = 1024;
/// The start of the resource of each connection of this source.
pub(super) const OWN_RESOURCE: &str = "communicado-";
/// The most resources of an account.
const RESOURCES_MAX: usize = 16;
/// The longest word or resource of a client that is passed on, in bytes.
const TEXT_MAX: usize = 256;
/// The protocol of the accounts, as libpurple names it.
const PROTOCOL: &str = "XMPP";

/// The accounts that the source watches, by address.
#[derive(Clone, Debug)]
pub struct WatchedAccounts {
    /// The account that the source signs in to.
    own: AccountAddress,
    /// The account with the resource of the connection.
    connection: String,
    accounts: BTreeMap<String, WatchedAccount>,
}

/// An account, as the server reports it.
#[derive(Clone, Debug)]
struct WatchedAccount {
    /// The client that the source reports for the account.
    client: String,
    /// True if no other server is between.
    is_local: bool,
    /// True if the account shows its presence.
    is_visible: bool,
    /// True if the server has had the time to send what it knew when the account became visible.
    is_settled: bool,
    /// True if the server of the account has answered.
    is_heard: bool,
    /// The resources that are signed in.
    resources: BTreeMap<String, AccountSignIn>,
    /// True if there were more resources than the limit.
    is_partial: bool,
}

/// The effect of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEffect {
    /// The state of this account may have changed.
    Changed(String),
    /// The account asks to see the presence of the source, which it may.
    Asked(String),
    /// An account has become visible, and its resources will follow.
    Unsettled,
}

impl WatchedAccounts {
    /// The accounts by name of the client, before the first event.
    #[must_use]
    pub fn new(own: AccountAddress, accounts: &[(String, AccountAddress)]) -> Self {
        let watched = accounts.iter().map(|(client, address)| {
            let account = WatchedAccount {
                client: client.clone(),
                is_local: address.domain() == own.domain(),
                is_visible: *address == own,
                is_settled: false,
                is_heard: false,
                resources: BTreeMap::new(),
                is_partial: false,
            };
            (address.to_string(), account)
        });
        let accounts = watched.collect();
        Self { own, connection: String::new(), accounts }
    }

    /// Sets the address of the connection, whose own presence says nothing about a client.
    pub fn set_connection(&mut self, address: &str) {
        address.clone_into(&mut self.connection);
    }

    /// The addresses of the accounts, each with its client.
    pub(super) fn clients(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accounts.iter().map(|(address, account)| (&**address, &*account.client))
    }

    /// Returns whether the source watches other accounts than its own.
    pub(super) fn has_contacts(&self) -> bool {
        self.accounts.len() > usize::from(self.accounts.contains_key(&self.own.to_string()))
    }

    /// Takes the roster or a change of it.
    pub fn take_roster(&mut self, items: &[RosterItem]) -> Vec<WatchEffect> {
        let mut effects = Vec::new();
        for RosterItem { account: address, is_visible } in items {
            let Some(account) = self.accounts.get_mut(address) else { continue };
            if account.is_visible == *is_visible || *address == self.own.to_string() {
                continue;
            }
            account.is_visible = *is_visible;
            account.forget();
            effects.push(match is_visible {
                true => WatchEffect::Unsettled,
                false => WatchEffect::Changed(address.clone()),
            });
        }
        effects
    }

    /// Takes a presence stanza.
    pub fn take_presence(&mut self, presence: Presence) -> Option<WatchEffect> {
        let Presence { account: address, resource, kind } = presence;
        let is_own = address == self.own.to_string();
        let account = self.accounts.get_mut(&address)?;
        // The connections of Communicado to the own account are no clients of the user.
        let is_communicado = |resource: &String| {
            resource.starts_with(OWN_RESOURCE) || self.connection == format!("{address}/{resource}")
        };
        if is_own && resource.as_ref().is_some_and(is_communicado) {
            return None;
        }
        match kind {
            PresenceKind::Subscribe if is_own => return None,
            PresenceKind::Subscribe => return Some(WatchEffect::Asked(address)),
            PresenceKind::Available { show, status } => {
                account.sign_in(&resource.unwrap_or_default(), show, status.as_deref());
            }
            PresenceKind::Unavailable => {
                account.is_heard = true;
                match resource {
                    Some(resource) => {
                        account.resources.remove(&resource);
                    }
                    None => account.forget_resources(),
                }
            }
            PresenceKind::Error => {
                account.is_heard = false;
                account.forget_resources();
            }
        }
        Some(WatchEffect::Changed(address))
    }

    /// Returns whether the server has reported each account that shows its presence.
    pub(super) fn is_complete(&self) -> bool {
        self.accounts.values().all(|it| it.is_settled || it.is_heard || !it.is_visible)
    }

    /// Accounts of which the server has not sent anything are signed out from now on.
    pub fn settle(&mut self) {
        for account in self.accounts.values_mut() {
            account.is_settled = true;
        }
    }

    /// The client of an account, and its state. `None` until the server has sent all.
    pub(super) fn state(&self, address: &str) -> Option<(&str, Life, ClientDetails)> {
        let account = self.accounts.get(address)?;
        let mut details = ClientDetails::default();
        let life = account.life();
        if life == Life::Running {
            for (resource, sign_in) in &account.resources {
                let name = format!("{address}/{resource}");
                details.accounts.insert((name, PROTOCOL.to_owned()), sign_in.clone());
            }
        }
        (account.is_settled || !account.is_visible).then_some((&account.client, life, details))
    }

    /// The life of the client of an account.
    #[must_use]
    pub fn life(&self, address: &str) -> Option<Life> {
        self.state(address).map(|(_, life, _)| life)
    }
}

impl WatchedAccount {
    /// The state of the account as the life of a client: without resources, it is signed out.
    fn life(&self) -> Life {
        if !self.is_visible {
            return Life::Unknown(UnknownReason::AccessDenied);
        }
        if self.resources.is_empty() && self.is_partial {
            return Life::Unknown(UnknownReason::NotSupported);
        }
        // The own server need not send anything about an account without resources. Another server
        // may not have answered yet.
        if self.resources.is_empty() && !self.is_heard && !self.is_local {
            return Life::Unknown(UnknownReason::SourceLost);
        }
        Life::Running
    }

    fn sign_in(&mut self, resource: &str, show: Option<String>, status: Option<&str>) {
        self.is_heard = true;
        let is_new = !self.resources.contains_key(resource);
        if resource.len() > TEXT_MAX || (is_new && self.resources.len() >= RESOURCES_MAX) {
            self.is_partial = true;
            return;
        }
        let raw = show.filter(|show| show.len() <= TEXT_MAX);
        let raw = raw.unwrap_or_else(|| "available".to_owned());
        let availability = xmpp_show(&raw);
        let note = status.and_then(note::plain);
        let sign_in = AccountSignIn::SignedIn { availability, activity: None, raw, note };
        self.resources.insert(resource.to_owned(), sign_in);
    }

    fn forget_resources(&mut self) {
        self.resources.clear();
        self.is_partial = false;
    }

    fn forget(&mut self) {
        self.forget_resources();
        (self.is_settled, self.is_heard) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::{Availability, Moment};
    use communicado_net::xmpp::{XmppEvent, XmppSession};

    use super::*;

    fn watched(own: &str, accounts: &[&str]) -> WatchedAccounts {
        let address = |text: &str| AccountAddress::parse(text).unwrap();
        let accounts: Vec<_> =
            accounts.iter().map(|text| ((*text).to_owned(), address(text))).collect();
        WatchedAccounts::new(address(own), &accounts)
    }

    fn presence(from: &str, kind: PresenceKind) -> Presence {
        let (account, resource) = match from.split_once('/') {
            Some((account, resource)) => (account, Some(resource.to_owned())),
            None => (from, None),
        };
        Presence { account: account.to_owned(), resource, kind }
    }

    fn show(word: &str) -> PresenceKind {
        let show = Some(word.to_owned()).filter(|word| !word.is_empty());
        PresenceKind::Available { show, status: None }
    }

    fn visible(account: &str, is_visible: bool) -> [RosterItem; 1] {
        [RosterItem { account: account.to_owned(), is_visible }]
    }

    fn words(accounts: &WatchedAccounts, address: &str) -> Vec<(String, Availability, String)> {
        let (_, _, details) = accounts.state(address).unwrap();
        let account = |((name, _), sign_in)| {
            let AccountSignIn::SignedIn { availability, raw, .. } = sign_in else {
                panic!("{sign_in:?}")
            };
            (name, availability, raw)
        };
        details.accounts.into_iter().map(account).collect()
    }

    const ALICE: &str = "alice@uc.test";

    /// The states of alice's account in a trace of a server, without repetitions.
    fn trace(accounts: &mut WatchedAccounts, connection: &str, trace: &str) -> Vec<String> {
        let own = accounts.own.clone();
        accounts.set_connection(connection);
        let mut session = XmppSession::new(&own, connection.to_owned());
        let mut states: Vec<String> = Vec::new();
        for line in trace.lines() {
            let Ok(events) = session.receive(line.as_bytes(), Moment::START) else { break };
            for event in events {
                match event {
                    XmppEvent::Presence(presence) => drop(accounts.take_presence(presence)),
                    XmppEvent::Roster(items) => drop(accounts.take_roster(&items)),
                    XmppEvent::Ordered => {}
                }
                accounts.settle();
                let words = words(accounts, ALICE).into_iter();
                let words =
                    words.map(|(name, _, raw)| name.replace("alice@uc.test/", "") + " " + &raw);
                let state = words.collect::<Vec<_>>().join(", ");
                if states.last() != Some(&state) {
                    states.push(state);
                }
            }
        }
        states
    }

    const WATCHED: [&str; 7] = [
        "",
        "gajim available",
        "gajim away",
        "",
        "conversations available",
        "conversations available, gajim2 available",
        "conversations available, gajim2 dnd",
    ];

    #[test]
    fn the_trace_of_prosody_has_the_states_of_the_contact() {
        let mut accounts = watched("bob@uc.test", &[ALICE]);
        accounts.take_roster(&visible(ALICE, true));
        let trace_text = include_str!("../../tests/xmpp-traces/prosody.xml");
        let states = trace(&mut accounts, "bob@uc.test/watcher", trace_text);
        let with_other = |state: &&str| format!("communicado available, {state}");
        let expected: Vec<String> =
            ["gajim available", "gajim away"].iter().map(with_other).collect();
        let begin = states.iter().position(|state| *state == expected[0]).unwrap();
        assert_eq!(states[begin..][..2], expected, "{states:?}");
        let last = "communicado available, conversations available, silent available";
        assert_eq!((&*states[0], &**states.last().unwrap()), ("", last));
    }

    #[test]
    fn the_trace_of_ejabberd_has_the_states_of_the_contact() {
        let mut accounts = watched("bob@uc.test", &[ALICE]);
        let trace_text = include_str!("../../tests/xmpp-traces/ejabberd.xml");
        let states = trace(&mut accounts, "bob@uc.test/watcher", trace_text);
        let begin = states.iter().position(|state| state == "setup available").unwrap();
        assert_eq!(states[begin + 1..][..WATCHED.len()], WATCHED, "{states:?}");
        assert_eq!(states.last().unwrap(), "conversations available, silent available");
    }

    #[test]
    fn the_trace_of_an_own_account_has_the_states_of_its_other_clients() {
        let mut accounts = watched(ALICE, &[ALICE]);
        let trace_text = include_str!("../../tests/xmpp-traces/own-account.xml");
        let states = trace(&mut accounts, "alice@uc.test/communicado", trace_text);
        let begin = ["", "gajim available", "gajim away", "", "gajim dnd", "", "setup available"];
        assert_eq!(states[..begin.len()], begin, "{states:?}");
        assert_eq!(states.last().unwrap(), "lat-own available, lat-phone away");
    }

    #[test]
    fn each_resource_is_an_account_with_its_word() {
        let mut accounts = watched("bob@uc.test", &[ALICE]);
        assert_eq!(accounts.life(ALICE), Some(Life::Unknown(UnknownReason::AccessDenied)));
        assert_eq!(accounts.take_roster(&visible(ALICE, true)), [WatchEffect::Unsettled]);
        assert_eq!(accounts.life(ALICE), None);
        for (resource, word) in [("a", ""), ("b", "xa"), ("c", "dancing"), ("a", "dnd")] {
            accounts.take_presence(presence(&format!("{ALICE}/{resource}"), show(word)));
        }
        accounts.take_presence(presence("eve@uc.test/x", show("")));
        accounts.settle();
        let expected = [
            ("a", Availability::DoNotDisturb, "dnd"),
            ("b", Availability::Away, "xa"),
            ("c", Availability::Other, "dancing"),
        ];
        let expected = expected.map(|(resource, availability, raw)| {
            (format!("{ALICE}/{resource}"), availability, raw.to_owned())
        });
        assert_eq!(words(&accounts, ALICE), expected);
        let gone = presence(ALICE, PresenceKind::Unavailable);
        assert_eq!(accounts.take_presence(gone), Some(WatchEffect::Changed(ALICE.to_owned())));
        assert_eq!((accounts.life(ALICE), words(&accounts, ALICE)), (Some(Life::Running), vec![]));
        let changed = WatchEffect::Changed(ALICE.to_owned());
        assert_eq!(accounts.take_roster(&visible(ALICE, false)), [changed]);
        assert_eq!(accounts.life(ALICE), Some(Life::Unknown(UnknownReason::AccessDenied)));
    }

    #[test]
    fn an_account_of_another_server_is_unknown_until_that_answers() {
        let carol = "carol@far.test";
        let mut accounts = watched("bob@uc.test", &[carol]);
        accounts.take_roster(&visible(carol, true));
        assert!(!accounts.is_complete());
        accounts.settle();
        let lost = Some(Life::Unknown(UnknownReason::SourceLost));
        assert_eq!(accounts.life(carol), lost);
        accounts.take_presence(presence(carol, PresenceKind::Unavailable));
        assert_eq!((accounts.life(carol), accounts.is_complete()), (Some(Life::Running), true));
        accounts.take_presence(presence(carol, PresenceKind::Error));
        assert_eq!(accounts.life(carol), lost);
    }

    #[test]
    fn the_own_account_is_visible_without_the_connections_of_communicado() {
        let bob = "bob@uc.test";
        let mut accounts = watched(bob, &[bob]);
        assert!(!accounts.has_contacts());
        assert_eq!(accounts.take_roster(&visible(bob, false)), []);
        accounts.take_presence(presence("bob@uc.test/communicado-1a2b", show("")));
        accounts.settle();
        assert_eq!((accounts.life(bob), words(&accounts, bob)), (Some(Life::Running), vec![]));
        accounts.take_presence(presence("bob@uc.test/phone", show("away")));
        assert_eq!(words(&accounts, bob).len(), 1);
        assert_eq!(accounts.take_presence(presence(bob, PresenceKind::Subscribe)), None);
    }

    #[test]
    fn more_resources_than_the_limit_are_never_signed_out() {
        let mut accounts = watched("bob@uc.test", &[ALICE]);
        accounts.take_roster(&visible(ALICE, true));
        accounts.settle();
        let resource = |number: usize| format!("{ALICE}/{number}");
        for number in 0..=RESOURCES_MAX {
            accounts.take_presence(presence(&resource(number), show("")));
        }
        assert_eq!(words(&accounts, ALICE).len(), RESOURCES_MAX);
        for number in 0..RESOURCES_MAX {
            accounts.take_presence(presence(&resource(number), PresenceKind::Unavailable));
        }
        assert_eq!(accounts.life(ALICE), Some(Life::Unknown(UnknownReason::NotSupported)));
        accounts.take_presence(presence(ALICE, PresenceKind::Unavailable));
        assert_eq!(accounts.life(ALICE), Some(Life::Running));
    }

    #[test]
    fn only_watched_accounts_may_see_the_source() {
        let mut accounts = watched("bob@uc.test", &[ALICE]);
        let asked = Some(WatchEffect::Asked(ALICE.to_owned()));
        assert_eq!(accounts.take_presence(presence(ALICE, PresenceKind::Subscribe)), asked);
        assert_eq!(accounts.take_presence(presence("eve@uc.test", PresenceKind::Subscribe)), None);
    }
}
