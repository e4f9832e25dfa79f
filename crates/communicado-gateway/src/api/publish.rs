//! What desktops and people say.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use communicado_core::Availability;
use communicado_wire::gateway::{Manual, Publish, Published};
use communicado_wire::{Client, Status};

use super::answer::{body, json, read};
use super::caller::Caller;
use super::people::line;
use super::{Answer, Gateway};
use crate::front;
use crate::keeper::{Done, Order};
use crate::limits::{
    ACCOUNTS, BYTES_PER_REQUEST, CLIENTS, LEASE, LONGEST_LEASE, LONGEST_SPAN, NOTE_CHARS,
    REASON_CHARS, SHORTEST_LEASE, SPAN, TEXT_CHARS,
};
use crate::model::{Input, Standing, own};
use crate::refusal::{Kind, Refusal};
use crate::text;

/// `PUT /v1/people/{person}/devices/{device}`.
pub(super) async fn hear(
    State(shared): Gateway,
    caller: Caller,
    Path((person, device)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (person, device) = (front::id("person", &person)?, front::id("device", &device)?);
    let grant = caller.grant()?;
    grant.need_to_speak_for(&person)?;
    let body = body(&shared, &caller, request).await?;
    let (clients, lease) = publication(&body)?;
    // All that is known of the person is stored each time.
    let known = shared.people().person(&person).map_or(0, |person| person.device_bytes());
    let more = (known + body.len()) / BYTES_PER_REQUEST;
    if more > 0 {
        shared.rates.request(grant.who(), more)?;
    }
    let input = Input::Hear { person: person.clone(), device: device.clone(), clients, lease };
    let done = shared.keeper.order_by(grant, Order::Person(input)).await?;
    let Done::Person(Some(person)) = done else { return Err(Refusal::no_person(&person)) };
    let until = person.devices.get(&device).map(crate::model::Device::lease_until);
    let published = Published {
        revision: person.revision(),
        lease_until: until.unwrap_or_else(|| shared.now().civil),
    };
    Ok(json(StatusCode::OK, published.to_json()))
}

/// Reads what a device says.
///
/// # Errors
///
/// If it is not understood or beyond a limit.
pub(crate) fn publication(bytes: &[u8]) -> Result<(Vec<Client>, Duration), Refusal> {
    let Publish { v, lease_ms, clients } = read(bytes)?;
    if v != communicado_wire::VERSION {
        let detail = format!("version {v} of the form is not known here");
        return Err(Refusal::bad(detail, "send version 1"));
    }
    let lease = Duration::from_millis(lease_ms);
    if !(SHORTEST_LEASE..=LONGEST_LEASE).contains(&lease) {
        let (least, most) = (SHORTEST_LEASE.as_millis(), LONGEST_LEASE.as_millis());
        let help = format!("give `lease_ms` from {least} to {most}");
        let detail = format!("a lease of {lease_ms} ms is too short or too long");
        return Err(Refusal::bad(detail, help).limited(LEASE));
    }
    if !CLIENTS.allows(clients.len()) {
        return Err(Refusal::beyond(Kind::BadRequest, CLIENTS, "a device has too many clients"));
    }
    clients.iter().try_for_each(check)?;
    // What a listener on the desktop missed is nothing to readers here.
    let plain = |mut client: Client| {
        (client.missed, client.before) = (0, None);
        text::client(client)
    };
    Ok((clients.into_iter().map(plain).collect(), lease))
}

fn check(client: &Client) -> Result<(), Refusal> {
    if !ACCOUNTS.allows(client.accounts.len()) {
        return Err(Refusal::beyond(Kind::BadRequest, ACCOUNTS, "a client has too many accounts"));
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
        return Err(Refusal::beyond(
            Kind::BadRequest,
            TEXT_CHARS,
            "a text of a client is too long",
        ));
    }
    let of_accounts = client.accounts.iter().map(|account| &account.reason);
    let mut reasons = of_accounts.chain([&client.reason]).flatten();
    if reasons.all(|reason| REASON_CHARS.allows(reason.chars().count())) {
        return Ok(());
    }
    Err(Refusal::beyond(Kind::BadRequest, REASON_CHARS, "the reason for a status is too long"))
}

/// `DELETE /v1/people/{person}/devices/{device}`.
pub(super) async fn forget(
    State(shared): Gateway,
    caller: Caller,
    Path((person, device)): Path<(String, String)>,
) -> Answer {
    let (person, device) = (front::id("person", &person)?, front::id("device", &device)?);
    let grant = caller.grant()?;
    grant.need_to_speak_for(&person)?;
    shared.keeper.order_by(grant, Order::Person(Input::Forget { person, device })).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT /v1/people/{person}/manual`.
pub(super) async fn say(
    State(shared): Gateway,
    caller: Caller,
    Path(person): Path<String>,
    request: Request,
) -> Answer {
    let person = front::id("person", &person)?;
    let grant = caller.grant()?;
    grant.need_to_speak_for(&person)?;
    let bytes = body(&shared, &caller, request).await?;
    let manual: Manual = read(&bytes)?;
    let since = shared.now().civil;
    let input = said(person.clone(), manual, since)?;
    match shared.keeper.order_by(grant, Order::Person(input)).await? {
        Done::Person(Some(person)) if grant.sight(&person).is_some_and(|sight| sight.own) => {
            Ok(json(StatusCode::OK, own(&person).to_json()))
        }
        // Who speaks for others does not see their devices.
        Done::Person(Some(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        _ => Err(Refusal::no_person(&person)),
    }
}

fn said(
    person: Arc<str>,
    manual: Manual,
    since: communicado_wire::Timestamp,
) -> Result<Input, Refusal> {
    let Manual { status, availability, activity, note, returns, for_ms } = manual;
    let is_in = match status {
        Status::SignedIn => true,
        Status::SignedOut => false,
        other => {
            let detail = format!("nobody can say by hand to be `{}`", other.word());
            return Err(Refusal::bad(detail, "say `signed-in` or `signed-out`"));
        }
    };
    if !is_in && (availability.is_some() || activity.is_some()) {
        let detail = "only who is signed in has an availability and an activity";
        return Err(Refusal::bad(detail, "leave them out with `signed-out`"));
    }
    let note = note.map(|note| line("note", note, NOTE_CHARS)).transpose()?;
    let span = for_ms.map(Duration::from_millis);
    if span.is_some_and(|span| span.is_zero() || span > LONGEST_SPAN) {
        let detail = "nothing can be said for so short or so long";
        let help = format!("give `for_ms` from 1 to {}", LONGEST_SPAN.as_millis());
        return Err(Refusal::bad(detail, help).limited(SPAN));
    }
    let availability = is_in.then(|| availability.unwrap_or(Availability::Available));
    let standing = Standing { status, availability, activity, reason: None, since };
    Ok(Input::Say { person, standing, note, returns, span })
}

/// `DELETE /v1/people/{person}/manual`.
pub(super) async fn unsay(
    State(shared): Gateway,
    caller: Caller,
    Path(person): Path<String>,
) -> Answer {
    let person = front::id("person", &person)?;
    let grant = caller.grant()?;
    grant.need_to_speak_for(&person)?;
    shared.keeper.order_by(grant, Order::Person(Input::Unsay(person))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
