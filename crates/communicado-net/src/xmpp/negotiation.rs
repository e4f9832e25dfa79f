//! The sign-in to a server: streams, STARTTLS, SCRAM and the resource. Pure.

use std::fmt;

use super::address::AccountAddress;
use super::element::{Element, escape};
use super::failure::{closed, printable, sign_in_failure, start_tls_failure, stream_error};
use super::namespace::{BIND, CLIENT, SASL, STREAM, TLS};
use super::scram::Scram;
use super::session::XmppSession;
use super::stream_reader::{StreamItem, StreamReader};
use crate::NetError;

/// The id of the request for a resource.
const BIND_ID: &str = "bind";

/// The state of one sign-in.
pub struct Negotiation {
    account: AccountAddress,
    password: String,
    resource: String,
    needs_tls: bool,
    is_encrypted: bool,
    reader: StreamReader,
    step: Step,
    /// The bytes to send.
    pub(super) output: Vec<u8>,
}

enum Step {
    /// Waits for the features of the server.
    Features,
    /// Waits for the permission to start TLS.
    StartTls,
    /// Exchanges proofs of the password.
    Scram(Box<Scram>),
    /// Waits for the features after the proof.
    Accepted,
    /// Waits for the resource.
    Bind,
}

/// A result of a sign-in.
#[derive(Debug)]
pub enum NegotiationEvent {
    /// The next bytes are TLS; then call [`Negotiation::encrypted`].
    StartTls,
    /// The server has accepted the sign-in, with this address of the connection.
    SignedIn(String),
}

impl Negotiation {
    /// A sign-in, whose first bytes are in the output.
    #[must_use]
    pub fn new(
        account: AccountAddress,
        password: String,
        resource: String,
        needs_tls: bool,
        is_encrypted: bool,
    ) -> Self {
        let (reader, step) = (StreamReader::new(), Step::Features);
        let output = Vec::new();
        let mut sign_in =
            Self { account, password, resource, needs_tls, is_encrypted, reader, step, output };
        sign_in.open_stream();
        sign_in
    }

    /// Continues after the TLS handshake.
    pub fn encrypted(&mut self) {
        self.is_encrypted = true;
        self.step = Step::Features;
        self.open_stream();
    }

    /// Takes bytes from the server.
    ///
    /// # Errors
    ///
    /// If the server refuses the sign-in, cannot prove that it knows the password, or is no XMPP
    /// server.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<NegotiationEvent>, NetError> {
        let mut rest = bytes;
        while let Some(item) = self.reader.next(&mut rest)? {
            let stanza = match item {
                StreamItem::Opened => continue,
                StreamItem::Stanza(stanza) => stanza,
                StreamItem::Closed => return Err(closed()),
            };
            if let Some(event) = self.handle(&stanza)? {
                // Bytes behind the permission were sent before TLS, by whoever could.
                if matches!(event, NegotiationEvent::StartTls) && !rest.is_empty() {
                    return Err(unexpected("bytes before TLS"));
                }
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The session after the sign-in.
    #[must_use]
    pub fn into_session(self, address: String) -> XmppSession {
        XmppSession::new(&self.account, address).on_stream(self.reader)
    }

    fn handle(&mut self, stanza: &Element) -> Result<Option<NegotiationEvent>, NetError> {
        if stanza.is("error", STREAM) {
            return Err(stream_error(stanza));
        }
        match &mut self.step {
            Step::Features if stanza.is("features", STREAM) => self.start(stanza).map(|()| None),
            Step::StartTls if stanza.is("proceed", TLS) => Ok(Some(NegotiationEvent::StartTls)),
            Step::StartTls if stanza.is("failure", TLS) => Err(start_tls_failure()),
            Step::Scram(_) if stanza.is("failure", SASL) => Err(sign_in_failure(stanza)),
            Step::Scram(scram) if stanza.is("challenge", SASL) => {
                let response = scram.answer(&stanza.text)?;
                self.send(format_args!("<response xmlns='{SASL}'>{response}</response>"));
                Ok(None)
            }
            Step::Scram(scram) if stanza.is("success", SASL) => {
                // The proof of the server may also be in the last challenge.
                if !scram.is_finished() {
                    scram.answer(&stanza.text)?;
                }
                if !scram.is_finished() {
                    return Err(unexpected("no proof that it knows the password"));
                }
                self.step = Step::Accepted;
                self.open_stream();
                Ok(None)
            }
            Step::Accepted if stanza.is("features", STREAM) => {
                self.step = Step::Bind;
                let resource = escape(&self.resource).into_owned();
                self.send(format_args!(
                    "<iq type='set' id='{BIND_ID}'><bind xmlns='{BIND}'>\
                     <resource>{resource}</resource></bind></iq>"
                ));
                Ok(None)
            }
            Step::Bind if stanza.is("iq", CLIENT) && stanza.attribute("id") == Some(BIND_ID) => {
                let bind = stanza.child("bind", BIND);
                let address = bind.and_then(|bind| bind.child("jid", BIND));
                let address = address.ok_or_else(|| unexpected("no address of the connection"))?;
                Ok(Some(NegotiationEvent::SignedIn(address.text.clone())))
            }
            _ => Err(unexpected(&stanza.name)),
        }
    }

    /// Starts TLS or the exchange of proofs.
    fn start(&mut self, features: &Element) -> Result<(), NetError> {
        if !self.is_encrypted {
            if features.child("starttls", TLS).is_some() {
                self.step = Step::StartTls;
                self.send(format_args!("<starttls xmlns='{TLS}'/>"));
                return Ok(());
            }
            if self.needs_tls {
                return Err(NetError::needs_action(
                    "the server does not offer TLS",
                    "write `server` with xmpps, or set `insecure = true` if you trust the network",
                ));
            }
        }
        let offered = features.child("mechanisms", SASL).map_or(&[][..], |all| &all.children);
        let offered: Vec<&str> = offered.iter().map(|each| each.text.trim()).collect();
        let (scram, mechanism, first) =
            Scram::start(&offered, self.account.user(), &self.password)?;
        self.send(format_args!("<auth xmlns='{SASL}' mechanism='{mechanism}'>{first}</auth>"));
        self.step = Step::Scram(Box::new(scram));
        Ok(())
    }

    fn open_stream(&mut self) {
        self.reader = StreamReader::new();
        let domain = escape(self.account.domain()).into_owned();
        self.send(format_args!(
            "<?xml version='1.0'?><stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' \
             to='{domain}' version='1.0'>"
        ));
    }

    fn send(&mut self, text: fmt::Arguments<'_>) {
        self.output.extend_from_slice(text.to_string().as_bytes());
    }
}

/// The error for a stanza that is not valid at this point of the sign-in.
fn unexpected(found: &str) -> NetError {
    NetError::transient(
        format!("the server broke the protocol of the sign-in: it sent {}", printable(found)),
        "check that the address is that of an XMPP server, and the log of the server",
    )
}
