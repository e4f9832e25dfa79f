//! The limits of the gateway, each with the name that errors report.

use std::time::Duration;

/// A limit and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) max: usize,
}

const fn limit(name: &'static str, max: usize) -> Limit {
    Limit { name, max }
}

/// Connections; as many as the system's limit on open files permits.
pub(crate) const CONNECTIONS: Limit = limit("connections", usize::MAX);
/// Connections of one address; three quarters of all.
pub(crate) const CONNECTIONS_PER_ADDRESS: Limit = limit("connections-per-address", usize::MAX);
/// Bytes in the head of a request.
pub(crate) const HEAD_BYTES: Limit = limit("head-bytes", 16 * 1024);
/// Headers in a request.
pub(crate) const HEADERS: Limit = limit("headers", 100);
/// Bytes in the body of a request.
pub(crate) const BODY_BYTES: Limit = limit("body-bytes", 256 * 1024);
/// Bytes in the logo of the board.
pub(crate) const LOGO_BYTES: Limit = limit("logo-bytes", 1024 * 1024);
/// Bytes in incomplete heads on all connections of one address.
pub(crate) const HEAD_BYTES_PER_ADDRESS: Limit = limit("head-bytes-per-address", 4 * 1024 * 1024);
/// Bytes in incomplete bodies of one token and its sessions, or of one address without a token.
pub(crate) const BODY_BYTES_PER_OWNER: Limit = limit("body-bytes-per-owner", 8 * 1024 * 1024);
/// Requests per second from one token and its sessions, or from one address without a token.
pub(crate) const REQUESTS_PER_SECOND: Limit = limit("requests-per-second", 200);
/// People scanned for one response, and changes replayed, per counted request.
pub(crate) const PEOPLE_PER_REQUEST: usize = 1000;
pub(crate) const CHANGES_PER_REQUEST: usize = 250;
/// People in a page per counted request.
pub(crate) const PAGE_PER_REQUEST: usize = 250;
/// Stored bytes per counted request.
pub(crate) const BYTES_PER_REQUEST: usize = 16 * 1024;
/// Wrong tokens per minute from one address.
pub(crate) const WRONG_TOKENS_PER_MINUTE: Limit = limit("wrong-tokens-per-minute", 30);
/// People and groups in the subscription of one stream.
pub(crate) const NAMES_PER_SUBSCRIPTION: Limit = limit("names-per-subscription", 1000);
/// People in a page.
pub(crate) const PAGE: Limit = limit("page", 1000);
/// People in a gateway.
pub(crate) const PEOPLE: Limit = limit("people", 100_000);
/// Groups of one person.
pub(crate) const GROUPS: Limit = limit("groups", 32);
/// Sign-in names of one person.
pub(crate) const SIGN_IN_NAMES: Limit = limit("sign-in-names", 8);
/// Devices of one person.
pub(crate) const DEVICES: Limit = limit("devices", 32);
/// Clients of one device.
pub(crate) const CLIENTS: Limit = limit("clients", 32);
/// Accounts of one client.
pub(crate) const ACCOUNTS: Limit = limit("accounts", 64);
/// Characters in any other text from a device.
pub(crate) const TEXT_CHARS: Limit = limit("text-chars", 1024);
/// Characters in the reason for a status.
pub(crate) const REASON_CHARS: Limit = limit("reason-chars", 64);
/// Characters in a name.
pub(crate) const NAME_CHARS: Limit = limit("name-chars", 200);
/// Characters in a note.
pub(crate) const NOTE_CHARS: Limit = limit("note-chars", 280);
/// Tokens, without browser sessions.
pub(crate) const TOKENS: Limit = limit("tokens", 100_000);
/// Browser sessions. A new session replaces the oldest of all.
pub(crate) const SESSIONS: Limit = limit("sessions", 100_000);
/// Sessions of one token. A new session replaces the oldest of them.
pub(crate) const SESSIONS_PER_TOKEN: Limit = limit("sessions-per-token", 100);
/// Tokens in a chain of parents. A token that a session creates has that session's token as its
/// parent.
pub(crate) const TOKEN_DEPTH: Limit = limit("token-depth", 16);
/// Stored bytes of all devices of one person.
pub(crate) const PERSON_BYTES: Limit = limit("person-bytes", 128 * 1024);
/// Streams of one token and its sessions; at most half of the connections.
pub(crate) const STREAMS_PER_TOKEN: Limit = limit("streams-per-token", 10_000);
/// Bytes held by the streams of one token and its sessions: names and queued events.
pub(crate) const STREAM_BYTES_PER_TOKEN: Limit = limit("stream-bytes-per-token", 32 * 1024 * 1024);
/// People with queued changes for one reader.
pub(crate) const BACKLOG: Limit = limit("backlog", 1000);
/// Pending sign-ins at the issuer.
pub(crate) const SIGN_INS: Limit = limit("sign-ins", 10_000);
/// Pending sign-ins of one address. A new one replaces the oldest.
pub(crate) const SIGN_INS_PER_ADDRESS: Limit = limit("sign-ins-per-address", 1000);
/// Screens that wait for an administrator.
pub(crate) const PAIRINGS: Limit = limit("pairings", 1000);
/// Screens of one address that wait for an administrator. A new one replaces the oldest.
pub(crate) const PAIRINGS_PER_ADDRESS: Limit = limit("pairings-per-address", 20);
/// Queued writes of the store.
pub(crate) const WRITES_WAITING: Limit = limit("writes-waiting", 4096);
/// Changes that the gateway can replay to a reader that reconnects.
pub(crate) const CHANGES_REPEATED: Limit = limit("changes-repeated", 4096);
/// Bytes in a WebSocket message.
pub(crate) const SOCKET_BYTES: Limit = limit("socket-bytes", 64 * 1024);

