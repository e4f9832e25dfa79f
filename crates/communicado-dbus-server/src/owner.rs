//! The owner of the provider's name on the bus.

use communicado_provider::dbus::{INTERFACE, NAME, PATH};
use communicado_wire::printable;
use zbus::{Connection, Message};

use crate::FrontendError;
use crate::call::{MethodCallError, PROPERTIES, TEXT_MAX, bus_call, call};

/// The unique name of the owner, if the name has one.
pub(crate) async fn owner(connection: &Connection) -> Result<Option<String>, MethodCallError> {
    match call(connection, bus_call("GetNameOwner").build(&NAME)).await {
        Ok(message) => Ok(Some(message.body().deserialize()?)),
        Err(MethodCallError::ErrorReply(name, _)) if name.ends_with(".NameHasNoOwner") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The error for a name that another process owns: which process, and what to do.
pub(crate) async fn name_taken(connection: &Connection) -> FrontendError {
    let message = format!("the name {NAME} is taken");
    let owner = match owner(connection).await {
        Ok(Some(owner)) => owner,
        Ok(None) | Err(_) => {
            let cause = "another process owned it a moment ago";
            return FrontendError::new(message, cause, "start the provider again");
        }
    };
    let process = match process(connection, &owner).await {
        Some((id, name)) => format!("process {id} ({})", printable(&name, TEXT_MAX)),
        None => format!("the connection {owner}"),
    };
    let version = Message::method_call(PATH, "Get").destination(&*owner).interface(PROPERTIES);
    match call(connection, version.build(&(INTERFACE, "Version"))).await {
        Ok(_) => FrontendError::new(
            "a provider is already running in this session",
            format!("{process} owns the name {NAME}"),
            "run `communicado provide status` to see it, or `communicado provide quit` to end it",
        ),
        Err(MethodCallError::Timeout) => FrontendError::new(
            message,
            format!("{process} owns it and does not answer"),
            "end that process, then start the provider again",
        ),
        Err(MethodCallError::ErrorReply(..) | MethodCallError::Disconnected(_)) => {
            FrontendError::new(
                message,
                format!("{process} owns it and is not a provider"),
                "find out why that program owns the name, and end it",
            )
        }
    }
}

/// The process of a unique name, with its id and name.
async fn process(connection: &Connection, owner: &str) -> Option<(u32, String)> {
    let message = bus_call("GetConnectionUnixProcessID").build(&owner);
    let reply = call(connection, message).await.ok()?;
    let id: u32 = reply.body().deserialize().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
    Some((id, name.trim_end().to_owned()))
}
