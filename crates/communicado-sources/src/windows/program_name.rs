//! Names of programs, as installers write them: with or without a path, quotes and `.exe`.

/// Programs that run other programs. The name of such a process does not identify a client.
const SHARED_HOSTS: [&str; 18] = [
    "cmd",
    "cscript",
    "dllhost",
    "dotnet",
    "electron",
    "java",
    "javaw",
    "mshta",
    "msedgewebview2",
    "node",
    "powershell",
    "pwsh",
    "python",
    "pythonw",
    "rundll32",
    "svchost",
    "wscript",
    "wine",
];

/// The program and the arguments of a command line.
#[must_use]
pub fn split_command(command: &str) -> (&str, &str) {
    let command = command.trim();
    if let Some(quoted) = command.strip_prefix('"') {
        let (program, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
        return (program.trim(), rest.trim());
    }
    // Windows too takes an unquoted path with spaces up to its extension.
    let lower = command.to_ascii_lowercase();
    let ends = lower.match_indices(".exe").map(|(at, found)| at + found.len());
    let mut ends = ends.filter(|end| {
        command.get(*end..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    });
    let end = ends.next().unwrap_or(command.len());
    let (program, rest) = command.split_at_checked(end).unwrap_or((command, ""));
    (program.trim(), rest.trim())
}

/// The name of a program without its folder and `.exe`, in lower case; `None` if it is blank.
#[must_use]
pub fn stem(program: &str) -> Option<String> {
    let name = file_name(split_command(program).0).trim().to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name).to_owned();
    (!name.is_empty()).then_some(name)
}

/// The name of a file without its folder.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Returns whether a program, named without `.exe`, runs other programs.
#[must_use]
pub fn is_shared_host(stem: &str) -> bool {
    SHARED_HOSTS.contains(&stem)
}

/// Returns whether two paths name the same file, by their text.
#[must_use]
pub fn is_same_path(left: &str, right: &str) -> bool {
    let plain = |path: &str| {
        let path = path.strip_prefix(r"\\?\").unwrap_or(path);
        path.replace('/', r"\").to_lowercase()
    };
    plain(left) == plain(right)
}

/// Replaces `%NAME%` by the value that `lookup` has for it. An unknown name stays.
#[must_use]
pub fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        let found = after.split_once('%').and_then(|(name, tail)| Some((lookup(name)?, tail)));
        if let Some((value, tail)) = found {
            expanded.push_str(&value);
            rest = tail;
        } else {
            expanded.push('%');
            rest = after;
        }
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_program_has_the_same_stem() {
        for spelling in [
            "acme.exe",
            "acme",
            "ACME.EXE",
            " Acme.exe ",
            "\"acme.exe\"",
            r"C:\Program Files\Acme\acme.exe",
            r#""C:\Program Files\Acme\acme.exe" -tray"#,
            r"C:\Program Files\Acme\acme.exe /background",
            "C:/Acme/acme.exe",
            r"%ProgramFiles%\Acme\acme.exe",
        ] {
            assert_eq!(stem(spelling).as_deref(), Some("acme"), "{spelling}");
        }
        assert_eq!(stem("Acme Chat").as_deref(), Some("acme chat"));
        for blank in ["", "  ", "\"\"", r"C:\Acme\", ".exe"] {
            assert_eq!(stem(blank), None, "{blank}");
        }
    }

    #[test]
    fn a_command_is_split_after_its_program() {
        let check = |command, expected| assert_eq!(split_command(command), expected, "{command}");
        check(r#""C:\a b\c.exe" -Embedding"#, (r"C:\a b\c.exe", "-Embedding"));
        check(r"C:\a b\c.exe -Embedding", (r"C:\a b\c.exe", "-Embedding"));
        check(r"C:\a.exes\c.EXE", (r"C:\a.exes\c.EXE", ""));
        check(r#""C:\open"#, (r"C:\open", ""));
        check("ä", ("ä", ""));
    }

    #[test]
    fn variables_are_replaced_and_unknown_ones_stay() {
        let lookup = |name: &str| (name == "A").then(|| "x".to_owned());
        for (text, expected) in
            [("%A%\\b", "x\\b"), ("%B%", "%B%"), ("100%", "100%"), ("%%A%", "%x"), ("", "")]
        {
            assert_eq!(expand(text, lookup), expected, "{text}");
        }
    }

    #[test]
    fn paths_are_compared_as_windows_does() {
        assert!(is_same_path(r"C:\Acme\a.exe", r"\\?\c:/ACME/A.EXE"));
        assert!(!is_same_path(r"C:\Acme\a.exe", "a.exe"));
    }
}
