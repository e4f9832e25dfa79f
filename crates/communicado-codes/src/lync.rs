//! The status codes and exceptions of Lync and Skype for Business.
//!
//! **Know:** Microsoft names the exception class of a code, and no constant. Several codes have
//! one class, so a class is looked up in [`EXCEPTIONS`], and a number in [`CODES`].
//! **Know:** the page prints some SIP codes without the severity bit (0x00EE000C). They are here
//! with it, as `rtcerr.h` defines them (0x80EE000C, `RTC_E_SIP_TIMEOUT`).
//!
//! Sources: Microsoft, "Lync platform status codes" (jj933114) for the codes; "Handling Lync
//! Exceptions" (hh345232) and the namespace `Microsoft.Lync.Model` (jj274810) for the exceptions.
//! The codes that the page shares with COM are in `com.rs`.
//! The file is one table, so it is longer than others.
//!
//! Read next: [`CODES`], then [`EXCEPTIONS`].

use crate::{Code, Family};

const SIGNED_OUT: Option<&str> = Some("signed-out");
const NONE: Option<&str> = None;

/// The name of a code that has no exception class.
const UNNAMED: &str = "Lync status code";

const SIGN_IN: &str = "Let the user sign in, and wait until the client's State is SignedIn.";
const WAIT: &str = "Wait for the next StateChanged event of the client, then call again.";
const CALL: &str = "Correct the call; the code says nothing about the sign-in.";
const CHOICE: &str =
    "Do not repeat the request automatically; the code says nothing about the sign-in.";
const SHARING: &str = "Share the content again; the code says nothing about the sign-in.";
const CONVERSATION: &str =
    "Try the conversation again if it is still wanted; the code says nothing about the sign-in.";
const LISTS: &str =
    "Correct the contact list in the client; the code says nothing about the sign-in.";
const SEARCH: &str = "Correct the search or its settings; the code says nothing about the sign-in.";
const DEVICE: &str =
    "Check the devices and options of the client; the code says nothing about the sign-in.";
const NETWORK: &str = "Check the network, the firewall and the proxy, then try again.";
const SERVER: &str = "Ask the server's administrator to check the configuration.";
const PERMISSION: &str = "Ask the presenter or the administrator for the permission.";
const CREDENTIALS: &str =
    "Let the user sign in by hand and check the sign-in name and the password.";
