//! The programs of the known clients. Pure.

use std::fmt;
use std::path::Path;

/// The built-in clients, in the form of the option `programs`.
///
/// These are clients for people at work. The user can add others.
const KNOWN_CLIENTS: [&str; 9] = [
    "slack = slack/slack flatpak:com.slack.Slack snap:slack desktop:slack",
    "zoom = zoom/zoom flatpak:us.zoom.Zoom snap:zoom-client desktop:Zoom",
    "element = element-desktop flatpak:im.riot.Riot snap:element-desktop desktop:element-desktop",
    "teams = teams-for-linux flatpak:com.github.IsmaelMartinez.teams_for_linux \
     snap:teams-for-linux desktop:teams-for-linux",
    "signal = signal-desktop flatpak:org.signal.Signal snap:signal-desktop desktop:signal-desktop",
    "webex = CiscoCollabHost desktop:webex",
    "telegram = telegram-desktop Telegram/Telegram flatpak:org.telegram.desktop \
     snap:telegram-desktop desktop:org.telegram.desktop",
    "nheko = nheko flatpak:im.nheko.Nheko desktop:nheko",
    "dino = bin/dino dino-im flatpak:im.dino.Dino desktop:im.dino.Dino",
];

/// The maximum number of entries in the option `programs`.
const PROGRAMS_MAX: usize = 256;

/// The maximum length of a client's name in bytes.
const NAME_MAX: usize = 64;

/// The maximum length of a process's name (`proc(5)`).
const PROCESS_NAME_MAX: usize = 15;

/// The clients and their programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProgramTable {
    clients: Vec<(String, Vec<ProgramMark>)>,
}

/// A mark by which a program is recognized.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ProgramMark {
    /// The end of the path of the executable: `slack/slack` for `/usr/lib/slack/slack`.
    Executable(String),
    /// The ID of a Flatpak application.
    Flatpak(String),
    /// The name of a snap.
    Snap(String),
    /// The ID of a desktop file.
    DesktopFile(String),
}

/// The marks of a running program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RunningProgram {
    /// The path of the executable, if it is readable.
    pub(super) executable: Option<String>,
    /// The name of the process.
    pub(super) name: String,
    pub(super) flatpak: Option<String>,
    pub(super) snap: Option<String>,
    /// The ID of the desktop file that started the process.
    pub(super) desktop_file: Option<String>,
}

/// The error of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InvalidProgram {
    pub(super) entry: String,
    pub(super) expected: &'static str,
}

const FORM: &str = "a client and its programs, such as \"mattermost = mattermost-desktop\"";
const MARK: &str = "the end of an executable's path, or `flatpak:`, `snap:` or `desktop:` before a \
                    name";
const NAME: &str = "a printable name of up to 64 bytes before `=`";
const KNOWN: &str = "the name of a built-in client";
const FEW: &str = "at most 256 entries";

impl ProgramTable {
    /// The built-in clients and the `programs`, without the clients in `ignored`.
    pub(super) fn new(programs: &[String], ignored: &[String]) -> Result<Self, InvalidProgram> {
        let invalid = |entry: &str, expected| InvalidProgram { entry: entry.to_owned(), expected };
        if programs.len() > PROGRAMS_MAX {
            return Err(invalid("", FEW));
        }
        let mut table = Self { clients: Vec::new() };
        for entry in KNOWN_CLIENTS {
            table.add(entry).map_err(|expected| invalid(entry, expected))?;
        }
        for client in ignored {
            let known = table.clients.len();
            table.clients.retain(|(name, _)| name != client);
            if table.clients.len() == known {
                return Err(invalid(client, KNOWN));
            }
        }
        for entry in programs {
            table.add(entry).map_err(|expected| invalid(entry, expected))?;
        }
        Ok(table)
    }

    fn add(&mut self, entry: &str) -> Result<(), &'static str> {
        let (name, marks) = entry.split_once('=').ok_or(FORM)?;
        let name = name.trim();
        let is_valid = !name.is_empty()
            && name.len() <= NAME_MAX
            && name.chars().all(communicado_wire::is_printable);
        if !is_valid {
            return Err(NAME);
        }
        let marks: Vec<_> =
            marks.split_whitespace().map(ProgramMark::parse).collect::<Result<_, _>>()?;
        if marks.is_empty() {
            return Err(FORM);
        }
        match self.clients.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.extend(marks),
            None => self.clients.push((name.to_owned(), marks)),
        }
        Ok(())
    }

    /// The names of all clients.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.clients.iter().map(|(name, _)| name.as_str())
    }

    /// The client that a program is.
    pub(super) fn client_of(&self, program: &RunningProgram) -> Option<&str> {
        let is_it =
            |(_, marks): &&(String, Vec<ProgramMark>)| marks.iter().any(|mark| mark.is_of(program));
        self.clients.iter().find(is_it).map(|(name, _)| name.as_str())
    }
}

