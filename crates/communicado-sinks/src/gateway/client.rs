//! The client of a gateway: it publishes for one device and sets the manual status.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock;
use communicado_wire::gateway::Manual;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};

use super::Access;
use super::body::body;
use super::response::Response;
use crate::net::{HttpClient, HttpRequest, Peer, Server};
use crate::publish::{Message, PublishError, Transport};

/// The timeout of a request, from the name lookup to the end of the response.
const REQUEST_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// For short leases, the timeout is this fraction of the lease, so that there is time to retry.
const LEASE_FRACTION: u32 = 6;
const REQUEST_TIMEOUT_MIN: Duration = Duration::from_secs(1);

/// The words for the gateway in messages.
const PEER: Peer = Peer::new("gateway", "--ca");

/// A client of one gateway, for one device. It connects when it has something to send.
pub struct GatewayClient {
    access: Access,
    http: HttpClient,
}

impl GatewayClient {
    /// A client for the gateway of `access`, not yet connected.
    #[must_use]
    pub fn new(access: Access, clock: Arc<dyn Clock>) -> Self {
        let address = &access.address;
        let server = Server {
            peer: PEER,
            shown: address.to_string(),
            authority: address.authority.clone(),
            endpoint: address.endpoint(),
        };
        let http = HttpClient::new(server, access.authorities.clone(), clock);
        Self { access, http }
    }

    /// The gateway, the person, the device and the token.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Sets the manual status of the person.
    ///
    /// # Errors
    ///
    /// As for [`Transport::send`].
    pub async fn set_manual(&mut self, manual: &Manual) -> Result<(), PublishError> {
        self.put(&self.manual_path(), manual.to_json(), REQUEST_TIMEOUT_MAX).await
    }

    /// Clears the manual status of the person.
    ///
    /// # Errors
    ///
    /// As for [`Transport::send`].
    pub async fn clear_manual(&mut self) -> Result<(), PublishError> {
        self.delete(&self.manual_path(), REQUEST_TIMEOUT_MAX).await
    }

    fn manual_path(&self) -> String {
        format!("/v1/people/{}/manual", self.access.person)
    }

    async fn put(
        &mut self,
        path: &str,
        body: String,
        timeout: Duration,
    ) -> Result<(), PublishError> {
        let request = self.request(Method::PUT, path, Some(body));
        let response = self.http.exchange(&request, timeout).await?;
        Response::from(response).check(&self.access)
    }

    async fn delete(&mut self, path: &str, timeout: Duration) -> Result<(), PublishError> {
        let request = self.request(Method::DELETE, path, None);
        let response = Response::from(self.http.exchange(&request, timeout).await?);
        // A missing resource is as good as deleted.
        if response.status == StatusCode::NOT_FOUND && response.is_problem() {
            return Ok(());
        }
        response.check(&self.access)
    }

    fn request(&self, method: Method, path: &str, body: Option<String>) -> HttpRequest {
        let Access { address, token, .. } = &self.access;
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, token.header());
        headers.insert(header::ACCEPT, json.clone());
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, json);
        }
        // Parsing has checked that the address and the ids are valid in a path.
        let path = format!("{}{path}", address.path).parse().unwrap_or_default();
        HttpRequest { method, path, headers, body, is_idempotent: true }
    }
}

impl Transport for GatewayClient {
    async fn send(&mut self, message: &Message, lease: Duration) -> Result<(), PublishError> {
        let Access { person, device, .. } = &self.access;
        let path = format!("/v1/people/{person}/devices/{device}");
        let timeout = (lease / LEASE_FRACTION).clamp(REQUEST_TIMEOUT_MIN, REQUEST_TIMEOUT_MAX);
        match message {
            Message::Clients(clients) => self.put(&path, body(lease, clients), timeout).await,
            Message::Goodbye => self.delete(&path, timeout).await,
        }
    }
}

impl fmt::Debug for GatewayClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayClient").field("access", &self.access).finish_non_exhaustive()
    }
}