const CERTIFICATE: &str = "Check the server's certificate and the clock.";
const LEVEL: &str = "Start Lync, and run your program as the same user at the same level, usually without elevation.";
const START: &str = "Start Lync, and create the client object again when it runs.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const CODES: &[Code] = &[
    row(0x80C8_0001, "NotInitializedException", WAIT, NONE,
        "The client is not initialized."),
    row(0x80C8_0002, "AlreadyInitializedException", CALL, NONE,
        "A program has initialized the client already."),
    row(0x80C8_0003, "NotReadyException", WAIT, NONE,
        "The client is not ready for calls yet."),
    row(0x80C8_0004, "ItemNotFoundException", CALL, NONE,
        "The collection has no such item."),
    row(0x80C8_0005, "TypeMismatchException", CALL, NONE,
        "The type of the item conflicts with the type of an existing item."),
    row(0x80C8_0006, "NotSignedInException", SIGN_IN, SIGNED_OUT,
        "The client runs, but nobody is signed in, and this call needs a signed-in user."),
    row(0x80C8_0007, "ItemAlreadyExistException", CALL, NONE,
        "The collection has this item already."),
    row(0x80C8_0008, "RequestCanceledException", CHOICE, NONE,
        "The request was canceled."),
    row(0x80C8_0009, "RequestCanceledException", CHOICE, NONE,
        "The request for credentials was canceled or got no answer."),
    row(0x80C8_000A, "System.InvalidOperationException", CALL, NONE,
        "The operation is not valid or not supported."),
    row(0x80C8_000B, "System.NotSupportedException", CALL, NONE,
        "The object does not support the operation."),
    row(0x80C8_000C, "ResultOverflowException", CALL, NONE,
        "The result has too many items."),
    row(0x80C8_000D, UNNAMED, SHARING, NONE,
        "The client's compression library failed."),
    row(0x80C8_000E, UNNAMED, SHARING, NONE,
        "The client's compression library could not open a ZIP file."),
    row(0x80C8_000F, UNNAMED, SHARING, NONE,
        "The client's compression library could not move a temporary file."),
    row(0x80C8_0010, UNNAMED, SHARING, NONE,
        "The client's compression library could not process a file."),
    row(0x80C8_0011, UNNAMED, SHARING, NONE,
        "The file could not be opened for reading."),
    row(0x80C8_0012, UNNAMED, SHARING, NONE,
        "The pointer does not belong to the local content user."),
    row(0x80C8_0013, UNNAMED, SHARING, NONE,
        "The number of annotations of this type has reached the limit."),
    row(0x80C8_0014, UNNAMED, SHARING, NONE,
        "The change was rejected, because its version is out of date."),
    row(0x80C8_0015, UNNAMED, SHARING, NONE,
        "The slide is outside the valid range."),
    row(0x80C8_0016, UNNAMED, SHARING, NONE,
        "The click is outside the valid range."),
    row(0x80C8_0017, UNNAMED, SHARING, NONE,
        "The preview thumbnail is not available."),
    row(0x80C8_0018, UNNAMED, SHARING, NONE,
        "The parts of the data object are not connected."),
    row(0x80C8_0019, UNNAMED, SHARING, NONE,
        "The complete PowerPoint file is not available."),
    row(0x80C8_001A, UNNAMED, SHARING, NONE,
        "The status of a local or server resource is not known at present."),
    row(0x80C8_001B, UNNAMED, SHARING, NONE,
        "The resource needs no upload."),
    row(0x80C8_001C, UNNAMED, SHARING, NONE,
        "An operation for the resource has started and has no result yet."),
    row(0x80C8_001D, UNNAMED, SHARING, NONE,
        "The uploading client could not convert the resource."),
    row(0x80C8_001E, UNNAMED, SHARING, NONE,
        "The uploading client could not upload the resource."),
    row(0x80C8_001F, UNNAMED, SHARING, NONE,
        "The uploading client disconnected before it had uploaded all resources."),
    row(0x80C8_0020, UNNAMED, SHARING, NONE,
        "The uploading client lost its role before it had uploaded all resources."),
    row(0x80C8_0021, UNNAMED, SHARING, NONE,
        "The server returned a failure code that the client does not know."),
    row(0x80C8_0022, UNNAMED, SHARING, NONE,
        "The partial PowerPoint resource will never be available."),
    row(0x80C8_0023, UNNAMED, SHARING, NONE,
        "The resource failed, because a resource that it depends on failed."),
    row(0x80C8_0024, UNNAMED, SHARING, NONE,
        "A policy blocks the transfer of files with this extension."),
    row(0x80C8_0025, UNNAMED, WAIT, NONE,
        "The client's platform process is in suspended mode."),
    row(0x80C8_0026, "NotStartedByUserException", LEVEL, NONE,
        "The user has not started the operation: Lync does not run, or your program runs as administrator and Lync as the user."),
    row(0x80C8_0027, UNNAMED, CALL, NONE,
        "The program requested too many root objects on one thread."),
    row(0x80C8_0028, "InvalidStateException", CALL, NONE,
        "The object is in an invalid state."),
    row(0x80C8_0029, "PendingOperationException", WAIT, NONE,
        "Another operation must be completed first."),
    row(0x80C8_002A, UNNAMED, WAIT, NONE,
        "Lync is suspended."),
    row(0x80C8_002B, UNNAMED, WAIT, NONE,
        "The operation timed out."),
    row(0x80C8_002C, "JoinRoomFailException", CONVERSATION, NONE,
        "The chat room could not be joined."),
    row(0x80C8_002D, "JoinRoomUnauthorizedException", CONVERSATION, NONE,
        "The user is not a member of the chat room."),
    row(0x80C8_002E, "RoomNotJoinedException", CONVERSATION, NONE,
        "The user has not joined the chat room."),
    row(0x80C8_002F, "ContentTitleExistException", SHARING, NONE,
        "The conversation has content with the same title already."),
    row(0x80C8_0030, "MaxContentsExceededException", SHARING, NONE,
        "The conversation cannot hold more content."),
    row(0x80C8_0031, "ContentTitleInvalidException", SHARING, NONE,
        "The title of the content is not valid."),
    row(0x80C8_0032, "ContentNotAuthorizedException", SHARING, NONE,
        "An attendee may not upload content to the conversation."),
    row(0x80C8_0033, "ContentOtherErrorsException", SHARING, NONE,
        "The title of the content could not be created."),
    row(0x80C8_0034, UNNAMED, WAIT, NONE,
        "Too many searches are pending."),
    row(0x80EE_0009, "NotSupportedException", CONVERSATION, NONE,
        "The SDP description requests multicast, which is not supported."),
    row(0x80EE_000C, "System.TimeoutException", NETWORK, NONE,
        "The SIP request timed out."),
    row(0x80EE_0010, "System.NotSupportedException", SERVER, NONE,
        "The server's SIP authentication type is not supported."),
    row(0x80EE_0011, "System.UnauthorizedAccessException", CREDENTIALS, NONE,
        "The SIP authentication failed."),
    row(0x80EE_0012, "System.ArgumentException", CALL, NONE,
        "The URL is not valid."),
    row(0x80EE_001D, "System.TimeoutException", NETWORK, NONE,
        "The TLS negotiation of SIP timed out."),
    row(0x80EE_004A, "ItemAlreadyExistException", LISTS, NONE,
        "The contact exists already."),
    row(0x80EE_004B, "ItemAlreadyExistException", LISTS, NONE,
        "The subscriber exists already."),
    row(0x80EE_0051, "ItemNotFoundException", LISTS, NONE,
        "The contact group does not exist."),
    row(0x80EE_0052, "ItemAlreadyExistException", LISTS, NONE,
        "The contact group exists already."),
    row(0x80EE_0053, "System.InvalidOperationException", LISTS, NONE,
        "The number of contact groups has reached the limit."),
    row(0x80EE_0054, "ItemNotFoundException", LISTS, NONE,
        "The contact was not found."),
    row(0x80EE_0055, "ItemNotFoundException", LISTS, NONE,
        "The subscriber was not found."),
    row(0x80EE_0058, "ItemNotFoundException", LISTS, NONE,
        "The real-time communication object does not exist."),
    row(0x80EE_005A, "System.InvalidOperationException", WAIT, NONE,
        "The number of pending operations has reached the limit."),
    row(0x80EE_005B, "System.InvalidOperationException", WAIT, NONE,
        "The operation was retried too often."),
    row(0x80EE_0061, "InvalidStateException", CALL, NONE,
        "The object is in an invalid state."),
    row(0x80EE_0065, "InvalidStateException", CERTIFICATE, NONE,
        "The certificate of the SIP connection is not valid."),
    row(0x80EE_0082, "System.InvalidOperationException", CALL, NONE,
        "The operation is not allowed."),
    row(0x80F1_0001, "InvalidStateException", CALL, NONE,
        "The object is in an invalid state."),
    row(0x80F1_0004, "System.UnauthorizedAccessException", PERMISSION, NONE,
        "The user is not a leader of the conference."),
    row(0x80F1_0005, "System.NotSupportedException", CONVERSATION, NONE,
        "The capability is not supported."),
    row(0x80F1_0008, "RequestCanceledException", CHOICE, NONE,
        "The platform canceled the request."),
    row(0x80F1_0009, "RequestCanceledException", CHOICE, NONE,
        "The request was canceled."),
    row(0x80F1_000F, "RequestCanceledException", CHOICE, NONE,
        "Another user canceled the request."),
    row(0x80F1_0012, "PendingOperationException", WAIT, NONE,
        "The operation is in progress."),
    row(0x80F1_0013, "System.NotSupportedException", CALL, NONE,
        "The operation is not supported."),
    row(0x80F1_0014, "OperationException", CONVERSATION, NONE,
        "The user does not want to be disturbed."),
    row(0x80F1_0015, "ConfigurationErrorException", DEVICE, NONE,
        "The device is not available."),
    row(0x80F1_0018, "ConfigurationErrorException", DEVICE, NONE,
        "The audio device is not configured."),
    row(0x80F1_0019, "ConfigurationErrorException", DEVICE, NONE,
        "One or more audio devices are not configured."),
    row(0x80F1_001A, "ConfigurationErrorException", DEVICE, NONE,
        "No webcam is configured."),
    row(0x80F1_001B, "OperationException", CONVERSATION, NONE,
        "The client rejected an incoming invitation automatically."),
    row(0x80F1_001C, "OperationException", CONVERSATION, NONE,
        "The other side did not accept audio."),
    row(0x80F1_001D, "OperationException", CONVERSATION, NONE,
        "The other side did not accept video."),
    row(0x80F1_001E, "OperationException", CONVERSATION, NONE,
        "The call cannot be held."),
    row(0x80F1_001F, "NotSupportedException", CONVERSATION, NONE,
        "The mode is not supported."),
    row(0x80F1_0020, "System.NotSupportedException", CONVERSATION, NONE,
        "A conversation with several participants does not support the operation or mode."),
    row(0x80F1_0025, "OperationException", CONVERSATION, NONE,
        "The contact is blocked."),
    row(0x80F1_0026, "System.NotSupportedException", CONVERSATION, NONE,
        "The contact has an unknown capability."),
    row(0x80F1_002A, "System.NotSupportedException", CONVERSATION, NONE,
        "The version of the SIP client agent is not supported."),
    row(0x80F1_002B, "System.NotSupportedException", CONVERSATION, NONE,
        "The version of the SIP client is not supported for this URL."),
    row(0x80F1_002C, "System.NotSupportedException", CONVERSATION, NONE,
        "The other client does not support the mode."),
    row(0x80F1_002D, "System.InvalidOperationException", CONVERSATION, NONE,
        "The conference has the session already."),
    row(0x80F1_0030, "OperationException", LISTS, NONE,
        "The distribution group has too many members."),
    row(0x80F1_0031, "ConfigurationErrorException", LISTS, NONE,
        "The distribution group has no Web service URI."),
    row(0x80F1_0032, "System.UnauthorizedAccessException", LISTS, NONE,
        "The user may not expand the distribution group."),
    row(0x80F1_0033, "OperationException", LISTS, NONE,
        "The distribution group is not valid."),
    row(0x80F1_0035, "OperationException", LISTS, NONE,
        "The distribution group has too many nested levels."),
    row(0x80F1_0037, "OperationException", LISTS, NONE,
        "The expansion of distribution groups is disabled."),
    row(0x80F1_0038, "ConfigurationErrorException", LISTS, NONE,
        "The cache file of the distribution group failed."),
    row(0x80F1_0040, "System.TimeoutException", NETWORK, NONE,
        "The SOAP transaction timed out."),
    row(0x80F1_0044, "OperationException", NETWORK, NONE,
        "The SOAP port is down."),
    row(0x80F1_0054, "ConfigurationErrorException", CONVERSATION, NONE,
        "The application is not installed."),
    row(0x80F1_0055, "System.NotSupportedException", CONVERSATION, NONE,
        "The application is not supported."),
    row(0x80F1_0056, "OperationException", LISTS, NONE,
        "The number of contacts has reached the limit."),
    row(0x80F1_0057, "OperationException", CONVERSATION, NONE,
        "The local contact is not allowed here."),
    row(0x80F1_0058, "System.InvalidOperationException", CONVERSATION, NONE,
        "Another person accepted the call."),
    row(0x80F1_0059, "System.InvalidOperationException", CONVERSATION, NONE,
        "Another endpoint accepted the call."),
    row(0x80F1_005A, "OperationException", CONVERSATION, NONE,
        "An anonymous contact is not allowed here."),
    row(0x80F1_0080, "System.InvalidOperationException", CONVERSATION, NONE,
        "The conversation has voice already."),
    row(0x80F1_0081, "System.InvalidOperationException", CONVERSATION, NONE,
        "The operation is not allowed while the call is on hold."),
    row(0x80F1_0082, "OperationException", SIGN_IN, NONE,
        "The operation is not available while offline."),
    row(0x80F1_0083, "OperationException", CONVERSATION, NONE,
        "A capability setting disables the operation."),
    row(0x80F1_0087, "OperationException", CONVERSATION, NONE,
        "The recipient of the transfer rejected it."),
    row(0x80F1_0088, "OperationException", CONVERSATION, NONE,
        "Two requests for the control of the sharing conflict."),
    row(0x80F1_008A, "System.NotSupportedException", CONVERSATION, NONE,
        "The other client is too old for the operation or modality."),
    row(0x80F1_008B, "OperationException", CONVERSATION, NONE,
        "The request for control arrived while the conversation became a conference."),
    row(0x80F1_008C, "ConfigurationErrorException", SERVER, NONE,
        "A rule for the normalization of phone numbers is not valid."),
    row(0x80F1_008D, "System.UnauthorizedAccessException", CREDENTIALS, NONE,
        "The credentials do not match the URI."),
    row(0x80F1_008E, "SearchException", SEARCH, NONE,
        "SharePoint is not configured."),
    row(0x80F1_0091, "PendingOperationException", WAIT, NONE,
        "A check of the SharePoint version is in progress."),
    row(0x80F1_0096, "OperationException", CONVERSATION, NONE,
        "The resource for application sharing is not available."),
    row(0x80F1_0098, "System.NotSupportedException", CONVERSATION, NONE,
        "The sharer does not support requests for control."),
    row(0x80F1_0099, "System.UnauthorizedAccessException", PERMISSION, NONE,
        "The user's role disables sharing."),
    row(0x80F1_009A, "System.UnauthorizedAccessException", PERMISSION, NONE,
        "A permission disables sharing."),
    row(0x80F1_009B, "System.UnauthorizedAccessException", PERMISSION, NONE,
        "Sharing is disabled in a remote session."),
    row(0x80F1_009E, "SearchException", SEARCH, NONE,
        "SharePoint ignores all words of the query."),
    row(0x80F1_009F, "SearchException", SEARCH, NONE,
        "SharePoint did not respond."),
    row(0x80F1_00A0, "SearchException", SEARCH, NONE,
        "The query is not valid."),
    row(0x80F1_00A1, "SearchException", SEARCH, NONE,
        "The scope of the search is not valid."),
    row(0x80F1_00A2, "SearchException", SEARCH, NONE,
        "The search request is not valid."),
    row(0x80F1_00A3, "SearchException", SEARCH, NONE,
        "The search has no query."),
    row(0x80F1_00A4, "System.UnauthorizedAccessException", PERMISSION, NONE,
        "The user is not authorized."),
    row(0x80F1_00A5, "SearchException", SEARCH, NONE,
        "The SharePoint server failed."),
    row(0x80F1_00A6, "SearchException", SEARCH, NONE,
        "SharePoint failed without a reason."),
    row(0x80F1_0102, "OperationException", SEARCH, NONE,
        "The Web search failed internally."),
    row(0x80F1_0103, "System.ArgumentException", SEARCH, NONE,
        "An argument of the Web search is not valid."),
    row(0x80F1_0106, "RequestCanceledException", CHOICE, NONE,
        "The Web search was canceled."),
    row(0x80F1_0107, "System.UnauthorizedAccessException", SEARCH, NONE,
        "The user is not authorized for the Web search."),
    row(0x80F1_0108, "ConfigurationErrorException", SEARCH, NONE,
        "The Web search could not be initialized."),
    row(0x80F1_0220, "ConfigurationErrorException", SERVER, NONE,
        "The helper for AES encryption is not initialized."),
    row(0x80F1_0300, "ConfigurationErrorException", SERVER, NONE,
        "No provider exists at this location."),
    row(0x80F1_0320, "OperationException", SERVER, NONE,
        "The mail address does not match the one of the MAPI profile."),
    row(0x80F1_0400, "ConfigurationErrorException", DEVICE, NONE,
        "Windows Media Player, which plays the recording, is not installed."),
    row(0x80F1_0401, "ConfigurationErrorException", DEVICE, NONE,
        "The folder for recordings is not available."),
    row(0x80F2_CB50, "System.InvalidOperationException", CONVERSATION, NONE,
        "The conversation cannot become a conference while modes are pending."),
    row(0x80F3_0C2E, "System.UnauthorizedAccessException", CONVERSATION, NONE,
        "A presenter removed the user from the conference."),
    row(0x80F3_0C2F, "OperationException", CONVERSATION, NONE,
        "The other side did not accept panoramic video."),
    row(0x80F5_0103, "OperationException", LISTS, NONE,
        "The number of contact groups has reached the limit of the contact list."),
    row(0x80F5_0107, "OperationException", LISTS, NONE,
        "The contact list has no provider, and the operation is blocked."),
    row(0x80F5_0108, "OperationException", LISTS, NONE,
        "The number of distribution groups has reached the limit of the contact list."),
];

