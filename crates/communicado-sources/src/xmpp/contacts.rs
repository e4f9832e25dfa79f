//! The accounts in the configuration, each with the name of its client. Pure.

use std::fmt;

use communicado_net::xmpp::AccountAddress;

use super::watched::ACCOUNTS_MAX;

/// The longest name of a client, in bytes.
const NAME_MAX: usize = 64;

/// A list of accounts that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InvalidContacts {
    /// An entry has no address of an account.
    NoAddress(String),
    /// The name of a client is not valid.
    NoName(String),
    /// Two entries have the same name or the same address.
    Twice(String),
    /// The list is too long.
    TooMany,
    /// The list has the account of the source, and `own-account` is not set.
    OwnAccount(String),
    /// There is nothing to watch.
    Empty,
}

/// The accounts to watch, each with the name of its client.
///
/// An entry is `ADDRESS`, or `NAME = ADDRESS`. The account of the source is added if the source
/// watches it.
pub(super) fn parse(
    entries: &[String],
    own: &AccountAddress,
    watches_own: bool,
) -> Result<Vec<(String, AccountAddress)>, InvalidContacts> {
    let mut contacts: Vec<(String, AccountAddress)> = Vec::new();
    for entry in entries {
        let (name, address) = match entry.split_once('=') {
            Some((name, address)) => (name.trim(), address.trim()),
            None => (entry.trim(), entry.trim()),
        };
        let parsed = AccountAddress::parse(address)
            .ok_or_else(|| InvalidContacts::NoAddress(address.to_owned()))?;
        if parsed == *own && !watches_own {
            return Err(InvalidContacts::OwnAccount(parsed.to_string()));
        }
        contacts.push((name.to_owned(), parsed));
    }
    if watches_own && !contacts.iter().any(|(_, address)| address == own) {
        contacts.push((own.to_string(), own.clone()));
    }
    for (index, (name, address)) in contacts.iter().enumerate() {
        let is_valid = (1..=NAME_MAX).contains(&name.len())
            && name.chars().all(communicado_wire::is_printable);
        if !is_valid {
            return Err(InvalidContacts::NoName(name.clone()));
        }
        let mut earlier = contacts.iter().take(index);
        if earlier.any(|(other, taken)| other == name || taken == address) {
            return Err(InvalidContacts::Twice(name.clone()));
        }
    }
    match contacts.len() {
        0 => Err(InvalidContacts::Empty),
        1..=ACCOUNTS_MAX => Ok(contacts),
        _ => Err(InvalidContacts::TooMany),
    }
}

impl fmt::Display for InvalidContacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress(text) => {
                write!(f, "`{text}` is not the address of an account, such as ada@example.com")
            }
            Self::NoName(text) => {
                write!(f, "`{text}` is not a name of up to {NAME_MAX} bytes; write NAME = ADDRESS")
            }
            Self::Twice(name) => write!(f, "`{name}` is there twice"),
            Self::TooMany => write!(f, "there are over {ACCOUNTS_MAX} accounts"),
            Self::OwnAccount(address) => write!(
                f,
                "`{address}` is the account of the source; set `own-account = true` if its \
                 contacts may see it online while Communicado runs"
            ),
            Self::Empty => f.write_str("there is no account; add one, or set `own-account`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(entries: &[&str], watches_own: bool) -> Result<Vec<String>, InvalidContacts> {
        let own = AccountAddress::parse("watcher@uc.test").unwrap();
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        let contacts = parse(&entries, &own, watches_own)?;
        Ok(contacts.into_iter().map(|(name, address)| format!("{name}: {address}")).collect())
    }

    #[test]
    fn an_account_has_a_name_or_its_address() {
        assert_eq!(
            parsed(&["ada = Ada@uc.test", "bob@uc.test"], false).unwrap(),
            ["ada: ada@uc.test", "bob@uc.test: bob@uc.test"]
        );
        assert_eq!(parsed(&[], true).unwrap(), ["watcher@uc.test: watcher@uc.test"]);
        assert_eq!(parsed(&["me = watcher@uc.test"], true).unwrap(), ["me: watcher@uc.test"]);
    }

    #[test]
    fn a_wrong_list_is_refused_with_the_reason() {
        let long = format!("{}@uc.test", "x".repeat(NAME_MAX));
        for (entries, error) in [
            (vec![], InvalidContacts::Empty),
            (vec!["ada"], InvalidContacts::NoAddress("ada".to_owned())),
            (vec!["= ada@uc.test"], InvalidContacts::NoName(String::new())),
            (vec![&*long], InvalidContacts::NoName(long.clone())),
            (vec!["a@uc.test", "A@uc.test"], InvalidContacts::Twice("A@uc.test".to_owned())),
            (vec!["x = a@uc.test", "x = b@uc.test"], InvalidContacts::Twice("x".to_owned())),
            (vec!["watcher@uc.test"], InvalidContacts::OwnAccount("watcher@uc.test".to_owned())),
        ] {
            assert_eq!(parsed(&entries, false), Err(error), "{entries:?}");
        }
        let many: Vec<String> = (0..=ACCOUNTS_MAX).map(|n| format!("u{n}@uc.test")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(parsed(&many, false), Err(InvalidContacts::TooMany));
    }
}
