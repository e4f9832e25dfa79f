//! `MSGR_E_*`, `MSGR_S_*` and `SR_*`: the results of Communicator and Windows Messenger.
//!
//! **Not here:** the codes of MSN Messenger, which uses some of these numbers for something else.
//! **Know:** the offsets count like decimal numbers but are hexadecimal, so 0x60 follows 0x59, 0x70
//! follows 0x69, and 0x80 follows 0x78.
//! **Know:** a row has a status only if the documentation or the name implies one, or if the code
//! is a documented result of a failed sign-in (`OnSignin`).
//!
//! Sources: Microsoft, OC 2007 SDK, "Error Codes" (bb758786) and `msgrua.h` for names and numbers,
//! `OnSignin` (bb758806) and `OnMyStatusChange` (bb787240) for what they mean there; Windows
//! Messenger, `MSGRConstants` enumeration (im-msgrconstants) for the others. That page calls about
//! half of the codes "not supported" and omits a few; for these the table only repeats the name. It
//! also has 0x86 for `IE_OFFLINE`; the header has 0x87. `SR_*` from bb758786 and, from 0x81000622,
//! `SESSION_RESULT` of Windows Messenger (im-session-result-enum).
//!
//! Read next: [`ERRORS`].

use crate::{Code, Family};

/// The base of the codes: a failure of facility 0x100.
const ERROR_BASE: u32 = 0x8100_0300;
/// The base of the codes of sessions.
const SESSION_BASE: u32 = 0x8100_0600;
/// The base of the codes: a success of facility 0x100.
const SUCCESS_BASE: u32 = 0x0100_0300;

const SIGNED_IN: Option<&str> = Some("signed-in");
const SIGNED_OUT: Option<&str> = Some("signed-out");
const NONE: Option<&str> = None;

// The actions, by the kind of problem.

const SIGN_IN: &str = "Let the user sign in and wait for OnSignin before you call again; \
                       MyStatus answers while signed out too.";
const GO_ON: &str = "Continue: no action is needed.";
const CREDENTIALS: &str = "Let the user sign in by hand and check the sign-in name, the password \
                           and the account.";
const SERVER_NAME: &str = "Check the server's name in the client's connection settings, and that \
                           DNS resolves it.";
const NETWORK: &str = "Check the network, the firewall, the proxy and the client's connection \
                       settings, then sign in again.";
const PROXY: &str = "Check the proxy's address and credentials in the client's or the system's \
                     settings.";
const SECURITY: &str = "Check that the client and the server agree on transport and encryption, \
                        and check the certificate and the clock.";
const VERSION: &str = "Update the client, or ask the server's administrator which versions it \
                       accepts.";
const SERVER_LATER: &str =
    "Try again later; if the error persists, ask the server's administrator.";
const ADMINISTRATOR: &str = "Ask the server's administrator for the required permission.";
const WINDOW: &str = "Let the user complete or close that window, then call again.";
const USERS_CHOICE: &str = "Do not repeat the call automatically: wait for the next event of the \
                            client, such as OnSignin or OnSignout.";
const ARGUMENT: &str = "Correct the arguments of the call; the code says nothing about the \
                        sign-in.";
const CONTACTS: &str = "Correct the contact list in the client; the code says nothing about \
                        the sign-in.";
const CONVERSATION: &str = "Try the conversation again if it is still wanted; the code says \
                            nothing about the sign-in.";
const PHONE: &str = "Check the client's audio and phone settings; the code says nothing about the \
                     sign-in.";
const REPORT: &str = "Report the circumstances as a bug, since no program should get this code.";

