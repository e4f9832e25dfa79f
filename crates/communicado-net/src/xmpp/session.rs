//! A connection after the sign-in: roster, presence, ping, and when it is dead. Pure.

use std::fmt;
use std::time::Duration;

use communicado_core::Moment;

use super::address::AccountAddress;
use super::element::{Element, escape};
use super::failure::{closed, stream_error};
use super::namespace::{CLIENT, PING, ROSTER, STREAM};
use super::presence::Presence;
use super::stream_reader::{StreamItem, StreamReader};
use crate::NetError;

/// The ids of the requests.
const ROSTER_ID: &str = "roster";
const ORDER_ID: &str = "order";
const PING_ID: &str = "ping";

/// The state of one connection.
pub struct XmppSession {
    account: String,
    domain: String,
    /// The account with the resource of this connection.
    address: String,
    reader: StreamReader,
    /// The time without bytes after which a ping is due, and the time for its answer.
    interval: Duration,
    timeout: Duration,
    last_received: Moment,
    /// When an answer is overdue.
    answer_due: Option<Moment>,
    /// The bytes to send.
    pub(super) output: Vec<u8>,
}

/// An event of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmppEvent {
    /// The presence of an account, or a request from it.
    Presence(Presence),
    /// The whole roster of the account, or its changes.
    Roster(Vec<RosterItem>),
    /// The server has answered [`XmppSession::request_order`], after all that it had sent before.
    Ordered,
}

/// An entry of the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// The address of the account.
    pub account: String,
    /// True if the account shows its presence.
    pub is_visible: bool,
}

impl XmppSession {
    /// A session of an account, with the address of the connection. Its stream is yet to open.
    #[must_use]
    pub fn new(account: &AccountAddress, address: String) -> Self {
        Self {
            account: account.to_string(),
            domain: account.domain().to_owned(),
            address,
            reader: StreamReader::new(),
            interval: Duration::MAX,
            timeout: Duration::MAX,
            last_received: Moment::START,
            answer_due: None,
            output: Vec::new(),
        }
    }

    /// The session on a stream that is open.
    pub(super) fn on_stream(self, reader: StreamReader) -> Self {
        Self { reader, ..self }
    }

    /// The account with the resource of this connection.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sets the time without bytes after which a ping is due, and the time for an answer.
    pub fn set_keepalive(&mut self, interval: Duration, timeout: Duration, now: Moment) {
        (self.interval, self.timeout, self.last_received) = (interval, timeout, now);
    }

    /// Asks for the roster.
    pub fn request_roster(&mut self) {
        self.send(format_args!("<iq type='get' id='{ROSTER_ID}'><query xmlns='{ROSTER}'/></iq>"));
    }

    /// Sends the first presence, which never gets messages. The server answers with the presence
    /// of the others.
    pub fn send_presence(&mut self) {
        self.send(format_args!("<presence><priority>-1</priority></presence>"));
    }

    /// Asks for an answer after all that the server sends before.
    pub fn request_order(&mut self, now: Moment) {
        self.ping(ORDER_ID, now);
    }

    /// Shows the presence of this connection to an account, and asks for its own.
    ///
    /// The server repeats a request without an answer, so the answer comes last.
    pub fn accept(&mut self, account: &str) {
        let to = escape(account).into_owned();
        self.send(format_args!(
            "<presence to='{to}' type='subscribe'/><presence to='{to}' type='subscribed'/>"
        ));
    }

    /// Ends the stream.
    pub fn close(&mut self) {
        self.send(format_args!("</stream:stream>"));
    }

