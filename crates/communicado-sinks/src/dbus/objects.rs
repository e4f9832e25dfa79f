//! The objects on the bus. A property that is read always matches the last signal.

use std::sync::{Arc, Mutex, PoisonError};

use zbus::interface;

use super::values::{AccountValues, ClientValues};

/// The interface of a client.
pub(super) const CLIENT_INTERFACE: &str = "org.communicado.Monitor1.Client";

/// The object with all clients below it.
pub(super) struct MonitorRoot;

/// The object of a client.
pub(super) struct ClientObject {
    pub(super) name: String,
    pub(super) values: SharedValues,
}

/// The values that an object shares with the sink.
#[derive(Clone, Default)]
pub(super) struct SharedValues(Arc<Mutex<ClientValues>>);

impl SharedValues {
    pub(super) fn new(values: ClientValues) -> Self {
        Self(Arc::new(Mutex::new(values)))
    }

    /// Replaces the values, and returns the values before.
    pub(super) fn replace(&self, values: ClientValues) -> ClientValues {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), values)
    }

    fn get<T>(&self, get: impl FnOnce(&ClientValues) -> T) -> T {
        get(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[interface(name = "org.communicado.Monitor1", introspection_docs = false)]
impl MonitorRoot {
    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }
}

#[interface(name = "org.communicado.Monitor1.Client", introspection_docs = false)]
impl ClientObject {
    #[zbus(property(emits_changed_signal = "const"))]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[zbus(property)]
    fn status(&self) -> String {
        self.values.get(|values| values.status.clone())
    }

    #[zbus(property)]
    fn availability(&self) -> String {
        self.values.get(|values| values.availability.clone())
    }

    #[zbus(property)]
    fn activity(&self) -> String {
        self.values.get(|values| values.activity.clone())
    }

    #[zbus(property)]
    fn raw(&self) -> String {
        self.values.get(|values| values.raw.clone())
    }

    #[zbus(property)]
    fn note(&self) -> String {
        self.values.get(|values| values.note.clone())
    }

    #[zbus(property)]
    fn reason(&self) -> String {
        self.values.get(|values| values.reason.clone())
    }

    #[zbus(property)]
    fn source(&self) -> String {
        self.values.get(|values| values.source.clone())
    }

    #[zbus(property)]
    fn since(&self) -> i64 {
        self.values.get(|values| values.since)
    }

    #[zbus(property)]
    fn accounts(&self) -> Vec<AccountValues> {
        self.values.get(|values| values.accounts.clone())
    }
}