/// Spans queued for the collector.
pub(crate) const SPANS_WAITING: Limit = limit("spans-waiting", 2048);

/// The name of the limit on the duration of a lease.
pub(crate) const LEASE: &str = "lease-ms";
pub(crate) const LEASE_MIN: Duration = Duration::from_secs(5);
pub(crate) const LEASE_MAX: Duration = Duration::from_hours(1);

/// The name of the limit on the duration of a manual status or a token.
pub(crate) const FOR_MS: &str = "for-ms";
pub(crate) const FOR_MAX: Duration = Duration::from_hours(24 * 366);

/// The time after lease expiry at which the gateway forgets a silent device.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_hours(24 * 7);
/// The time limit for receiving the head of a request.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);
/// The time limit for receiving the body of a request.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(20);
/// The time after which the gateway disconnects a reader that accepts no data.
pub(crate) const READER_TIME: Duration = Duration::from_secs(60);
/// The heartbeat interval of a stream.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(25);
pub(crate) const HEARTBEAT_MIN: Duration = Duration::from_secs(1);
pub(crate) const HEARTBEAT_MAX: Duration = Duration::from_secs(120);
/// The lifetime of the code that a screen shows.
pub(crate) const PAIRING: Duration = Duration::from_mins(10);
/// The lifetime of a browser session.
pub(crate) const SESSION: Duration = Duration::from_hours(24 * 90);

impl Limit {
    /// True if `count` is within the limit.
    pub(crate) const fn allows(self, count: usize) -> bool {
        count <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_an_error_names_is_in_the_documentation() {
        let named = [
            CONNECTIONS,
            CONNECTIONS_PER_ADDRESS,
            HEAD_BYTES,
            HEADERS,
            HEAD_BYTES_PER_ADDRESS,
            BODY_BYTES,
            BODY_BYTES_PER_OWNER,
            REQUESTS_PER_SECOND,
            WRONG_TOKENS_PER_MINUTE,
            NAMES_PER_SUBSCRIPTION,
            PAGE,
            PEOPLE,
            GROUPS,
            SIGN_IN_NAMES,
            DEVICES,
            CLIENTS,
            ACCOUNTS,
            TEXT_CHARS,
            REASON_CHARS,
            NAME_CHARS,
            NOTE_CHARS,
            TOKENS,
            SESSIONS,
            SESSIONS_PER_TOKEN,
            TOKEN_DEPTH,
            PERSON_BYTES,
            STREAMS_PER_TOKEN,
            STREAM_BYTES_PER_TOKEN,
            BACKLOG,
            SIGN_INS,
            SIGN_INS_PER_ADDRESS,
            WRITES_WAITING,
            SOCKET_BYTES,
            SPANS_WAITING,
        ];
        for text in [include_str!("../../../docs/gateway.md"), include_str!("../../../SECURITY.md")]
        {
            for name in named.map(|limit| limit.name).into_iter().chain([LEASE, FOR_MS]) {
                let quoted = format!("`{name}`");
                assert!(text.contains(&quoted), "{name}");
            }
        }
    }
}
