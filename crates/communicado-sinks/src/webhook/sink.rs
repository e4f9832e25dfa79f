//! The sink that sends: it chooses the client, signs each attempt, and reads the files.

use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock;
use communicado_wire::{Client, Timestamp};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri};

use super::event::{self, EventId};
use super::signature::Secrets;
use super::{
    BODY, CA_FILE, CONTENT_TYPE, DEVICE, HEADER_FILE, HEADERS, METHOD, PATH_FILE, SECRET_FILE,
    answer, target,
};
use crate::agent::{
    AgentSink, Outbox, Signal, SinkContext, SinkEvent, SinkEvents, SinkInput, SinkOptions, SinkRun,
    SinkTry, Work, read_secret,
};
use crate::net::{HttpClient, HttpRequest, Server, parse_header, read_ca};
use crate::publish::PublishError;
use crate::template::Template;

/// The timeout of a request, from the name lookup to the end of the response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The timeout of a goodbye at the end of the agent.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// The headers of Standard Webhooks.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The sink `webhook`.
pub(super) struct WebhookSink {
    has_condition: bool,
    sender: Sender,
    outbox: Outbox,
    /// The event that the receiver has not accepted yet, and its client.
    pending: Option<(Client, Event)>,
    /// True if the receiver has a status, which a goodbye ends.
    has_reported: bool,
}

/// The part of the sink that sends one event.
struct Sender {
    clock: Arc<dyn Clock>,
    server: Server,
    path: Uri,
    method: Method,
    /// The user's own body. `None` means a CloudEvent.
    template: Option<Template>,
    content_type: String,
    headers: HeaderMap,
    path_file: String,
    header_file: String,
    secret_file: String,
    ca_file: Option<PathBuf>,
    /// The id of the last event.
    last_id: EventId,
}

/// A request that is the same in each attempt, except its time and its signature.
#[derive(Clone)]
struct Event {
    id: EventId,
    body: String,
}

impl WebhookSink {
    pub(super) fn new(context: &SinkContext, options: &SinkOptions) -> Result<Self, PublishError> {
        let (server, path) = target(options)?;
        let invalid = |cause| PublishError::permanent(cause, "correct the option");
        let template = Some(options.text(&BODY)).filter(|text| !text.is_empty());
        let template = template.as_deref().map(Template::new).transpose();
        let template = template.map_err(|error| invalid(format!("`body`: {}", error.cause)))?;
        let headers = options.list(&HEADERS);
        let headers: Result<HeaderMap, _> = headers.iter().map(|text| parse_header(text)).collect();
        let content_type = match options.text(&CONTENT_TYPE) {
            default if default.is_empty() && template.is_some() => "application/json".to_owned(),
            default if default.is_empty() => event::MEDIA_TYPE.to_owned(),
            chosen => chosen,
        };
        let device = Some(options.text(&DEVICE)).filter(|device| !device.is_empty());
        let session = RandomState::new().hash_one(context.name.as_str());
        let last_id = EventId {
            device: device.unwrap_or_else(|| context.host.clone()),
            session: format!("{session:016x}"),
            number: 0,
        };
        let sender = Sender {
            clock: Arc::clone(&context.clock),
            server,
            path,
            method: options.text(&METHOD).parse().unwrap_or(Method::POST),
            template,
            content_type,
            headers: headers.map_err(|why| invalid(format!("`headers`: {why}")))?,
            path_file: options.text(&PATH_FILE),
            header_file: options.text(&HEADER_FILE),
            secret_file: options.text(&SECRET_FILE),
            ca_file: options.path(&CA_FILE),
            last_id,
        };
        Ok(Self {
            has_condition: context.has_condition,
            sender,
            outbox: Outbox::new(context.has_condition),
            pending: None,
            has_reported: false,
        })
    }