impl ProgramMark {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (kind, name) = text.split_once(':').unwrap_or(("", text));
        let is_path = Path::new(name).file_name().is_some() && !name.contains('\0');
        match kind {
            "" if is_path => Ok(Self::Executable(name.to_owned())),
            "flatpak" if !name.is_empty() => Ok(Self::Flatpak(name.to_owned())),
            "snap" if !name.is_empty() => Ok(Self::Snap(name.to_owned())),
            "desktop" if !name.is_empty() => Ok(Self::DesktopFile(name.to_owned())),
            _ => Err(MARK),
        }
    }

    fn is_of(&self, program: &RunningProgram) -> bool {
        match self {
            Self::Executable(path) => match &program.executable {
                Some(executable) => Path::new(executable).ends_with(path),
                // The kernel shows the name of every process, but cuts it.
                None => {
                    let file = Path::new(path).file_name().and_then(|name| name.to_str());
                    file.is_some_and(|name| cut(name) == program.name)
                }
            },
            Self::Flatpak(id) => program.flatpak.as_ref() == Some(id),
            Self::Snap(name) => program.snap.as_ref() == Some(name),
            Self::DesktopFile(id) => program.desktop_file.as_ref() == Some(id),
        }
    }
}

fn cut(name: &str) -> &str {
    name.get(..name.floor_char_boundary(PROCESS_NAME_MAX)).unwrap_or(name)
}

impl fmt::Display for InvalidProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.entry.is_empty() {
            write!(f, "`{}`: ", self.entry)?;
        }
        write!(f, "expected {}", self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(programs: &[&str], ignored: &[&str]) -> Result<ProgramTable, InvalidProgram> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        ProgramTable::new(&owned(programs), &owned(ignored))
    }

    fn client(table: &ProgramTable, program: RunningProgram) -> Option<String> {
        table.client_of(&program).map(str::to_owned)
    }

    fn executable(path: &str) -> RunningProgram {
        RunningProgram { executable: Some(path.to_owned()), ..RunningProgram::default() }
    }

    #[test]
    fn a_program_is_recognized_by_each_of_its_marks() {
        let table = table(&[], &[]).unwrap();
        let some = |text: &str| Some(text.to_owned());
        let flatpak = RunningProgram { flatpak: some("us.zoom.Zoom"), ..executable("/app/x") };
        let snap = RunningProgram { snap: some("zoom-client"), ..RunningProgram::default() };
        let desktop = RunningProgram { desktop_file: some("Zoom"), ..executable("/bin/electron") };
        for program in [executable("/opt/zoom/zoom"), flatpak, snap, desktop] {
            assert_eq!(client(&table, program.clone()).as_deref(), Some("zoom"), "{program:?}");
        }
    }

    #[test]
    fn another_program_of_the_same_name_is_not_the_client() {
        let table = table(&[], &[]).unwrap();
        for path in ["/usr/games/zoom", "/opt/zoom/zoomer", "/opt/slack/xslack", "/usr/bin/pidgin"]
        {
            assert_eq!(client(&table, executable(path)), None, "{path}");
        }
        let named = RunningProgram { name: "nheko".to_owned(), ..executable("/usr/bin/vim") };
        assert_eq!(client(&table, named), None);
    }

    #[test]
    fn the_name_of_the_process_counts_only_if_the_executable_is_not_readable() {
        let table = table(&[], &[]).unwrap();
        let named =
            |name: &str| RunningProgram { name: name.to_owned(), ..RunningProgram::default() };
        assert_eq!(client(&table, named("telegram-deskto")).as_deref(), Some("telegram"));
        assert_eq!(client(&table, named("telegram-desktop")), None);
    }

    #[test]
    fn the_configuration_adds_and_removes_clients() {
        let table =
            table(&["mattermost = mattermost-desktop", "slack = my-slack"], &["zoom"]).unwrap();
        let name = |path: &str| client(&table, executable(path));
        assert_eq!(name("/opt/Mattermost/mattermost-desktop").as_deref(), Some("mattermost"));
        assert_eq!(name("/home/ada/my-slack").as_deref(), Some("slack"));
        assert_eq!(name("/usr/lib/slack/slack").as_deref(), Some("slack"));
        assert_eq!(name("/opt/zoom/zoom"), None);
    }

    #[test]
    fn the_documents_list_the_built_in_clients() {
        let documents = include_str!("../../../../docs/sources.md");
        for entry in KNOWN_CLIENTS {
            assert!(documents.lines().any(|line| line == entry), "{entry}");
        }
    }

    #[test]
    fn an_invalid_entry_is_named_with_the_expected_form() {
        let check = |programs: &[&str], ignored: &[&str], expected: &str| {
            let error = table(programs, ignored).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&["mattermost"], &[], "`mattermost`: expected a client and its programs");
        check(&["x ="], &[], FORM);
        check(&[" = y"], &[], NAME);
        check(&["x = deb:y"], &[], MARK);
        check(&["x = flatpak:"], &[], MARK);
        check(&["x = /"], &[], MARK);
        check(&[], &["mattermost"], "`mattermost`: expected the name of a built-in client");
        check(&["x = y"; PROGRAMS_MAX + 1], &[], FEW);
    }
}
