//! The programs in C: the peer with its type libraries, and the minimal listeners.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{program, root, run as run_command};

/// The interfaces of the peer, one library each.
const LIBRARIES: [&str; 2] = ["messenger", "office"];
/// The folders of Wine's interfaces for Automation, by version of Debian.
const INTERFACES: [&str; 2] = ["/usr/include/wine/wine/windows", "/usr/include/wine/windows"];
/// The interfaces of our COM server, with the names of their C headers.
const OURS: [(&str, &str); 2] =
    [("communicator", "messenger.idl"), ("uccollaboration", "office.idl")];
/// C programs that use our COM server, each with its header.
const PROGRAMS: [(&str, &str); 4] = [
    ("seed", "communicator"),
    ("early", "communicator"),
    ("order", "communicator"),
    ("asks", "uccollaboration"),
];
/// The bytes of a type library with the tool version and the time.
const TIME_BYTES: usize = 24;
/// Wine's copy of the standard type library, inside a program file.
const STDOLE: &str = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/stdole2.tlb";

/// Builds the peer into `folder`.
pub(super) fn build(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(folder.join("stdole2.tlb"), stdole()?).map_err(failed)?;
    let source = root().join("conformance/peers/c");
    let include = INTERFACES.into_iter().find(|path| Path::new(path).exists());
    let include =
        include.ok_or("Wine's development files are missing\n  help: cargo xtask peers")?;
    let path = |name: String| folder.join(name).to_string_lossy().into_owned();
    let mut sources = vec![source.join("peer.c")];
    for library in LIBRARIES {
        let idl = source.join(format!("{library}.idl")).to_string_lossy().into_owned();
        for (form, ending) in [("-t", ".tlb"), ("-h", ".h"), ("-u", "_i.c")] {
            let mut widl = program("x86_64-w64-mingw32-widl", &["-I", include, form]);
            widl.args(["-L", ".", "-o", &path(format!("{library}{ending}")), &idl]);
            run_command(widl.current_dir(folder))?;
        }
        sources.push(PathBuf::from(path(format!("{library}_i.c"))));
    }
    compile(folder, "c-peer.exe", &sources)?;
    compile(folder, "raw_com.exe", &[source.join("raw_com.c")])?;
    compile(folder, "hook.exe", &[source.join("hook.c")])?;
    for (name, idl) in OURS {
        let idl = root().join("crates/communicado-com-server/idl").join(idl);
        for (form, ending) in [("-h", "h"), ("-u", "c"), ("-t", "tlb")] {
            let file = path(format!("{name}.{ending}"));
            let words = ["-I", include, form, "-L", ".", "-o", &file, &idl.to_string_lossy()];
            let mut widl = program("x86_64-w64-mingw32-widl", &words);
            run_command(widl.current_dir(folder))?;
        }
        compare(&folder.join(format!("{name}.tlb")), &idl.with_extension("tlb"))?;
    }
    for (program, library) in PROGRAMS {
        let names = PathBuf::from(path(format!("{library}.c")));
        let file = format!("{program}.exe");
        compile(folder, &file, &[source.join(format!("{program}.c")), names])?;
    }
    Ok(())
}

/// Compares the checked-in type library with one from its interfaces, except for the time.
fn compare(made: &Path, kept: &Path) -> Result<(), String> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let (new, old) = (read(made)?, read(kept)?);
    let others = new.iter().zip(&old).filter(|(new, old)| new != old).count();
    if new.len() == old.len() && others <= TIME_BYTES {
        return Ok(());
    }
    Err(format!(
        "{} does not match the interfaces beside it\n  help: cp {} {}",
        kept.display(),
        made.display(),
        kept.display()
    ))
}

fn compile(folder: &Path, name: &str, sources: &[PathBuf]) -> Result<(), String> {
    let mut compile = program("x86_64-w64-mingw32-gcc", &["-Wall", "-Wextra", "-Werror", "-O1"]);
    compile.args(["-s", "-I"]).arg(folder).arg("-o").arg(folder.join(name));
    compile.args(sources).args(["-lole32", "-loleaut32", "-luuid", "-ladvapi32"]);
    run_command(&mut compile)
}

/// The type library from the program file.
fn stdole() -> Result<Vec<u8>, String> {
    let file = fs::read(STDOLE).map_err(|error| format!("cannot read {STDOLE}: {error}"))?;
    let begins = file.windows(4).position(|bytes| bytes == b"MSFT");
    let library = begins.and_then(|begins| file.get(begins..));
    library.map(<[u8]>::to_vec).ok_or_else(|| format!("there is no type library in {STDOLE}"))
}
