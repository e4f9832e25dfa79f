//! Endpoints for people: reading, and administration.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use communicado_wire::gateway::{Alter, Audience, AudienceEntry, NewPerson, Scope};

use super::auth::Auth;
use super::response::{ApiResult, App, JSON, json, parse_json, read_body, tagged};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::audit;
use crate::ids::parse_id;
use crate::limits::{
    GROUPS, NAME_CHARS, PAGE, PAGE_PER_REQUEST, PEOPLE_PER_REQUEST, SIGN_IN_NAMES,
};
use crate::model::{Input, Person, own_person, person_json};
use crate::principal::Principal;
use crate::sanitize;
use crate::secret::random;
use crate::store_writer::{WriteCommand, WriteReply};

/// The default page size.
const USUAL_PAGE: usize = 100;

/// `GET /v1/people`.
pub(super) async fn page(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> ApiResult {
    let principal = auth.principal()?;
    if principal.own_person().is_none() {
        principal.require(Scope::Read)?;
    }
    let mut group = None;
    let mut after = None;
    let mut limit = USUAL_PAGE;
    for (key, value) in &query {
        match key.as_str() {
            "group" => group = Some(parse_id("group", value)?),
            "after" => after = Some(parse_id("person", value)?),
            "limit" => limit = page_size(value)?,
            key => {
                let key: String = key.chars().take(40).collect();
                let help = "known keys are `group`, `after` and `limit`";
                return Err(ApiError::bad_request(format!("`{key}` is not a known key"), help));
            }
        }
    }
    let whom = group.as_ref().map_or_else(|| "*".into(), |group| format!("@{group}").into());
    let more = more_cost(&app, principal, group.as_ref(), limit);
    if more > 0 {
        app.rates.request(principal.caller_key(), more)?;
    }
    app.reads(principal, [whom]);
    let people = app.people();
    let seen = |person: &Arc<Person>| {
        let visibility = principal.visibility(person)?;
        let in_group = group.as_ref().is_none_or(|group| person.is_of(group));
        in_group.then(|| (person.id.clone(), person_json(person, visibility.view)))
    };
    let mut page: Vec<(Arc<str>, Bytes)> = match &group {
        Some(group) => {
            let after = |id: &&Arc<str>| after.as_ref().is_none_or(|after| *id > after);
            let of_group = people.of_group(group).filter(after);
            of_group.filter_map(|id| people.person(id)).filter_map(seen).take(limit + 1).collect()
        }
        None => people.after(after.as_deref()).filter_map(seen).take(limit + 1).collect(),
    };
    let revision = people.revision();
    drop(people);
    let next = (page.len() > limit).then(|| page.truncate(limit)).and(page.last());
    let next = next.map_or_else(|| "null".to_owned(), |(id, _)| format!("\"{id}\""));
    let people: Vec<&[u8]> = page.iter().map(|(_, person)| &**person).collect();
    let v = communicado_wire::VERSION;
    let text = [
        format!(r#"{{"v":{v},"revision":{revision},"people":["#).as_bytes(),
        &people.join(&b','),
        format!(r#"],"next":{next}}}"#).as_bytes(),
    ]
    .concat();
    Ok(tagged(&headers, JSON, text.into()))
}

/// The number of requests that a page costs in addition to its own request.
fn more_cost(
    app: &AppState,
    principal: &Principal,
    group: Option<&Arc<str>>,
    limit: usize,
) -> usize {
    let people = app.people();
    // With a restricted token the gateway scans all people.
    let sees_all = principal.only_group().is_none() && principal.only_person().is_none();
    let looked_at = match group {
        Some(group) => people.of_group(group).len(),
        None if sees_all => 0,
        None => people.len(),
    };
    looked_at / PEOPLE_PER_REQUEST + limit / PAGE_PER_REQUEST
}

fn page_size(text: &str) -> Result<usize, ApiError> {
    let size = text.parse::<usize>().ok().filter(|size| *size > 0);
    let size = size
        .ok_or_else(|| ApiError::bad_request("`limit` is not a valid page size", "give 1 or more"));
    let size = size?;
    if PAGE.allows(size) {
        return Ok(size);
    }
    Err(ApiError::limit_exceeded(ApiErrorKind::BadRequest, PAGE, "the page size is too large"))
}

/// The person and the view, if the principal may see the person.
fn seen(app: &AppState, principal: &Principal, id: &str) -> Result<(Arc<Person>, Bytes), ApiError> {
    let id = parse_id("person", id)?;
    let people = app.people();
    let person = people.person(&id).ok_or_else(|| ApiError::no_person(&id))?;
    // A hidden person looks the same as a missing one.
    let visibility = principal.visibility(person).ok_or_else(|| ApiError::no_person(&id))?;
    let text = if visibility.is_own {
        own_person(person).to_json().into()
    } else {
        person_json(person, visibility.view)
    };
    Ok((person.clone(), text))
}

/// `GET /v1/people/{person}`.
pub(super) async fn one(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> ApiResult {
    let principal = auth.principal()?;
    let (person, text) = seen(&app, principal, &id)?;
    app.reads(principal, [person.id.clone()]);
    Ok(tagged(&headers, JSON, text))
}

/// `POST /v1/people`.
pub(super) async fn create(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let principal = auth.administrator()?;
    let bytes = read_body(&app, &auth, request).await?;
    let mut new: NewPerson = parse_json(&bytes)?;
    parse_id("person", &new.id)?;
    new.name = check(new.name, Some(&new.groups))?;
    new.sign_in = sign_in_names(new.sign_in)?;
    let reply = app.writer.submit_as(principal, WriteCommand::Person(Input::Create(new))).await?;
    let WriteReply::Person(Some(person)) = reply else { return Err(ApiError::no_person("")) };
    audit::person("person-added", &person.id, principal);
    let place = format!("{}/v1/people/{}", app.public_path(), person.id);
    let mut response = json(StatusCode::CREATED, own_person(&person).to_json());
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The sanitized name.
fn check(
    name: Option<Arc<str>>,
    groups: Option<&Vec<Arc<str>>>,
) -> Result<Option<Arc<str>>, ApiError> {
    let name = name.map(|name| sanitize::line("name", name, NAME_CHARS)).transpose()?;
    for group in groups.into_iter().flatten() {
        parse_id("group", group)?;
    }
    if groups.is_none_or(|groups| GROUPS.allows(groups.len())) {
        return Ok(name);
    }
    Err(ApiError::limit_exceeded(
        ApiErrorKind::BadRequest,
        GROUPS,
        "the person has too many groups",
    ))
}

/// The sanitized names at the issuer.
fn sign_in_names(names: Vec<Arc<str>>) -> Result<Vec<Arc<str>>, ApiError> {
    if !SIGN_IN_NAMES.allows(names.len()) {
        let detail = "the person has too many sign-in names";
        return Err(ApiError::limit_exceeded(ApiErrorKind::BadRequest, SIGN_IN_NAMES, detail));
    }
    names.into_iter().map(|name| sanitize::line("sign-in name", name, NAME_CHARS)).collect()
}

/// `PATCH /v1/people/{person}`: for administrators; the badge also for the person.
pub(super) async fn alter(
    State(app): App,
    auth: Auth,
    Path(id): Path<String>,
    request: Request,
) -> ApiResult {
    let principal = auth.principal()?;
    let id = parse_id("person", &id)?;
    let is_own = principal.own_person() == Some(&id);
    if !is_own {
        auth.administrator()?;
    }
    let bytes = read_body(&app, &auth, request).await?;
    let mut alter: Alter = parse_json(&bytes)?;
    if alter.name.is_some() || alter.groups.is_some() || alter.sign_in.is_some() {
        auth.administrator()?;
    }
    alter.name = check(alter.name, alter.groups.as_ref())?;
    alter.sign_in = alter.sign_in.map(sign_in_names).transpose()?;
    let pseudonym = random::<16>()?.into();
    let command = WriteCommand::Person(Input::Alter(id.clone(), alter, pseudonym));
    let reply = app.writer.submit_as(principal, command).await?;
    audit::person("person-changed", &id, principal);
    match reply {
        WriteReply::Person(Some(person)) => Ok(json(StatusCode::OK, own_person(&person).to_json())),
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `DELETE /v1/people/{person}`.
pub(super) async fn remove(State(app): App, auth: Auth, Path(id): Path<String>) -> ApiResult {
    let principal = auth.administrator()?;
    let id = parse_id("person", &id)?;
    app.writer.submit_as(principal, WriteCommand::Person(Input::Remove(id.clone()))).await?;
    audit::person("person-removed", &id, principal);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// # Errors
///
/// If the principal is neither the person nor an administrator.
fn require_own(principal: &Principal, id: &Arc<str>) -> Result<(), ApiError> {
    if principal.own_person() == Some(id) { Ok(()) } else { principal.require(Scope::Administer) }
}

/// `GET /v1/people/{person}/audience`: the readers of the person.
pub(super) async fn audience(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> ApiResult {
    let principal = auth.principal()?;
    let id = parse_id("person", &id)?;
    require_own(principal, &id)?;
    let (person, _) = seen(&app, principal, &id)?;
    let groups = person.groups.iter().map(|group| format!("@{group}").into());
    let whom: Vec<Arc<str>> = [Arc::from("*"), id.clone()].into_iter().chain(groups).collect();
    let audience = app.audience.read().unwrap_or_else(PoisonError::into_inner);
    let mut readers: BTreeMap<Arc<str>, AudienceEntry> = BTreeMap::new();
    let tokens = app.tokens();
    for ((_, token), first) in audience.iter().filter(|((of, _), _)| whom.contains(of)) {
        let known = tokens.token(token);
        let sees = known.is_none_or(|it| Principal::of(it.clone()).visibility(&person).is_some());
        if sees {
            // A person who signed in at the issuer has no token.
            let signed_in = token.strip_prefix("oidc:").map(Into::into);
            let entry = readers.entry(token.clone()).or_insert_with(|| AudienceEntry {
                token: token.clone(),
                name: known.map(|token| token.name.clone()),
                person: known.and_then(|token| token.person.clone()).or(signed_in),
                first: *first,
            });
            entry.first = entry.first.min(*first);
        }
    }
    drop(tokens);
    drop(audience);
    let mut readers: Vec<AudienceEntry> = readers.into_values().collect();
    readers.sort_by_key(|entry| entry.first);
    Ok(tagged(&headers, JSON, Audience { id, readers }.to_json().into()))
}

/// `GET /v1/people/{person}/history`: the history of the person, if the gateway keeps one.
pub(super) async fn history(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> ApiResult {
    let principal = auth.principal()?;
    let id = parse_id("person", &id)?;
    require_own(principal, &id)?;
    seen(&app, principal, &id)?;
    if app.history.is_none() {
        let help =
            "ask an administrator to enable it: communicado-gateway serve --history DURATION";
        return Err(ApiError::new(ApiErrorKind::NotFound, "this gateway stores no history", help));
    }
    let reply = app.writer.submit_as(principal, WriteCommand::History(id, PAGE.max)).await?;
    let WriteReply::History(lines) = reply else { return Err(ApiError::no_person("")) };
    let lines: Vec<String> = lines.into_iter().map(shown).collect();
    let text = format!(r#"{{"v":{},"people":[{}]}}"#, communicado_wire::VERSION, lines.join(","));
    Ok(tagged(&headers, JSON, text.into()))
}

/// A stored person, of this version or an older one, with sanitized text.
fn shown(line: String) -> String {
    serde_json::from_str(&line).map_or(line, |person| sanitize::person(person).to_json())
}
