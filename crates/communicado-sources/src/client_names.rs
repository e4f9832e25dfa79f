//! The names of clients that a source does not see on this computer. Pure.

use std::collections::BTreeSet;

/// The names of the clients of a source that reads another program, computer or server.
///
/// Such a client can have the name of a client of this computer. They are two clients, unless the
/// configuration merges them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientNames {
    source: String,
    /// The clients of this computer that other sources expect.
    local: BTreeSet<String>,
    /// The clients of this computer that the source reports too.
    merged: BTreeSet<String>,
}

impl ClientNames {
    pub(crate) fn new(
        source: &str,
        local: impl IntoIterator<Item = String>,
        merged: impl IntoIterator<Item = String>,
    ) -> Self {
        let (local, merged) = (local.into_iter().collect(), merged.into_iter().collect());
        Self { source: source.to_owned(), local, merged }
    }

    /// The name under which the source reports the client `name`.
    pub(crate) fn reported(&self, name: &str) -> String {
        if self.local.contains(name) && !self.merged.contains(name) {
            return format!("{name}@{}", self.source);
        }
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_of_another_computer_is_another_client_unless_it_is_merged() {
        let local = || ["finch", "pidgin"].map(str::to_owned);
        let apart = ClientNames::new("laptop", local(), []);
        assert_eq!(apart.reported("finch"), "finch@laptop");
        assert_eq!(apart.reported("teams"), "teams");
        let merged = ClientNames::new("laptop", local(), ["finch".to_owned()]);
        assert_eq!(
            (&*merged.reported("finch"), &*merged.reported("pidgin")),
            ("finch", "pidgin@laptop")
        );
    }
}