    /// Takes bytes from the server.
    ///
    /// # Errors
    ///
    /// If the server ends the connection, or the bytes are not XMPP.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<Vec<XmppEvent>, NetError> {
        self.last_received = now;
        let mut rest = bytes;
        let mut events = Vec::new();
        while let Some(item) = self.reader.next(&mut rest)? {
            match item {
                StreamItem::Opened => {}
                StreamItem::Stanza(stanza) => events.extend(self.handle(&stanza)?),
                StreamItem::Closed => return Err(closed()),
            }
        }
        Ok(events)
    }

    fn handle(&mut self, stanza: &Element) -> Result<Option<XmppEvent>, NetError> {
        if stanza.is("error", STREAM) {
            return Err(stream_error(stanza));
        }
        if stanza.is("presence", CLIENT) {
            return Ok(Presence::read(stanza).map(XmppEvent::Presence));
        }
        if stanza.is("iq", CLIENT) {
            return Ok(self.handle_iq(stanza));
        }
        Ok(None)
    }

    fn handle_iq(&mut self, iq: &Element) -> Option<XmppEvent> {
        let id = iq.attribute("id").unwrap_or_default();
        let from = iq.attribute("from");
        let is_ours = from.is_none_or(|from| from == self.account || from == self.address);
        let is_server = is_ours || from == Some(&*self.domain);
        match iq.attribute("type")? {
            "get" | "set" => self.answer(iq, id, from, is_ours, is_server),
            "result" | "error" if id == ORDER_ID && is_server => {
                self.answer_due = None;
                Some(XmppEvent::Ordered)
            }
            "result" | "error" if id == PING_ID && is_server => {
                self.answer_due = None;
                None
            }
            "result" if id == ROSTER_ID && is_ours => roster(iq),
            _ => None,
        }
    }

    /// Answers a request, and returns the change of the roster that it contains.
    fn answer(
        &mut self,
        iq: &Element,
        id: &str,
        from: Option<&str>,
        is_ours: bool,
        is_server: bool,
    ) -> Option<XmppEvent> {
        let id = escape(id).into_owned();
        let to = from.map(|from| format!(" to='{}'", escape(from))).unwrap_or_default();
        let change = roster(iq).filter(|_| is_ours && iq.attribute("type") == Some("set"));
        let is_ping = iq.child("ping", PING).is_some() && is_server;
        if change.is_some() || is_ping {
            self.send(format_args!("<iq type='result' id='{id}'{to}/>"));
        } else {
            self.send(format_args!(
                "<iq type='error' id='{id}'{to}><error type='cancel'><service-unavailable \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
        }
        change
    }

    /// When [`Self::tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Moment {
        self.answer_due.unwrap_or_else(|| self.last_received.after(self.interval))
    }

    /// Sends a ping if one is due.
    ///
    /// # Errors
    ///
    /// If an answer is overdue: the connection is dead.
    pub fn tick(&mut self, now: Moment) -> Result<(), NetError> {
        if self.answer_due.is_some_and(|due| due <= now) {
            return Err(NetError::transient(
                format!("the server did not answer within {} s", self.timeout.as_secs_f32()),
                "check that the server runs and that this network can reach it",
            ));
        }
        if self.answer_due.is_none() && self.last_received.after(self.interval) <= now {
            self.ping(PING_ID, now);
        }
        Ok(())
    }

    fn ping(&mut self, id: &str, now: Moment) {
        let domain = escape(&self.domain).into_owned();
        self.send(format_args!(
            "<iq type='get' id='{id}' to='{domain}'><ping xmlns='{PING}'/></iq>"
        ));
        self.answer_due = Some(now.after(self.timeout));
    }

    fn send(&mut self, text: fmt::Arguments<'_>) {
        self.output.extend_from_slice(text.to_string().as_bytes());
    }
}

/// The entries of a roster in a stanza.
fn roster(iq: &Element) -> Option<XmppEvent> {
    let query = iq.child("query", ROSTER)?;
    let items = query.children.iter().filter(|item| item.is("item", ROSTER));
    let items = items.filter_map(|item| {
        let account = item.attribute("jid")?.to_owned();
        let is_visible = matches!(item.attribute("subscription"), Some("to" | "both"));
        Some(RosterItem { account, is_visible })
    });
    Some(XmppEvent::Roster(items.collect()))
}

#[cfg(test)]
mod tests {
    use super::super::presence::PresenceKind;
    use super::*;

    fn session() -> XmppSession {
        let account = AccountAddress::parse("bob@uc.test").unwrap();
        let mut session = XmppSession::new(&account, "bob@uc.test/watcher".to_owned());
        session.set_keepalive(Duration::from_secs(30), Duration::from_secs(5), Moment::START);
        let open = format!("<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}'>");
        session.receive(open.as_bytes(), Moment::START).unwrap();
        session
    }

    fn after(seconds: u64) -> Moment {
        Moment::START.after(Duration::from_secs(seconds))
    }

    fn received(session: &mut XmppSession, text: &str) -> Vec<XmppEvent> {
        session.receive(text.as_bytes(), after(1)).unwrap()
    }

    fn sent(session: &mut XmppSession) -> String {
        String::from_utf8(std::mem::take(&mut session.output)).unwrap()
    }

