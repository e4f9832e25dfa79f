//! Endpoints for publishing: device status and manual status.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use communicado_core::Availability;
use communicado_wire::gateway::{Manual, Publish, Published};
use communicado_wire::{Client, Status, Timestamp};

use super::auth::Auth;
use super::response::{ApiResult, App, json, parse_json, read_body};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::ids::parse_id;
use crate::limits::{
    ACCOUNTS, BYTES_PER_REQUEST, CLIENTS, FOR_MAX, FOR_MS, LEASE, LEASE_MAX, LEASE_MIN, NOTE_CHARS,
    REASON_CHARS, TEXT_CHARS,
};
use crate::model::{Input, PresenceState, own_person};
use crate::sanitize;
use crate::store_writer::{WriteCommand, WriteReply};

/// `PUT /v1/people/{person}/devices/{device}`.
pub(super) async fn put_device(
    State(app): App,
    auth: Auth,
    Path((person, device)): Path<(String, String)>,
    request: Request,
) -> ApiResult {
    let (person, device) = (parse_id("person", &person)?, parse_id("device", &device)?);
    let principal = auth.principal()?;
    principal.require_publish_for(&person)?;
    let body = read_body(&app, &auth, request).await?;
    let (clients, lease) = publication(&body, app.now().civil)?;
    // Each write stores the whole person.
    let known = app.people().person(&person).map_or(0, |person| person.device_bytes());
    let more = (known + body.len()) / BYTES_PER_REQUEST;
    if more > 0 {
        app.rates.request(principal.caller_key(), more)?;
    }
    let input = Input::PutDevice { person: person.clone(), device: device.clone(), clients, lease };
    let reply = app.writer.submit_as(principal, WriteCommand::Person(input)).await?;
    let WriteReply::Person(Some(person)) = reply else { return Err(ApiError::no_person(&person)) };
    let until = person.devices.get(&device).map(crate::model::Device::lease_until);
    let published = Published {
        revision: person.revision(),
        lease_until: until.unwrap_or_else(|| app.now().civil),
    };
    Ok(json(StatusCode::OK, published.to_json()))
}

/// Parses a publication of a device.
///
/// # Errors
///
/// If the publication is malformed or exceeds a limit.
pub(crate) fn publication(
    bytes: &[u8],
    now: Timestamp,
) -> Result<(Vec<Client>, Duration), ApiError> {
    let Publish { v, lease_ms, clients } = super::publication::parse(bytes, now)?;
    if v != communicado_wire::VERSION {
        let detail = format!("version {v} is not supported");
        return Err(ApiError::bad_request(detail, "send version 1"));
    }
    let lease = Duration::from_millis(lease_ms);
    if !(LEASE_MIN..=LEASE_MAX).contains(&lease) {
        let (least, max) = (LEASE_MIN.as_millis(), LEASE_MAX.as_millis());
        let help = format!("give `lease_ms` from {least} to {max}");
        let detail = format!("`lease_ms` is out of range: {lease_ms}");
        return Err(ApiError::bad_request(detail, help).with_limit(LEASE));
    }
    if !CLIENTS.allows(clients.len()) {
        return Err(ApiError::limit_exceeded(
            ApiErrorKind::BadRequest,
            CLIENTS,
            "the device has too many clients",
        ));
    }
    clients.iter().try_for_each(check)?;
    // Events that a desktop listener missed do not concern readers here.
    let plain = |mut client: Client| {
        (client.missed, client.before) = (0, None);
        sanitize::client(client)
    };
    Ok((clients.into_iter().map(plain).collect(), lease))
}

