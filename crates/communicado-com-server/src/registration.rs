//! The permanent registration of the provider's classes.

use communicado_windows::{Guid, Hive, RegistryKey, RegistryView, WindowsError};

use crate::keys::{CLASSES, text};
use crate::prog_id::{MESSENGER_PROG_ID, MESSENGER_TEXT};
use crate::provider_keys::{self, APPS, is_ours, write_client};
use crate::{control, library_keys, messenger, office, prog_id};

/// All classes: id, ProgID, description and type library.
const CLASS_TABLE: [(Guid, &str, &str, Option<Guid>); 3] = [
    (messenger::CLASS, MESSENGER_PROG_ID, MESSENGER_TEXT, Some(MESSENGER)),
    (
        office::CLASS,
        "Communicado.OfficeIntegration",
        "Office integration of Communicado",
        Some(OFFICE),
    ),
    (control::CLASS, "Communicado.Provider", "The provider of Communicado", None),
];
const MESSENGER: Guid = Guid(0x2B31_7E1D_50E5_4F5E_A3A4_FB85_206E_DA48);
const OFFICE: Guid = Guid(0xB9AA_1F11_F480_4054_A84E_B5D9_277E_40A8);

/// The users that a registration applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationScope {
    /// This user. Needs no administrator rights.
    CurrentUser,
    /// All users, and programs that run as administrator, including Office. Needs administrator
    /// rights.
    AllUsers,
}

/// A completed registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRegistration {
    /// The command line that COM runs to serve a class.
    pub command: String,
    /// The ProgIDs.
    pub names: Vec<&'static str>,
}

impl RegistrationScope {
    const fn hive(self) -> Hive {
        match self {
            Self::CurrentUser => Hive::CurrentUser,
            Self::AllUsers => Hive::LocalMachine,
        }
    }
}

/// Registers the classes, so that COM starts the provider with `options` on demand.
///
/// # Errors
///
/// If the registry is not writable. [`unregister`] then removes a partial registration.
pub fn register(
    scope: RegistrationScope,
    program: &str,
    options: &[String],
) -> Result<ClassRegistration, WindowsError> {
    let words: Vec<String> = options.iter().map(|word| quoted(word)).collect();
    let command = format!("{} provide {}", quoted(program), words.join(" "));
    let command = command.trim_end().to_owned();
    for (class, name, text, library) in CLASS_TABLE {
        let key =
            |path: &str| RegistryKey::create(scope.hive(), path, RegistryView::Default, false);
        let path = format!(r"{CLASSES}\CLSID\{class}");
        key(&path)?.set_text("", text)?;
        key(&format!(r"{path}\LocalServer32"))?.set_text("", &command)?;
        key(&format!(r"{path}\ProgID"))?.set_text("", name)?;
        if let Some(library) = library {
            key(&format!(r"{path}\TypeLib"))?.set_text("", &library.to_string())?;
            key(&format!(r"{path}\Version"))?.set_text("", "1.0")?;
        }
        let path = format!(r"{CLASSES}\{name}");
        key(&path)?.set_text("", text)?;
        key(&format!(r"{path}\CLSID"))?.set_text("", &class.to_string())?;
    }
    if scope == RegistrationScope::AllUsers {
        for (app, class) in APPS {
            for view in [RegistryView::Bits64, RegistryView::Bits32] {
                write_provider_key(Hive::LocalMachine, view, app, class, program)?;
            }
        }
    }
    provider_keys::prepare(program)?;
    Ok(ClassRegistration { command, names: CLASS_TABLE.map(|(_, name, _, _)| name).to_vec() })
}

/// Writes the key that an installer would write, unless it belongs to another client.
fn write_provider_key(
    hive: Hive,
    view: RegistryView,
    app: &str,
    class: Guid,
    program: &str,
) -> Result<(), WindowsError> {
    let path = provider_keys::path(app);
    if RegistryKey::open(hive, &path, view)?.is_some() && !is_ours(hive, view, app)? {
        return Ok(());
    }
    write_client(&RegistryKey::create(hive, &path, view, false)?, program, class)
}

/// Removes all keys of [`register`] and of a crashed provider.
///
/// # Errors
///
/// If the registry is not writable.
pub fn unregister(scope: RegistrationScope) -> Result<(), WindowsError> {
    for (class, name, _, _) in CLASS_TABLE {
        let path = format!(r"{CLASSES}\CLSID\{class}");
        let server = RegistryKey::open(
            scope.hive(),
            &format!(r"{path}\LocalServer32"),
            RegistryView::Default,
        )?;
        // The class may belong to an installed Communicator.
        if server.is_some_and(|key| text(&key, "").is_some_and(|it| it.contains(" provide"))) {
            RegistryKey::delete_all(scope.hive(), &path, RegistryView::Default)?;
            RegistryKey::delete_all(
                scope.hive(),
                &format!(r"{CLASSES}\{name}"),
                RegistryView::Default,
            )?;
        }
    }
    for (app, _) in APPS {
        for view in [RegistryView::Bits64, RegistryView::Bits32] {
            if scope == RegistrationScope::AllUsers && is_ours(Hive::LocalMachine, view, app)? {
                RegistryKey::delete_all(Hive::LocalMachine, &provider_keys::path(app), view)?;
            }
        }
    }
    provider_keys::remove_leftovers()?;
    prog_id::remove_leftovers()?;
    [MESSENGER, OFFICE].into_iter().try_for_each(library_keys::unregister)
}

/// Quotes a command-line argument for Windows (Microsoft, "Parsing C command-line arguments").
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && !word.contains([' ', '\t', '"']);
    if is_plain {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        let needed = if character == '"' { backslashes + 1 } else { 0 };
        quoted.extend(std::iter::repeat_n('\\', needed));
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}
