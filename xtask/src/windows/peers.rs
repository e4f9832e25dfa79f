//! The programs in C: the peer with the type libraries that it answers by, and the bare listener.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{program, root, run as run_command};

/// The interfaces of the peer, one library each.
const LIBRARIES: [&str; 2] = ["messenger", "office"];
/// Where Wine's development files have the interfaces of Automation, by version of Debian.
const INTERFACES: [&str; 2] = ["/usr/include/wine/wine/windows", "/usr/include/wine/windows"];
/// Wine's copy of the type library that every other one begins with, in a file of programs.
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
    compile(folder, "bare.exe", &[source.join("bare.c")])
}

fn compile(folder: &Path, name: &str, sources: &[PathBuf]) -> Result<(), String> {
    let mut compile = program("x86_64-w64-mingw32-gcc", &["-Wall", "-Wextra", "-Werror", "-O1"]);
    compile.args(["-s", "-I"]).arg(folder).arg("-o").arg(folder.join(name));
    compile.args(sources).args(["-lole32", "-loleaut32", "-luuid", "-ladvapi32"]);
    run_command(&mut compile)
}

/// The type library alone, which is what the tool reads.
fn stdole() -> Result<Vec<u8>, String> {
    let file = fs::read(STDOLE).map_err(|error| format!("cannot read {STDOLE}: {error}"))?;
    let begins = file.windows(4).position(|bytes| bytes == b"MSFT");
    let library = begins.and_then(|begins| file.get(begins..));
    library.map(<[u8]>::to_vec).ok_or_else(|| format!("there is no type library in {STDOLE}"))
}