const fn row(
    number: u32,
    name: &'static str,
    action: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
) -> Code {
    Code { number, name, family: Family::Lync, meaning, action, status }
}

/// An exception class of `Microsoft.Lync.Model`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    /// The status code, if exactly one has this class.
    pub(crate) number: Option<u32>,
    pub(crate) meaning: &'static str,
    pub(crate) action: &'static str,
    pub(crate) status: Option<&'static str>,
}

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    class("LyncClientException", NONE,
        "A call to Lync failed; this is the base class of Lync's exceptions.",
        "Explain the number in its InternalCode, or the exception inside it."),
    class("ClientNotFoundException", Some("absent"),
        "The process of Lync was not found.",
        START),
    of_code("NotStartedByUserException", 0x80C8_0026, LEVEL, NONE,
        "Lync is not available to your program: Lync does not run, or your program runs as administrator and Lync as the user."),
    of_code("NotSignedInException", 0x80C8_0006, SIGN_IN, SIGNED_OUT,
        "The client runs, but nobody is signed in, and this call needs a signed-in user."),
    of_code("NotInitializedException", 0x80C8_0001,
        "If InSuppressedMode is true, call BeginInitialize first; else wait for the StateChanged event.", NONE,
        "The client is not initialized, which is necessary when it hides its own windows."),
    of_code("AlreadyInitializedException", 0x80C8_0002,
        "Use the client as it is; the exception says nothing about the sign-in.", NONE,
        "A program, usually another process, has initialized the client already."),
    of_code("NotReadyException", 0x80C8_0003, WAIT, NONE,
        "The client is not ready for calls yet, or an operation is pending."),
    class("InvalidStateException", NONE,
        "The object is in an invalid state, which is also the state of an object after the client has exited.",
        "Drop the object and get the client again; the exception says nothing about the sign-in."),
    class("PendingOperationException", NONE,
        "Another operation must be completed first.", WAIT),
    class("OperationException", NONE,
        "The operation failed, for one of many reasons.",
        "Explain the number in its InternalCode."),
    class("RequestCanceledException", NONE, "The request was canceled.", CHOICE),
    class("ConfigurationErrorException", NONE,
        "The client is not configured for the operation.",
        "Explain the number in its InternalCode, and check the client's options."),
    class("ItemNotFoundException", NONE, "The collection has no such item.", CALL),
    class("ItemAlreadyExistException", NONE, "The collection has this item already.", CALL),
    class("SearchException", NONE, "The search failed.", SEARCH),
    of_code("TypeMismatchException", 0x80C8_0005, CALL, NONE,
        "The type of the item conflicts with the type of an existing item."),
    of_code("ResultOverflowException", 0x80C8_000C, CALL, NONE,
        "The result has too many items."),
    of_code("JoinRoomFailException", 0x80C8_002C, CONVERSATION, NONE,
        "The chat room could not be joined."),
    of_code("JoinRoomUnauthorizedException", 0x80C8_002D, CONVERSATION, NONE,
        "The user is not a member of the chat room."),
    of_code("RoomNotJoinedException", 0x80C8_002E, CONVERSATION, NONE,
        "The user has not joined the chat room."),
    of_code("ContentTitleExistException", 0x80C8_002F, SHARING, NONE,
        "The conversation has content with the same title already."),
    of_code("MaxContentsExceededException", 0x80C8_0030, SHARING, NONE,
        "The conversation cannot hold more content."),
    of_code("ContentTitleInvalidException", 0x80C8_0031, SHARING, NONE,
        "The title of the content is not valid."),
    of_code("ContentNotAuthorizedException", 0x80C8_0032, SHARING, NONE,
        "An attendee may not upload content to the conversation."),
    of_code("ContentOtherErrorsException", 0x80C8_0033, SHARING, NONE,
        "The title of the content could not be created."),
];