/// A sentence for a code whose name is its only documentation.
macro_rules! named {
    ($says:literal) => {
        concat!("By its name: ", $says, "; Microsoft documents nothing else.")
    };
}

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const ERRORS: &[Code] = &[
    e(0x01, "MSGR_E_CONNECT", NETWORK, SIGNED_OUT,
      "The client found its server's address, but could not connect to it."),
    e(0x02, "MSGR_E_INVALID_SERVER_NAME", SERVER_NAME, SIGNED_OUT,
      "The client could not find its server, because the server's name leads to no address."),
    e(0x03, "MSGR_E_INVALID_PASSWORD", CREDENTIALS, SIGNED_OUT,
      "The server rejected the sign-in name or the password; it does not report which."),
    e(0x04, "MSGR_E_ALREADY_LOGGED_ON", GO_ON, SIGNED_IN,
      "A program requested a sign-in while the user is already signed in."),
    e(0x05, "MSGR_E_SERVER_VERSION", VERSION, SIGNED_OUT,
      "The client reached its server, but the two versions are not compatible."),
    e(0x06, "MSGR_E_LOGON_TIMEOUT", NETWORK, SIGNED_OUT,
      "The sign-in failed, because the client did not connect to the server within 15 seconds."),
    e(0x07, "MSGR_E_LIST_FULL", CONTACTS, NONE,
      "The contact list is full."),
    e(0x08, "MSGR_E_AI_REJECT", REPORT, NONE,
      "Microsoft documents this code as internal and never returned."),
    e(0x09, "MSGR_E_AI_REJECT_NOT_INST", REPORT, NONE,
      "Microsoft documents this code as internal and never returned."),
    e(0x0A, "MSGR_E_USER_NOT_FOUND", ARGUMENT, NONE,
      "The service does not know this person."),
    e(0x0B, "MSGR_E_ALREADY_IN_LIST", CONTACTS, NONE,
      "The person to add is already in the contact list."),
    e(0x0C, "MSGR_E_DISCONNECTED", SIGN_IN, SIGNED_OUT,
      "The client is disconnected: the user signed out, or the network was lost, before the call was done."),
    e(0x0D, "MSGR_E_UNEXPECTED", SERVER_LATER, NONE,
      "The server answered with an error that the client did not expect."),
    e(0x0E, "MSGR_E_SERVER_TOO_BUSY", SERVER_LATER, NONE,
      "The server is too busy to take the request or the connection."),
    e(0x0F, "MSGR_E_INVALID_AUTH_PACKAGES", ADMINISTRATOR, NONE,
      named!("the authentication methods are not valid")),
    e(0x10, "MSGR_E_NEWER_CLIENT_AVAILABLE", VERSION, NONE,
      "A newer version of the client can be downloaded."),
    e(0x11, "MSGR_E_AI_TIMEOUT", CONVERSATION, NONE,
      named!("something that it calls AI took too long")),
    e(0x12, "MSGR_E_CANCEL", USERS_CHOICE, NONE,
      "The user cancelled the operation; as the argument of OnSignin it means that nobody has signed in."),
    e(0x13, "MSGR_E_TOO_MANY_MATCHES", ARGUMENT, NONE,
      named!("a search had too many results")),
    e(0x14, "MSGR_E_SERVER_UNAVAILABLE", SERVER_LATER, NONE,
      "The client reached the server, but the server is unavailable and gives no reason."),
    e(0x15, "MSGR_E_LOGON_UI_ACTIVE", WINDOW, NONE,
      "The client's sign-in window is open and waits for the user."),
    e(0x16, "MSGR_E_OPTION_UI_ACTIVE", WINDOW, NONE,
      "The client's options window is open and waits for the user."),
    e(0x17, "MSGR_E_CONTACT_UI_ACTIVE", WINDOW, NONE,
      "The client's window for adding a contact is open and waits for the user."),
    e(0x18, "MSGR_E_PRIMARY_SERVICE_NOT_LOGGED_ON", SIGN_IN, SIGNED_OUT,
      "The user is not signed in to the client's primary service."),
    e(0x19, "MSGR_E_LOGGED_ON", GO_ON, SIGNED_IN,
      "The user is already signed in."),
    e(0x1A, "MSGR_E_CONNECT_PROXY", PROXY, NONE,
      "The client could not connect to the proxy."),
    e(0x1B, "MSGR_E_PROXY_AUTH", PROXY, NONE,
      named!("authenticating to the proxy failed")),
    e(0x1C, "MSGR_E_PROXY_AUTH_TYPE", PROXY, NONE,
      named!("the proxy's authentication method is not supported")),
    e(0x1D, "MSGR_E_INVALID_PROXY_NAME", PROXY, NONE,
      "The name of the proxy is not valid."),
    e(0x1E, "MSGR_E_NOT_LOGGED_ON", SIGN_IN, SIGNED_OUT,
      "The client runs, but nobody is signed in, and this call needs a signed-in user."),
    e(0x1F, "MSGR_E_POPUP_UI_ACTIVE", WINDOW, NONE,
      named!("a pop-up window is open and waits for the user")),
    e(0x20, "MSGR_E_NOT_PRIMARY_SERVICE", ARGUMENT, NONE,
      "The service that the call names is not the client's primary service."),
    e(0x21, "MSGR_E_TOO_MANY_SESSIONS", CONVERSATION, NONE,
      "The number of open sessions has reached the limit."),
    e(0x22, "MSGR_E_TOO_MANY_MESSAGES", CONVERSATION, NONE,
      named!("too many messages were sent")),
    e(0x23, "MSGR_E_REMOTE_LOGIN", USERS_CHOICE, NONE,
      "The user is signed in here and has also signed in on another computer."),
    e(0x24, "MSGR_E_INVALID_FRIENDLY_NAME", ARGUMENT, NONE,
      "The display name is not valid, for instance because it is an address."),
    e(0x25, "MSGR_E_SESSION_FULL", CONVERSATION, NONE,
      "The number of participants in the session has reached the limit."),
    e(0x26, "MSGR_E_NOT_ALLOWING_NEW_USERS", ADMINISTRATOR, NONE,
      named!("the service does not accept new users")),
    e(0x27, "MSGR_E_INVALID_DOMAIN", CREDENTIALS, NONE,
      named!("the domain is not valid")),
    e(0x28, "MSGR_E_TCP_ERROR", NETWORK, NONE,
      named!("a TCP connection failed")),
    e(0x29, "MSGR_E_SESSION_TIMEOUT", CONVERSATION, NONE,
      "The session timed out."),
    e(0x2A, "MSGR_E_MULTIPOINT_SESSION_BEGIN_TIMEOUT", CONVERSATION, NONE,
      named!("a session of several people took too long to begin")),
    e(0x2B, "MSGR_E_MULTIPOINT_SESSION_END_TIMEOUT", CONVERSATION, NONE,
      named!("a session of several people took too long to end")),
    e(0x2C, "MSGR_E_REVERSE_LIST_FULL", CONTACTS, NONE,
      "The list of people with the user as a contact is full."),
    e(0x2D, "MSGR_E_SERVER_ERROR", SERVER_LATER, NONE,
      "The server failed without a reason."),
    e(0x2E, "MSGR_E_SYSTEM_CONFIG", ADMINISTRATOR, NONE,
      named!("a setting of the system is wrong")),
    e(0x2F, "MSGR_E_NO_DIRECTORY", ADMINISTRATOR, NONE,
      named!("there is no directory")),
    e(0x30, "MSGR_E_RETRY_SET", SERVER_LATER, NONE,
      named!("a retry has been arranged")),
    e(0x31, "MSGR_E_CHILD_WITHOUT_CONSENT", ADMINISTRATOR, NONE,
      named!("the account belongs to a child whose parents have not agreed")),
    e(0x32, "MSGR_E_USER_CANCELLED", USERS_CHOICE, NONE,
      "The user cancelled the operation, such as a sign-in."),
    e(0x33, "MSGR_E_CANCEL_BEFORE_CONNECT", USERS_CHOICE, NONE,
      "The user cancelled the operation before the connection was established."),
    e(0x34, "MSGR_E_VOICE_IM_TIMEOUT", CONVERSATION, NONE,
      "A voice session timed out."),
    e(0x35, "MSGR_E_NOT_ACCEPTING_PAGES", PHONE, NONE,
      named!("the person does not accept pages")),
    e(0x36, "MSGR_E_EMAIL_PASSPORT_NOT_VALIDATED", CREDENTIALS, NONE,
      named!("the mail address of the user's Passport has not been confirmed")),
    e(0x37, "MSGR_E_AUDIO_UI_ACTIVE", WINDOW, NONE,
      "The client's audio setup window is open and waits for the user."),
    e(0x38, "MSGR_E_NO_HARDWARE", PHONE, NONE,
      named!("the hardware is missing")),
    e(0x39, "MSGR_E_PAGING_UNAVAILABLE", PHONE, NONE,
      "The client does not support paging."),
    e(0x3A, "MSGR_E_PHONE_INVALID_NUMBER", ARGUMENT, NONE,
      "The phone number is not valid."),
    e(0x3B, "MSGR_E_PHONE_NO_FUNDS", PHONE, NONE,
      named!("there is no money left for phone calls")),
    e(0x3C, "MSGR_E_VOICE_NO_ANSWER", PHONE, NONE,
      named!("nobody answered the call")),
    e(0x3D, "MSGR_E_VOICE_WAVEIN_DEVICE", PHONE, NONE,
      named!("the microphone (the wave-in device) failed")),
    e(0x3E, "MSGR_E_FT_TIMEOUT", CONVERSATION, NONE,
      named!("something that it calls FT, likely a file transfer, took too long")),
    e(0x3F, "MSGR_E_MESSAGE_TOO_LONG", ARGUMENT, NONE,
      "The message is too long to be sent."),
    e(0x40, "MSGR_E_VOICE_FIREWALL", PHONE, NONE,
      named!("a firewall stopped the voice connection")),
    e(0x41, "MSGR_E_VOICE_NETCONN", PHONE, NONE,
      named!("the network connection for voice failed")),
    e(0x42, "MSGR_E_PHONE_CIRCUITS_BUSY", PHONE, NONE,
      named!("all phone circuits are busy")),
    e(0x43, "MSGR_E_SERVER_PROTOCOL", VERSION, NONE,
      named!("the client and the server disagree on the protocol")),
    e(0x44, "MSGR_E_UNAVAILABLE_VIA_HTTP", NETWORK, NONE,
      named!("this is not available over HTTP")),
    e(0x45, "MSGR_E_PHONE_INVALID_PIN", PHONE, NONE,
      named!("the PIN for the phone service is not valid")),
    e(0x46, "MSGR_E_PHONE_PINPROCEED_TIMEOUT", PHONE, NONE,
      named!("entering the PIN for the phone service took too long")),
    e(0x47, "MSGR_E_SERVER_SHUTDOWN", SERVER_LATER, SIGNED_OUT,
      "The client signed out, because its server shut down."),
    e(0x48, "MSGR_E_CLIENT_DISALLOWED", VERSION, NONE,
      named!("the server does not allow this client")),
    e(0x49, "MSGR_E_PHONE_CALL_NOT_COMPLETE", PHONE, NONE,
      named!("the phone call was not completed")),
    e(0x4A, "MSGR_E_GROUPS_NOT_ENABLED", CONTACTS, NONE,
      "The service has no contact groups."),
    e(0x4B, "MSGR_E_GROUP_ALREADY_EXISTS", CONTACTS, NONE,
      "A contact group with this name already exists."),
    e(0x4C, "MSGR_E_TOO_MANY_GROUPS", CONTACTS, NONE,
      "The number of contact groups has reached the limit."),
    e(0x4D, "MSGR_E_GROUP_DOES_NOT_EXIST", CONTACTS, NONE,
      "No contact group has this name."),
    e(0x4E, "MSGR_E_USER_NOT_GROUP_MEMBER", CONTACTS, NONE,
      "The person is not a member of that contact group."),
    e(0x4F, "MSGR_E_GROUP_NAME_TOO_LONG", CONTACTS, NONE,
      "The name of the contact group is too long."),
    e(0x50, "MSGR_E_GROUP_NOT_EMPTY", CONTACTS, NONE,
      "The contact group cannot be deleted while it has contacts."),
    e(0x51, "MSGR_E_BAD_GROUP_NAME", CONTACTS, NONE,
      "The name of the contact group is not valid."),
    e(0x52, "MSGR_E_PHONESERVICE_UNAVAILABLE", PHONE, NONE,
      "The phone service is not enabled."),
    e(0x53, "MSGR_E_CANNOT_RENAME", CONTACTS, NONE,
      "The contact group cannot be renamed."),
    e(0x54, "MSGR_E_CANNOT_DELETE", CONTACTS, NONE,
      "The contact or contact group cannot be deleted."),
    e(0x55, "MSGR_E_INVALID_SERVICE", ARGUMENT, NONE,
      "The contact or contact group does not belong to the service that the call names."),
    e(0x56, "MSGR_E_POLICY_RESTRICTED", ADMINISTRATOR, NONE,
      "A policy does not allow the operation."),
    e(0x57, "MSGR_E_BUSY", SERVER_LATER, NONE,
      named!("something is busy")),
    e(0x58, "MSGR_E_DNS_SRV_FAIL", SERVER_NAME, NONE,
      named!("looking up the server's SRV record in DNS failed")),
    e(0x59, "MSGR_E_DNS_A_RES_FAIL", SERVER_NAME, NONE,
      named!("looking up the server's A record in DNS failed")),
    e(0x60, "MSGR_E_NO_SERVER_ADDRESS_SPECIFIED", SERVER_NAME, NONE,
      named!("the client has no server address in its settings")),
    e(0x61, "MSGR_E_TLS_FAIL", SECURITY, NONE,
      "The TLS connection to the server failed."),
    e(0x62, "MSGR_E_INCOMPATIBLE_ENCRYPTION", SECURITY, NONE,
      named!("the two sides have no encryption in common")),
    e(0x63, "MSGR_E_SSL_TUNNEL_FAILED", SECURITY, NONE,
      named!("the SSL tunnel failed")),
    e(0x64, "MSGR_E_SIP_TIMEOUT", NETWORK, NONE,
      "The SIP connection timed out."),
    e(0x65, "MSGR_E_INCOMPATIBLE_IM", VERSION, NONE,
      "The versions of the two clients are not compatible."),
    e(0x66, "MSGR_E_MIM_ADD_TO_CONTACTS_FAIL", CONVERSATION, NONE,
      "No more people can be added to the conversation."),
    e(0x67, "MSGR_E_INVALID_ADDRESS_FORMAT", ARGUMENT, NONE,
      "The address of the person is not a valid address."),
    e(0x68, "MSGR_E_INVALID_CERTIFICATE", SECURITY, NONE,
      "The client has no valid certificate for a TLS connection."),
    e(0x69, "MSGR_E_AUTH_TIME_SKEW", SECURITY, NONE,
      named!("authentication failed because the clocks differ")),
    e(0x70, "MSGR_E_CHANGED_CREDENTIALS", CREDENTIALS, NONE,
      "The user's credentials differ from those that the client has stored."),
    e(0x71, "MSGR_E_SIP_LOGIN_FORBIDDEN", ADMINISTRATOR, SIGNED_OUT,
      "The server forbids this user to sign in."),
    e(0x72, "MSGR_E_SIP_HIGH_SECURITY_SET_TLS", SECURITY, NONE,
      named!("the security level asks for TLS")),
    e(0x73, "MSGR_E_CALLEE_INSUFFICIENT_SECURITY_LEVEL", SECURITY, NONE,
      named!("the called side's security level is too low")),
    e(0x74, "MSGR_E_CALLER_PEER2PEER_CALLS_NOT_ALLOWED", ADMINISTRATOR, NONE,
      named!("the caller may not call peer to peer")),
    e(0x75, "MSGR_E_SIP_UDP_UNSUPPORTED", SECURITY, NONE,
      "The server does not support UDP."),
    e(0x76, "MSGR_E_SIP_SEARCH_FORBIDDEN", ADMINISTRATOR, NONE,
      "The server forbids searching for people."),
    e(0x77, "MSGR_E_INVALID_SERVER_VERSION", VERSION, NONE,
      named!("the version of the server is not valid")),
    e(0x78, "MSGR_E_AUTH_SERVER_UNAVAILABLE", SERVER_LATER, NONE,
      named!("the server that authenticates users is unavailable")),
    e(0x80, "MSGR_E_SESSION_RESTRICTED", ADMINISTRATOR, NONE,
      named!("the session is restricted")),
    e(0x81, "MSGR_E_MANAGED_USER_INVALID_CVR", VERSION, NONE,
      named!("the CVR of a managed user is not valid")),
    e(0x82, "MSGR_E_RESTRICTED_USER", CONTACTS, NONE,
      "The person to be invited is not in the contact list."),
    e(0x83, "MSGR_E_PROXY_AUTH_REQUIRED", PROXY, NONE,
      named!("the proxy wants the client to authenticate")),
    e(0x84, "MSGR_E_PROXY_REALM_MISMATCH", PROXY, NONE,
      named!("the proxy's realm is not the expected one")),
    e(0x85, "MSGR_E_PROXY_PASSWORD_INCORRECT", PROXY, NONE,
      named!("the password for the proxy is wrong")),
    e(0x86, "MSGR_E_RESTRICTED_USER_LOGON_RESTRICED", ADMINISTRATOR, NONE,
      named!("the sign-in of a restricted user is restricted")),
    e(0x87, "MSGR_E_IE_OFFLINE", NETWORK, NONE,
      "Internet Explorer is set to work offline."),
    e(0x88, "MSGR_E_IE_CANT_CONNECT", NETWORK, NONE,
      "Internet Explorer cannot connect to the network."),
    e(0x89, "MSGR_E_ACCOUNT_ERROR_REDIRECT", CREDENTIALS, NONE,
      named!("something is wrong with the account, and the user is sent elsewhere")),
    e(0x90, "MSGR_E_INCOMING_INVITE_CANCELLED", CONVERSATION, NONE,
      named!("an invitation to this user was cancelled")),
    e(0x91, "MSGR_E_INVITE_ACCEPTED_ELSEWHERE", CONVERSATION, NONE,
      named!("an invitation was accepted in another place")),
    e(0x92, "MSGR_E_APP_INVITE_NOT_ACCEPTABLE", CONVERSATION, NONE,
      named!("an invitation to share an application is not acceptable")),
];

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const SUCCESSES: &[Code] = &[
    s(0x01, "MSGR_S_ALREADY_IN_THE_MODE", GO_ON,
      named!("the client is already in this mode")),
    s(0x02, "MSGR_S_TRANSFER_SEND_BEGUN", GO_ON,
      named!("sending a file has started")),
    s(0x03, "MSGR_S_TRANSFER_SEND_FINISHED", GO_ON,
      named!("sending a file has ended")),
    s(0x04, "MSGR_S_TRANSFER_RECEIVE_BEGUN", GO_ON,
      named!("receiving a file has started")),
    s(0x05, "MSGR_S_TRANSFER_RECEIVE_FINISHED", GO_ON,
      named!("receiving a file has ended")),
    s(0x06, "MSGR_S_GROUP_ALREADY_EXISTS", GO_ON,
      "A contact group with this name already exists, which counts as success."),
    s(0x07, "MSGR_S_SESSION_PENDING", GO_ON,
      named!("a session is being set up")),
    s(0x08, "MSGR_S_CONV_ID_MATCH", GO_ON,
      named!("the number of a conversation matches")),
];

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const SESSIONS: &[Code] = &[
    r(0x01, "SR_APPLICATION_LAUNCH_FAILED",
      "The application could not be started."),
    r(0x02, "SR_INVITATION_DECLINED",
      "The recipient declined the invitation."),
    r(0x03, "SR_CONNECTION_FAILURE",
      "The connection of the session failed."),
    r(0x04, "SR_AUTHENTICATION_FAILED",
      "The authentication of the session failed."),
    r(0x05, "SR_SESSION_NOT_READY",
      "The session is not ready."),
    r(0x06, "SR_SESSION_CANCELLED_LOCAL",
      "This side canceled the session."),
    r(0x07, "SR_SESSION_CANCELLED_REMOTE",
      "The other side canceled the session."),
    r(0x08, "SR_SESSION_PROTOCOL_ERROR",
      "The protocol of the session failed."),
    r(0x09, "SR_SESSION_TIMEOUT",
      "The session timed out."),
    r(0x0A, "SR_CANCEL_BEFORE_CONNECT",
      "The session was canceled before it was connected."),
    r(0x0B, "SR_NOT_INVITEE",
      "This user is not the one who was invited."),
    r(0x0C, "SR_NOT_INVITER",
      "This user is not the one who invited."),
    r(0x0D, "SR_APP_ALREADY_REGISTERED",
      "The application is registered already."),
    r(0x0E, "SR_APP_NOT_REGISTERED",
      "The application is not registered."),
    r(0x0F, "SR_NOT_VALID_FOR_APP_INVITE",
      "The call is not valid for an invitation to an application."),
    r(0x10, "SR_APP_NOT_SPECIFIED",
      "The call does not name an application."),
    r(0x11, "SR_CONTEXT_DATA_OVER_LIMIT",
      "The data of the application is too long."),
    r(0x12, "SR_NO_USER_INVITED",
      "Nobody is invited to the session."),
    r(0x13, "SR_INVITED_SELF",
      "The inviting and the invited user are the same."),
    r(0x14, "SR_SESSION_STATE_INVALID",
      "The session is in an invalid state."),
    r(0x15, "SR_INVITATION_SEND_FAILURE",
      "The invitation could not be sent."),
    r(0x16, "SR_CANCEL_SEND_FAILURE",
      "The cancellation could not be sent."),
    r(0x17, "SR_DECLINE_SEND_FAILURE",
      "The refusal could not be sent."),
    r(0x18, "SR_ACCEPT_SEND_FAILURE",
      "The acceptance could not be sent."),
    r(0x19, "SR_CONTEXT_DATA_SEND_FAILURE",
      "The data of the application could not be sent."),
    r(0x20, "SR_SESSION_ACCEPTED_ELSEWHERE",
      "The session was accepted in another place; in Windows Messenger, the network configuration failed."),
    r(0x21, "SR_VOICE_ALREADY_ACTIVE",
      "A voice session is active already; in Windows Messenger, the network is not supported."),
    r(0x22, "SR_REMOTE_NET_NOT_SUPPORTED",
      "The network of the other side is not supported."),
    r(0x23, "SR_FIREWALL_NOT_SUPPORTED",
      "The firewall is not supported."),
    r(0x24, "SR_OLD_SIP_STACK",
      "The SIP implementation is too old."),
];

