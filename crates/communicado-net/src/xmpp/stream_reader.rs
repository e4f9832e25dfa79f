//! Reader of the server's stream: bytes in, stanzas out. Pure.

use rxml::error::EndOrError;
use rxml::{Event, Options, Parse as _, Parser, WithOptions as _};

use super::element::Element;
use crate::NetError;

/// The longest stanza, in bytes. A roster is one stanza.
const STANZA_MAX: usize = 1024 * 1024;
/// The most elements of a stanza, because an element in memory is larger than on the wire.
const ELEMENTS_MAX: usize = 8192;
/// The deepest element of a stanza.
const DEPTH_MAX: usize = 32;
/// The longest name or attribute, in bytes.
const TOKEN_MAX: usize = 8192;

/// A part of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamItem {
    /// The server has opened the stream.
    Opened,
    /// An element of the stream.
    Stanza(Element),
    /// The server has closed the stream.
    Closed,
}

/// Reader of one stream. After STARTTLS and after SASL there is a new stream.
#[derive(Debug)]
pub(super) struct StreamReader {
    parser: Parser,
    is_open: bool,
    /// The elements that have not ended, the outermost first.
    open: Vec<Element>,
    size: usize,
    elements: usize,
}

impl StreamReader {
    pub(super) fn new() -> Self {
        let options = Options { max_token_length: TOKEN_MAX, ..Options::default() };
        let parser = Parser::with_options(options);
        Self { parser, is_open: false, open: Vec::new(), size: 0, elements: 0 }
    }

    /// The next part of the stream, and removes its bytes. `None` if it is not complete.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<StreamItem>, NetError> {
        loop {
            let length = bytes.len();
            let event = match self.parser.parse(bytes, false) {
                Ok(Some(event)) => event,
                Ok(None) | Err(EndOrError::NeedMoreData) => {
                    self.count(length - bytes.len())?;
                    return Ok(None);
                }
                Err(EndOrError::Error(_)) => return Err(not_xmpp("not valid XML")),
            };
            self.count(length - bytes.len())?;
            if let Some(item) = self.handle(event)? {
                return Ok(Some(item));
            }
        }
    }

    /// Counts bytes of the stanza.
    fn count(&mut self, bytes: usize) -> Result<(), NetError> {
        self.size += bytes;
        if self.size > STANZA_MAX {
            return Err(not_xmpp("a stanza of over 1 MiB"));
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<Option<StreamItem>, NetError> {
        match event {
            Event::StartElement(_, _, _) if !self.is_open => {
                self.is_open = true;
                Ok(Some(StreamItem::Opened))
            }
            Event::StartElement(_, (namespace, name), attributes) => {
                self.elements += 1;
                if self.open.len() >= DEPTH_MAX || self.elements > ELEMENTS_MAX {
                    return Err(not_xmpp("a stanza with too many elements"));
                }
                let plain = attributes.iter().filter(|((namespace, _), _)| namespace.is_empty());
                let attributes =
                    plain.map(|((_, name), value)| (name.to_string(), value.clone())).collect();
                self.open.push(Element {
                    namespace: namespace.to_string(),
                    name: name.to_string(),
                    attributes,
                    ..Element::default()
                });
                Ok(None)
            }
            Event::Text(_, text) => {
                match self.open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    // Spaces keep an idle connection alive.
                    None => self.size = 0,
                }
                Ok(None)
            }
            Event::EndElement(_) => {
                let Some(element) = self.open.pop() else {
                    return Ok(Some(StreamItem::Closed));
                };
                let Some(parent) = self.open.last_mut() else {
                    (self.size, self.elements) = (0, 0);
                    return Ok(Some(StreamItem::Stanza(element)));
                };
                parent.children.push(element);
                Ok(None)
            }
            Event::XmlDeclaration(..) => Ok(None),
        }
    }
}

/// The error for bytes that no XMPP server sends.
fn not_xmpp(found: &str) -> NetError {
    NetError::transient(
        format!("the server sent {found}"),
        "check that the address is that of an XMPP server, and its port",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                        xmlns:stream='http://etherx.jabber.org/streams' from='x' version='1.0'>";

    fn items(text: &str, step: usize) -> Result<Vec<StreamItem>, NetError> {
        let mut reader = StreamReader::new();
        let mut items = Vec::new();
        for chunk in text.as_bytes().chunks(step) {
            let mut bytes = chunk;
            while let Some(item) = reader.next(&mut bytes)? {
                items.push(item);
            }
        }
        Ok(items)
    }

    #[test]
    fn stanzas_are_the_same_whatever_the_chunks() {
        let text = format!(
            "{OPEN} <presence from='a&apos;b'>\n<show>d&#110;d</show></presence> \
                            <r xmlns='urn:xmpp:sm:3'/></stream:stream>"
        );
        let whole = items(&text, text.len()).unwrap();
        assert_eq!(items(&text, 1).unwrap(), whole);
        let [
            StreamItem::Opened,
            StreamItem::Stanza(presence),
            StreamItem::Stanza(r),
            StreamItem::Closed,
        ] = &*whole
        else {
            panic!("{whole:?}")
        };
        assert!(presence.is("presence", "jabber:client"));
        assert_eq!(presence.attribute("from"), Some("a'b"));
        assert_eq!(presence.child("show", "jabber:client").unwrap().text, "dnd");
        assert!(r.is("r", "urn:xmpp:sm:3"));
    }

    #[test]
    fn a_stanza_has_limits() {
        let deep = format!("{OPEN}{}", "<a>".repeat(DEPTH_MAX + 1));
        let many = format!("{OPEN}<a>{}", "<b/>".repeat(ELEMENTS_MAX));
        let long = format!("{OPEN}<a>{}", "x".repeat(STANZA_MAX));
        let attribute = format!("{OPEN}<a b='{}", "x".repeat(TOKEN_MAX + 1));
        for text in [deep, many, long, attribute] {
            assert!(items(&text, 4096).is_err(), "{}", &text[..200]);
        }
        let spaces = format!("{OPEN}{}<a/>", " ".repeat(2 * STANZA_MAX));
        assert_eq!(items(&spaces, 4096).unwrap().len(), 2);
    }

    #[test]
    fn documents_that_no_server_sends_are_errors() {
        for text in [
            "<!DOCTYPE x>",
            &format!("{OPEN}<a></b>"),
            &format!("{OPEN}<a>&unknown;</a>"),
            &format!("{OPEN}<?target data?>"),
        ] {
            assert!(items(text, 7).is_err(), "{text}");
        }
    }
}