    async fn deliver(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<(), PublishError> {
        loop {
            let signal = match self.outbox.next() {
                Some(client) => self.deliver_one(&client, input, events).await?,
                None => Some(input.next().await),
            };
            match signal {
                None => {}
                Some(Signal::Clients) => self.outbox.set_current(input.clients()),
                Some(Signal::Paused) => {
                    match self.say_goodbye(REQUEST_TIMEOUT).await {
                        Ok(()) => events.report(&SinkEvent::Withdrawn),
                        Err(error) => events.report(&SinkEvent::Refused(error)),
                    }
                    self.outbox = Outbox::new(self.has_condition);
                }
                Some(Signal::End) => {
                    // The agent ends, so nobody can repeat a goodbye.
                    let _ = self.say_goodbye(GOODBYE_TIMEOUT).await;
                    return Ok(());
                }
            }
        }
    }

    /// Sends one change. Returns the signal that interrupted it.
    async fn deliver_one(
        &mut self,
        client: &Client,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<Option<Signal>, PublishError> {
        let Self { sender, outbox, pending, has_reported, .. } = self;
        let event = match pending.take() {
            Some((pending, event)) if pending == *client => event,
            _ => sender.change_event(client)?,
        };
        *pending = Some((client.clone(), event.clone()));
        *has_reported = true;
        let mut sending = pin!(sender.send(&event, REQUEST_TIMEOUT));
        loop {
            match input.next_or(&mut sending).await {
                Work::Done(Ok(_)) => {
                    outbox.mark_delivered(client);
                    *pending = None;
                    events.report(&SinkEvent::Delivered);
                    return Ok(None);
                }
                Work::Done(Err(error)) => {
                    outbox.mark_failed();
                    return Err(error);
                }
                Work::Signal(Signal::Clients) => outbox.set_current(input.clients()),
                Work::Signal(signal) => return Ok(Some(signal)),
            }
        }
    }

    async fn say_goodbye(&mut self, timeout: Duration) -> Result<(), PublishError> {
        self.pending = None;
        if self.sender.template.is_some() || !std::mem::take(&mut self.has_reported) {
            return Ok(());
        }
        let event = self.sender.goodbye_event();
        self.sender.send(&event, timeout).await.map(drop)
    }

    async fn try_now(&mut self, clients: &[Client]) -> Result<String, PublishError> {
        let mut lines = Vec::new();
        for client in clients {
            let event = self.sender.change_event(client)?;
            let status = self.sender.send(&event, REQUEST_TIMEOUT).await?;
            lines.push(format!("`{}`: {}", client.client, answer::text(status)));
        }
        if lines.is_empty() {
            return Ok("no client is selected, so nothing was sent".to_owned());
        }
        Ok(format!("{} answered for {}", self.sender.server.shown, lines.join(", ")))
    }
}

impl Sender {
    fn next_id(&mut self) -> EventId {
        self.last_id.number += 1;
        self.last_id.clone()
    }

    fn change_event(&mut self, client: &Client) -> Result<Event, PublishError> {
        let id = self.next_id();
        let body = match &mut self.template {
            None => event::changed(&id, client),
            Some(template) => template.text(client, self.clock.civil()).map_err(|error| {
                PublishError::permanent(format!("`body`: {}", error.cause), error.help)
            })?,
        };
        Ok(Event { id, body })
    }

    fn goodbye_event(&mut self) -> Event {
        let id = self.next_id();
        let body = event::goodbye(&id, self.clock.civil());
        Event { id, body }
    }

    /// Makes one attempt. The files are read each time, so that a new secret needs no restart.
    async fn send(&self, event: &Event, timeout: Duration) -> Result<StatusCode, PublishError> {
        let authorities = self.ca_file.as_deref().map(read_ca).transpose()?;
        let request = self.request(event, self.clock.civil())?;
        let clock = Arc::clone(&self.clock);
        let mut http = HttpClient::new(self.server.clone(), authorities, clock);
        let response = http.exchange(&request, timeout).await?;
        answer::check(&response, &self.server.shown, self.clock.civil())?;
        Ok(response.status)
    }

    fn request(&self, event: &Event, now: Timestamp) -> Result<HttpRequest, PublishError> {
        let has_body = self.method != Method::GET;
        let body = if has_body { event.body.as_str() } else { "" };
        let mut headers = self.headers.clone();
        if !self.header_file.is_empty() {
            headers.extend(secret_headers(&read_secret(HEADER_FILE.name, &self.header_file)?)?);
        }
        let id = event.id.text();
        let seconds = now.micros().div_euclid(1_000_000);
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        if has_body {
            set(header::CONTENT_TYPE, &self.content_type);
        }
        set(ID, &id);
        set(TIMESTAMP, &seconds.to_string());
        if !self.secret_file.is_empty() {
            let secrets = Secrets::parse(&read_secret(SECRET_FILE.name, &self.secret_file)?)?;
            set(SIGNATURE, &secrets.sign(&id, seconds, body));
        }
        let path = match self.path_file.as_str() {
            "" => self.path.clone(),
            file => secret_path(&read_secret(PATH_FILE.name, file)?)?,
        };
        let body = has_body.then(|| body.to_owned());
        Ok(HttpRequest { method: self.method.clone(), path, headers, body, is_idempotent: false })
    }
}

/// The headers in a text, one on each line. An error does not contain a value.
fn secret_headers(text: &str) -> Result<HeaderMap, PublishError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(parse_header).collect::<Result<_, _>>().map_err(|why| {
        let help = "write one header on each line, as `Name: value`";
        PublishError::needs_action(format!("`header-file` has an invalid header: {why}"), help)
    })
}

/// The path and query in a text. An error does not contain it.
fn secret_path(text: &str) -> Result<Uri, PublishError> {
    let path = Some(text.trim()).filter(|text| text.starts_with('/'));
    path.and_then(|text| text.parse().ok()).ok_or_else(|| {
        PublishError::needs_action(
            "the content of `path-file` is not the path of a URL",
            "write the part of the URL after the host, which starts with /",
        )
    })
}

impl AgentSink for WebhookSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn note_change(&mut self, clients: Vec<Client>) {
        self.outbox.set_current(clients);
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move { self.try_now(&clients).await })
    }
}
