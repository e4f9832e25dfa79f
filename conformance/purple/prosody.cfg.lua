-- An XMPP server for alice, bob and eve: loopback only, nothing that needs the network.
run_as_root = true
pidfile = "@FOLDER@/prosody.pid"
data_path = "@FOLDER@/data"
certificates = "@FOLDER@/certs"
plugin_paths = {}
modules_enabled = { "roster", "saslauth", "disco", "presence", "message", "iq", "ping", "register"@MODULES@ }
allow_registration = false
modules_disabled = { "s2s", "offline" }
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = false
interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
@TLS@
log = { info = "*console" }
VirtualHost "uc.test"