fn check(client: &Client) -> Result<(), ApiError> {
    if !ACCOUNTS.allows(client.accounts.len()) {
        return Err(ApiError::limit_exceeded(
            ApiErrorKind::BadRequest,
            ACCOUNTS,
            "the client has too many accounts",
        ));
    }
    let texts = [Some(&client.client), Some(&client.source)];
    let maybe = [client.raw.as_ref(), client.reason.as_ref(), client.saved.as_ref()];
    let of_accounts = client.accounts.iter().flat_map(|account| {
        let texts = [Some(&account.account), Some(&account.protocol)];
        let maybe = [account.name.as_ref(), account.raw.as_ref(), account.reason.as_ref()];
        texts.into_iter().chain(maybe)
    });
    let mut all = texts.into_iter().chain(maybe).chain(of_accounts).flatten();
    if !all.all(|text| TEXT_CHARS.allows(text.chars().count())) {
        return Err(ApiError::limit_exceeded(
            ApiErrorKind::BadRequest,
            TEXT_CHARS,
            "a text of the client is too long",
        ));
    }
    let of_accounts = client.accounts.iter().map(|account| &account.note);
    let mut notes = of_accounts.chain([&client.note]).flatten();
    if !notes.all(|note| NOTE_CHARS.allows(note.chars().count())) {
        return Err(ApiError::limit_exceeded(
            ApiErrorKind::BadRequest,
            NOTE_CHARS,
            "a note of the client is too long",
        ));
    }
    let of_accounts = client.accounts.iter().map(|account| &account.reason);
    let mut reasons = of_accounts.chain([&client.reason]).flatten();
    if reasons.all(|reason| REASON_CHARS.allows(reason.chars().count())) {
        return Ok(());
    }
    Err(ApiError::limit_exceeded(
        ApiErrorKind::BadRequest,
        REASON_CHARS,
        "the reason for a status is too long",
    ))
}

/// `DELETE /v1/people/{person}/devices/{device}`.
pub(super) async fn delete_device(
    State(app): App,
    auth: Auth,
    Path((person, device)): Path<(String, String)>,
) -> ApiResult {
    let (person, device) = (parse_id("person", &person)?, parse_id("device", &device)?);
    let principal = auth.principal()?;
    principal.require_publish_for(&person)?;
    app.writer
        .submit_as(principal, WriteCommand::Person(Input::DeleteDevice { person, device }))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT /v1/people/{person}/manual`.
pub(super) async fn set_manual(
    State(app): App,
    auth: Auth,
    Path(person): Path<String>,
    request: Request,
) -> ApiResult {
    let person = parse_id("person", &person)?;
    let principal = auth.principal()?;
    principal.require_publish_for(&person)?;
    let bytes = read_body(&app, &auth, request).await?;
    let manual: Manual = parse_json(&bytes)?;
    let since = app.now().civil;
    let input = manual_input(person.clone(), manual, since)?;
    match app.writer.submit_as(principal, WriteCommand::Person(input)).await? {
        WriteReply::Person(Some(person))
            if principal.visibility(&person).is_some_and(|visibility| visibility.is_own) =>
        {
            Ok(json(StatusCode::OK, own_person(&person).to_json()))
        }
        // A caller who publishes for another person does not see that person's devices.
        WriteReply::Person(Some(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        _ => Err(ApiError::no_person(&person)),
    }
}

fn manual_input(
    person: Arc<str>,
    manual: Manual,
    since: communicado_wire::Timestamp,
) -> Result<Input, ApiError> {
    let Manual { status, availability, activity, note, returns, for_ms } = manual;
    let is_in = match status {
        Status::SignedIn => true,
        Status::SignedOut => false,
        other => {
            let detail = format!("a manual status cannot be `{}`", other.word());
            return Err(ApiError::bad_request(detail, "send `signed-in` or `signed-out`"));
        }
    };
    if !is_in && (availability.is_some() || activity.is_some()) {
        let detail = "availability and activity require `signed-in`";
        return Err(ApiError::bad_request(detail, "omit them with `signed-out`"));
    }
    let note = note.map(|note| sanitize::line("note", note, NOTE_CHARS)).transpose()?;
    let duration = for_ms.map(Duration::from_millis);
    if duration.is_some_and(|duration| duration.is_zero() || duration > FOR_MAX) {
        let detail = "`for_ms` is out of range";
        let help = format!("give `for_ms` from 1 to {}", FOR_MAX.as_millis());
        return Err(ApiError::bad_request(detail, help).with_limit(FOR_MS));
    }
    let availability = is_in.then(|| availability.unwrap_or(Availability::Available));
    let state = PresenceState { status, availability, activity, note: None, reason: None, since };
    Ok(Input::SetManual { person, state, note, returns, duration })
}

/// `DELETE /v1/people/{person}/manual`.
pub(super) async fn clear_manual(
    State(app): App,
    auth: Auth,
    Path(person): Path<String>,
) -> ApiResult {
    let person = parse_id("person", &person)?;
    let principal = auth.principal()?;
    principal.require_publish_for(&person)?;
    app.writer.submit_as(principal, WriteCommand::Person(Input::ClearManual(person))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
