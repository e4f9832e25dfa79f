//! Words to the service manager that started us, if one did (sd_notify(3)).

/// Tells it `words`, each on its line; without one, nobody.
#[cfg(target_os = "linux")]
pub(super) fn notify(words: &str) {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(&name),
        _ => return,
    };
    // It may have gone; the agent works without.
    let _ = address.and_then(|to| UnixDatagram::unbound()?.send_to_addr(words.as_bytes(), &to));
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn notify(_: &str) {}
