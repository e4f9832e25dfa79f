//! The HTTP client of the span exporter. It is the same client as for issuers, because the
//! library's own one would duplicate the TLS stack.
//!
//! It blocks on the library's dedicated export thread. It logs an outage of the collector once, and
//! its return once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;

use crate::http_client;

pub(super) const HELP: &str = "check the collector, and that --otlp is its OTLP/HTTP URL; \
                                until then spans are lost";
/// Size limit for a response of a collector in bytes.
const RESPONSE_MAX: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct ExporterClient {
    agent: Agent,
    is_away: Arc<AtomicBool>,
}

impl ExporterClient {
    pub(super) fn new(timeout: Duration, is_away: Arc<AtomicBool>) -> Self {
        Self { agent: http_client::agent(timeout), is_away }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (head, body) = request.into_parts();
        let (head, mut body) = self.agent.run(Request::from_parts(head, &body[..]))?.into_parts();
        let body = body.with_config().limit(RESPONSE_MAX).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }

    fn report_state(&self, why: Option<&dyn std::fmt::Display>) {
        let was_away = self.is_away.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !was_away => {
                tracing::warn!(what = "traces", cause = %why, help = HELP);
            }
            None if was_away => tracing::info!(what = "traces", cause = "the collector is back"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for ExporterClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.send(request);
        match &answer {
            Ok(answer) if answer.status().is_success() => self.report_state(None),
            Ok(answer) => self.report_state(Some(&answer.status())),
            Err(error) => self.report_state(Some(error)),
        }
        Ok(answer?)
    }
}
