//! The source `xmpp`: Prosody and ejabberd, and clients of slixmpp that sign in to them.

use std::fs;
use std::path::PathBuf;

use communicado_conformance::{Communicado, ExpectOk as _, Prosody, TestSession, Watch};

mod contacts;
mod faults;
mod server;
mod tls;

/// Makes a test of each case on a server.
macro_rules! on_server {
    ($server:ident $kind:ident: $($case:ident,)*) => {
        mod $server {
            $(#[test] fn $case() { super::$case(crate::server::ServerKind::$kind); })*
        }
    };
}
use on_server;

/// The states that many cases expect.
const LOST: &str = "unknown reason=source-lost by xmpp";
const DENIED: &str = "unknown reason=access-denied by xmpp";
const SIGNED_OUT: &str = "signed-out by xmpp | no accounts";
const AVAILABLE: &str = "signed-in available/available by xmpp";

/// The file with the password of the source.
fn password_file(session: &TestSession) -> PathBuf {
    session.folder().join("password")
}

/// The program with the source `xmpp`, which signs in as bob, and further options of the source.
fn with_xmpp(session: &TestSession, port: u16, more: &str) -> Communicado {
    with_server(session, &format!("xmpp://127.0.0.1:{port}"), more)
}

/// The same program with another address of the server.
fn with_server(session: &TestSession, server: &str, more: &str) -> Communicado {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = password_file(session);
    let mut created = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&file)
        .expect_ok("write a password");
    std::io::Write::write_all(&mut created, Prosody::PASSWORD.as_bytes())
        .expect_ok("write a password");
    let config = format!(
        "[sources.purple]\nenabled = false\n[sources.provider]\nenabled = false\n\
         [sources.xmpp]\naccount = \"bob@uc.test\"\npassword-file = \"{}\"\n\
         server = \"{server}\"\n{more}",
        file.display()
    );
    let communicado = session.communicado();
    let folder = session.folder().join("communicado/config/communicado");
    fs::write(folder.join("config.toml"), config).expect_ok("write a configuration");
    communicado
}

fn watch(communicado: &Communicado) -> Watch {
    Watch::start(communicado, &[])
}
