//! Method calls on the bus, each with a time limit.

use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_wire::printable;
use futures_util::StreamExt as _;
use zbus::message::{Builder, Type};
use zbus::{Connection, Message, MessageStream};

/// The time limit for a reply. A working provider needs a millisecond.
const REPLY_MAX: Duration = Duration::from_secs(5);
/// The maximum length of a text from another process.
pub(crate) const TEXT_MAX: usize = 300;
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
pub(crate) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The reason why a call has no result.
pub(crate) enum MethodCallError {
    /// An error reply, with its name and text.
    ErrorReply(String, String),
    /// No reply within the time limit.
    Timeout,
    /// The connection ended, or the reply is malformed.
    Disconnected(String),
}

/// Starts a call to the bus itself.
pub(crate) fn bus_call(member: &'static str) -> Builder<'static> {
    Message::method_call(BUS_PATH, member).destination(BUS).interface(BUS)
}

/// Sends a call and waits for its reply.
pub(crate) async fn call(
    connection: &Connection,
    message: zbus::Result<Message>,
) -> Result<Message, MethodCallError> {
    let message = message?;
    let serial = message.primary_header().serial_num();
    // The stream starts before the call is sent, so that it cannot miss the reply.
    let mut stream = MessageStream::from(connection);
    let clock = SystemClock::start();
    let end = clock.now().after(REPLY_MAX);
    connection.send(&message).await?;
    let reply = timeout_at(&clock, end, async {
        loop {
            let reply = match stream.next().await {
                Some(reply) => reply?,
                None => {
                    let cause = "the bus closed the connection".to_owned();
                    return Err(MethodCallError::Disconnected(cause));
                }
            };
            if reply.header().reply_serial() == Some(serial) {
                return Ok(reply);
            }
        }
    });
    let reply = reply.await.unwrap_or(Err(MethodCallError::Timeout))?;
    if reply.message_type() == Type::MethodReturn {
        return Ok(reply);
    }
    let name = reply.header().error_name().map(ToString::to_string).unwrap_or_default();
    let text: String = reply.body().deserialize().unwrap_or_default();
    Err(MethodCallError::ErrorReply(name, printable(&text, TEXT_MAX)))
}

impl From<zbus::Error> for MethodCallError {
    fn from(error: zbus::Error) -> Self {
        Self::Disconnected(error.to_string())
    }
}