    #[test]
    fn a_presence_has_its_word_note_and_resource() {
        let mut session = session();
        let text = "<presence from='alice@uc.test/gajim' xml:lang='en'><show>dnd</show>\
                    <status> in a &lt;meeting&gt;</status><priority>5</priority></presence>\
                    <presence from='alice@uc.test' type='unavailable'/>\
                    <presence from='eve@uc.test' type='subscribe'/>\
                    <presence from='eve@uc.test' type='unsubscribed'/><message from='x'/>";
        let presence = |account: &str, resource: Option<&str>, kind| {
            let (account, resource) = (account.to_owned(), resource.map(str::to_owned));
            XmppEvent::Presence(Presence { account, resource, kind })
        };
        let (show, status) = (Some("dnd".to_owned()), Some("in a <meeting>".to_owned()));
        let available = PresenceKind::Available { show, status };
        assert_eq!(
            received(&mut session, text),
            [
                presence("alice@uc.test", Some("gajim"), available),
                presence("alice@uc.test", None, PresenceKind::Unavailable),
                presence("eve@uc.test", None, PresenceKind::Subscribe),
            ]
        );
    }

    #[test]
    fn only_the_own_server_answers_and_changes_the_roster() {
        let mut session = session();
        session.request_order(after(0));
        let item = "<query xmlns='jabber:iq:roster'><item jid='a@uc.test' subscription='both'/>\
                    <item jid='b@uc.test' subscription='from' ask='subscribe'/></query>";
        let foreign = format!(
            "<iq type='result' id='order' from='eve@uc.test/x'/>\
             <iq type='set' id='1' from='eve@uc.test/x'>{item}</iq>\
             <iq type='result' id='roster' from='eve@uc.test'>{item}</iq>"
        );
        sent(&mut session);
        assert_eq!(received(&mut session, &foreign), []);
        assert!(sent(&mut session).starts_with("<iq type='error' id='1' to='eve@uc.test/x'>"));
        let items = [("a@uc.test", true), ("b@uc.test", false)];
        let items = items
            .map(|(account, is_visible)| RosterItem { account: account.to_owned(), is_visible });
        let roster = XmppEvent::Roster(items.to_vec());
        let own = format!(
            "<iq type='result' id='roster'>{item}</iq>\
             <iq type='set' id='p&apos;1' from='bob@uc.test'>{item}</iq>\
             <iq type='error' id='order' from='uc.test'/>"
        );
        let events = [roster.clone(), roster, XmppEvent::Ordered];
        assert_eq!(received(&mut session, &own), events);
        assert_eq!(sent(&mut session), "<iq type='result' id='p&apos;1' to='bob@uc.test'/>");
    }

    #[test]
    fn a_ping_of_the_server_gets_an_answer() {
        let mut session = session();
        let ping = "<iq type='get' id='7' from='uc.test'><ping xmlns='urn:xmpp:ping'/></iq>";
        assert_eq!(received(&mut session, ping), []);
        assert_eq!(sent(&mut session), "<iq type='result' id='7' to='uc.test'/>");
    }

    #[test]
    fn a_silent_server_is_dead_after_a_ping_without_an_answer() {
        let mut session = session();
        received(&mut session, " ");
        assert_eq!(session.deadline(), after(31));
        session.tick(after(30)).unwrap();
        assert_eq!(sent(&mut session), "");
        session.tick(after(31)).unwrap();
        assert!(sent(&mut session).contains("id='ping' to='uc.test'"));
        assert_eq!(session.deadline(), after(36));
        assert!(session.tick(after(36)).unwrap_err().cause.contains("within 5 s"));
        received(&mut session, "<iq type='result' id='ping' from='uc.test'/>");
        assert_eq!(session.deadline(), after(31));
    }

    #[test]
    fn the_end_of_the_stream_has_its_reason() {
        for (condition, cause) in [
            ("conflict", "has replaced this one (conflict)"),
            ("not-authorized", "no longer valid (not-authorized)"),
            ("system-shutdown", "shuts down (system-shutdown)"),
            ("xml-not-well-formed", "ended the connection (xml-not-well-formed)"),
        ] {
            let mut session = session();
            let error = format!(
                "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
                 </stream:error></stream:stream>"
            );
            let error = session.receive(error.as_bytes(), after(1)).unwrap_err();
            assert!(error.cause.ends_with(cause), "{error}");
        }
        let error = session().receive(b"</stream:stream>", after(1)).unwrap_err();
        assert_eq!(error.cause, "the server closed the connection");
    }
}