const fn e(
    offset: u32,
    name: &'static str,
    action: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
) -> Code {
    let number = ERROR_BASE + offset;
    Code { number, name, family: Family::MessengerError, meaning, action, status }
}

const fn s(offset: u32, name: &'static str, action: &'static str, meaning: &'static str) -> Code {
    let number = SUCCESS_BASE + offset;
    Code { number, name, family: Family::MessengerSuccess, meaning, action, status: NONE }
}

const fn r(offset: u32, name: &'static str, meaning: &'static str) -> Code {
    let (number, family) = (SESSION_BASE + offset, Family::MessengerSession);
    Code { number, name, family, meaning, action: CONVERSATION, status: NONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_numbers() {
        // Written a second time, independent of the table, with the gaps of the numbering.
        let expected = [
            (0x8100_0301, "MSGR_E_CONNECT"),
            (0x8100_0306, "MSGR_E_LOGON_TIMEOUT"),
            (0x8100_030A, "MSGR_E_USER_NOT_FOUND"),
            (0x8100_0310, "MSGR_E_NEWER_CLIENT_AVAILABLE"),
            (0x8100_0315, "MSGR_E_LOGON_UI_ACTIVE"),
            (0x8100_031E, "MSGR_E_NOT_LOGGED_ON"),
            (0x8100_031F, "MSGR_E_POPUP_UI_ACTIVE"),
            (0x8100_0320, "MSGR_E_NOT_PRIMARY_SERVICE"),
            (0x8100_032F, "MSGR_E_NO_DIRECTORY"),
            (0x8100_0330, "MSGR_E_RETRY_SET"),
            (0x8100_033F, "MSGR_E_MESSAGE_TOO_LONG"),
            (0x8100_0347, "MSGR_E_SERVER_SHUTDOWN"),
            (0x8100_034F, "MSGR_E_GROUP_NAME_TOO_LONG"),
            (0x8100_0350, "MSGR_E_GROUP_NOT_EMPTY"),
            (0x8100_0359, "MSGR_E_DNS_A_RES_FAIL"),
            (0x8100_0360, "MSGR_E_NO_SERVER_ADDRESS_SPECIFIED"),
            (0x8100_0369, "MSGR_E_AUTH_TIME_SKEW"),
            (0x8100_0370, "MSGR_E_CHANGED_CREDENTIALS"),
            (0x8100_0378, "MSGR_E_AUTH_SERVER_UNAVAILABLE"),
            (0x8100_0380, "MSGR_E_SESSION_RESTRICTED"),
            (0x8100_0389, "MSGR_E_ACCOUNT_ERROR_REDIRECT"),
            (0x8100_0390, "MSGR_E_INCOMING_INVITE_CANCELLED"),
            (0x8100_0392, "MSGR_E_APP_INVITE_NOT_ACCEPTABLE"),
            (0x0100_0301, "MSGR_S_ALREADY_IN_THE_MODE"),
            (0x0100_0306, "MSGR_S_GROUP_ALREADY_EXISTS"),
            (0x0100_0308, "MSGR_S_CONV_ID_MATCH"),
        ];
        for (number, name) in expected {
            let code = ERRORS.iter().chain(SUCCESSES).find(|code| code.number == number);
            assert_eq!(code.map(|code| code.name), Some(name), "{number:#x}");
        }
    }

    #[test]
    fn numbers_increase_and_skip_the_unused() {
        let used = (0x01..=0x59)
            .chain(0x60..=0x69)
            .chain(0x70..=0x78)
            .chain(0x80..=0x89)
            .chain(0x90..=0x92)
            .map(|offset| 0x8100_0300 + offset);
        assert!(ERRORS.iter().map(|code| code.number).eq(used));
        let used = (0x01..=0x19).chain(0x20..=0x24).map(|offset| 0x8100_0600 + offset);
        assert!(SESSIONS.iter().map(|code| code.number).eq(used));
        let used = (0x01..=0x08).map(|offset| 0x0100_0300 + offset);
        assert!(SUCCESSES.iter().map(|code| code.number).eq(used));
    }

    #[test]
    fn a_name_has_the_prefix_of_its_family() {
        assert!(ERRORS.iter().all(|code| code.name.starts_with("MSGR_E_")));
        assert!(SUCCESSES.iter().all(|code| code.name.starts_with("MSGR_S_")));
        assert!(SESSIONS.iter().all(|code| code.name.starts_with("SR_")));
    }
}