const fn class(
    name: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
    action: &'static str,
) -> Exception {
    Exception { name, number: None, meaning, action, status }
}

const fn of_code(
    name: &'static str,
    number: u32,
    action: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
) -> Exception {
    Exception { name, number: Some(number), meaning, action, status }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn an_exception_has_a_number_exactly_if_one_code_has_its_class() {
        for exception in EXCEPTIONS {
            let codes: Vec<_> = CODES.iter().filter(|code| code.name == exception.name).collect();
            match (exception.number, &*codes) {
                (Some(number), [code]) => {
                    assert_eq!((number, exception.status), (code.number, code.status));
                }
                (None, codes) => assert_ne!(codes.len(), 1, "{}", exception.name),
                (Some(_), codes) => panic!("{}: {codes:?}", exception.name),
            }
        }
    }

    #[test]
    fn every_class_of_lync_is_in_the_table_of_exceptions() {
        for code in CODES {
            let general = code.name.starts_with("System.") || code.name == "NotSupportedException";
            let found = EXCEPTIONS.iter().any(|it| it.name == code.name);
            assert!(general || code.name == UNNAMED || found, "{}", code.name);
        }
    }

    #[test]
    fn only_not_signed_in_means_signed_out() {
        let signed_out = CODES.iter().filter(|code| code.status.is_some());
        assert!(signed_out.map(|code| code.number).eq([0x80C8_0006]));
    }
}
