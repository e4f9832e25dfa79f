//! What bounds what, each with the name by which a refusal calls it.

use std::time::Duration;

/// A bound and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) max: usize,
}

const fn limit(name: &'static str, max: usize) -> Limit {
    Limit { name, max }
}

/// Connections, as many as the system lets the gateway open.
pub(crate) const CONNECTIONS: Limit = limit("connections", usize::MAX);
/// Connections of one address, three quarters of all.
pub(crate) const CONNECTIONS_PER_ADDRESS: Limit = limit("connections-per-address", usize::MAX);
/// Bytes of the head of a request.
pub(crate) const HEAD_BYTES: Limit = limit("head-bytes", 16 * 1024);
/// Headers of a request.
pub(crate) const HEADERS: Limit = limit("headers", 100);
/// Bytes of the body of a request.
pub(crate) const BODY_BYTES: Limit = limit("body-bytes", 256 * 1024);
/// Bytes of heads that are not whole, of all connections of one address.
pub(crate) const HEAD_BYTES_PER_ADDRESS: Limit = limit("head-bytes-per-address", 4 * 1024 * 1024);
/// Bytes of bodies that are not whole, of one token and its sessions, or of one address without a
/// token.
pub(crate) const BODY_BYTES_PER_OWNER: Limit = limit("body-bytes-per-owner", 8 * 1024 * 1024);
/// Requests in a second that one token and its sessions, or one address without a token, may make.
pub(crate) const REQUESTS_PER_SECOND: Limit = limit("requests-per-second", 200);
/// People that are looked at for one answer, and changes that are repeated, until it counts as one
/// request more.
pub(crate) const PEOPLE_PER_REQUEST: usize = 1000;
pub(crate) const CHANGES_PER_REQUEST: usize = 250;
/// People of a page until it counts as one request more.
pub(crate) const PAGE_PER_REQUEST: usize = 250;
/// Bytes that are stored for one request until it counts as one more.
pub(crate) const BYTES_PER_REQUEST: usize = 16 * 1024;
/// Wrong tokens in a minute from one address.
pub(crate) const WRONG_TOKENS_PER_MINUTE: Limit = limit("wrong-tokens-per-minute", 30);
/// People and groups that one stream wants.
pub(crate) const NAMES_PER_SUBSCRIPTION: Limit = limit("names-per-subscription", 1000);
/// People of a page.
pub(crate) const PAGE: Limit = limit("page", 1000);
/// People that a gateway knows.
pub(crate) const PEOPLE: Limit = limit("people", 100_000);
/// Groups of one person.
pub(crate) const GROUPS: Limit = limit("groups", 32);
/// Devices of one person.
pub(crate) const DEVICES: Limit = limit("devices", 32);
/// Clients of one device.
pub(crate) const CLIENTS: Limit = limit("clients", 32);
/// Accounts of one client.
pub(crate) const ACCOUNTS: Limit = limit("accounts", 64);
/// Characters of any other text that a device says.
pub(crate) const TEXT_CHARS: Limit = limit("text-chars", 1024);
/// Characters of the reason for a status.
pub(crate) const REASON_CHARS: Limit = limit("reason-chars", 64);
/// Characters of a name.
pub(crate) const NAME_CHARS: Limit = limit("name-chars", 200);
/// Characters of a note.
pub(crate) const NOTE_CHARS: Limit = limit("note-chars", 280);
/// Tokens, without the sessions of browsers.
pub(crate) const TOKENS: Limit = limit("tokens", 100_000);
/// Sessions of browsers; the oldest of all ends for a new one.
pub(crate) const SESSIONS: Limit = limit("sessions", 100_000);
/// Sessions of one token; its oldest ends for a new one.
pub(crate) const SESSIONS_PER_TOKEN: Limit = limit("sessions-per-token", 100);
/// Tokens that hang on each other in a row, by sessions that created them.
pub(crate) const TOKEN_DEPTH: Limit = limit("token-depth", 16);
/// Bytes that all devices of one person say.
pub(crate) const PERSON_BYTES: Limit = limit("person-bytes", 128 * 1024);
/// Streams of one token and its sessions, and never more than half of the connections.
pub(crate) const STREAMS_PER_TOKEN: Limit = limit("streams-per-token", 10_000);
/// Bytes that the streams of one token and its sessions hold: names, and what waits for readers.
pub(crate) const STREAM_BYTES_PER_TOKEN: Limit = limit("stream-bytes-per-token", 32 * 1024 * 1024);
/// People whose changes wait for one reader.
pub(crate) const BACKLOG: Limit = limit("backlog", 1000);
/// Sign-ins at the issuer that are under way.
pub(crate) const SIGN_INS: Limit = limit("sign-ins", 10_000);
/// Sign-ins of one address; its oldest ends for a new one.
pub(crate) const SIGN_INS_PER_ADDRESS: Limit = limit("sign-ins-per-address", 1000);
/// Writes that wait for the store.
pub(crate) const WRITES_WAITING: Limit = limit("writes-waiting", 4096);
/// Changes that can be repeated to a reader who comes back.
pub(crate) const CHANGES_REPEATED: Limit = limit("changes-repeated", 4096);
/// Bytes of a message on a WebSocket.
pub(crate) const SOCKET_BYTES: Limit = limit("socket-bytes", 64 * 1024);

/// Spans that wait for a collector.
pub(crate) const SPANS_WAITING: Limit = limit("spans-waiting", 2048);

/// The name of the span that a lease may have.
pub(crate) const LEASE: &str = "lease-ms";
pub(crate) const LEASE_MIN: Duration = Duration::from_secs(5);
pub(crate) const LEASE_MAX: Duration = Duration::from_hours(1);

/// The name of the limit on how long a manual status or a token lasts.
pub(crate) const FOR_MS: &str = "for-ms";
pub(crate) const FOR_MAX: Duration = Duration::from_hours(24 * 366);

/// A device that is silent for so long after its lease is forgotten.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_hours(24 * 7);
/// How long the head of a request may take to arrive.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long the body of a request may take to arrive.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(20);
/// How long a reader may take nothing of what waits for it.
pub(crate) const READER_TIME: Duration = Duration::from_secs(60);
/// Between two signs of life to a reader.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(25);
/// How long a browser's session lasts.
pub(crate) const SESSION: Duration = Duration::from_hours(24 * 90);

impl Limit {
    /// Whether `count` is within.
    pub(crate) const fn allows(self, count: usize) -> bool {
        count <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_is_named_in_a_refusal_is_in_the_documentation() {
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
