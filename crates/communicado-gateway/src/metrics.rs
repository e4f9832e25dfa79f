//! Metrics without personal data: labels are kinds, never people.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The transport of a reader, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportLabel {
    /// An event stream on a socket that the event loop writes.
    Sse,
    /// An event stream that hyper writes.
    SseShared,
    Socket,
}

type Labels = [(&'static str, &'static str); 1];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    readers: Family<Labels, Gauge>,
    requests: Family<Labels, Counter>,
    changes: Counter,
    deliveries: Counter,
    slow_readers: Counter,
    connection_refused: Counter,
    store_error: Counter,
    commit: Histogram,
    people: Gauge,
    connections: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("communicado_gateway");
        let metrics = Self {
            readers: Family::default(),
            requests: Family::default(),
            changes: Counter::default(),
            deliveries: Counter::<u64, AtomicU64>::default(),
            slow_readers: Counter::default(),
            connection_refused: Counter::default(),
            store_error: Counter::default(),
            commit: Histogram::new(exponential_buckets(0.0001, 2.0, 16)),
            people: Gauge::default(),
            connections: Gauge::default(),
            registry: Mutex::default(),
        };
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let build = Family::<[(&str, &str); 1], Gauge>::default();
        build.get_or_create(&version).set(1);
        registry.register("build_info", "Version of the running gateway", build);
        registry.register("readers", "Connected readers", metrics.readers.clone());
        registry.register("requests", "Requests by HTTP status", metrics.requests.clone());
        registry.register("changes", "Changes of people's status", metrics.changes.clone());
        registry.register("deliveries", "Events written to readers", metrics.deliveries.clone());
        let about = "Readers disconnected because they accepted no data";
        registry.register("slow_readers", about, metrics.slow_readers.clone());
        let about = "Connections refused at the connection limit";
        registry.register("connections_refused", about, metrics.connection_refused.clone());
        let about = "Failed writes to the store";
        registry.register("store_errors", about, metrics.store_error.clone());
        let about = "Duration of one batch written to the store";
        let commit = metrics.commit.clone();
        registry.register_with_unit("store_commit", about, Unit::Seconds, commit);
        registry.register("people", "Number of people", metrics.people.clone());
        registry.register("connections", "Open connections", metrics.connections.clone());
        *metrics.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        metrics
    }

    pub(crate) fn reader_opened(&self, label: TransportLabel) {
        self.readers.get_or_create(&label.labels()).inc();
    }

    pub(crate) fn reader_closed(&self, label: TransportLabel) {
        self.readers.get_or_create(&label.labels()).dec();
    }

    pub(crate) fn answered(&self, status: u16) {
        let class = match status {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&[("status", class)]).inc();
    }

    pub(crate) fn changed(&self, count: usize) {
        self.changes.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    pub(crate) fn delivered(&self) {
        self.deliveries.inc();
    }

    pub(crate) fn slow_reader(&self) {
        self.slow_readers.inc();
    }

    pub(crate) fn connection_refused(&self) {
        self.connection_refused.inc();
    }

    pub(crate) fn store_error(&self) {
        self.store_error.inc();
    }

    /// Records a write to the store and its duration.
    pub(crate) fn committed(&self, seconds: f64) {
        self.commit.observe(seconds);
    }

    /// The metrics in the OpenMetrics text format, version 1.0.0.
    pub(crate) fn encode(&self, people: usize, connections: usize) -> String {
        self.people.set(i64::try_from(people).unwrap_or(i64::MAX));
        self.connections.set(i64::try_from(connections).unwrap_or(i64::MAX));
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = text::encode(&mut text, &registry);
        text
    }
}

/// The metrics in the older text format of Prometheus, version 0.0.4.
///
/// There the name of a counter includes `_total` also in the comments, and there is no end mark.
pub(crate) fn plain(open_metrics: &str) -> String {
    let comments = || open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let counters: Vec<&str> =
        comments().filter_map(|comment| comment.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => continue,
            (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(&name) => {
                text.push_str(&format!("# {kind} {name}_total {rest}"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// True if a client prefers OpenMetrics to the older text format, by its header `Accept`.
pub(crate) fn prefers_open_metrics(accept: &str) -> bool {
    let quality = |wanted: &[&str]| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next()?.to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(Some(1.0), |text| text.parse::<f32>().ok())?;
            wanted.contains(&name.as_str()).then_some(quality)
        });
        ranges.fold(0.0, f32::max)
    };
    let open_metrics = quality(&["application/openmetrics-text"]);
    open_metrics > 0.0 && open_metrics >= quality(&["text/plain", "text/*", "*/*"])
}

impl TransportLabel {
    const fn labels(self) -> Labels {
        [(
            "transport",
            match self {
                Self::Sse => "sse",
                Self::SseShared => "sse-shared",
                Self::Socket => "websocket",
            },
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_names_counters_with_their_suffix() {
        let text = "# HELP a About a.\n# TYPE a counter\na_total 1\n# HELP b_seconds B.\n\
                    # TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 2\n# EOF\n";
        let expected = "# HELP a_total About a.\n# TYPE a_total counter\na_total 1\n\
                        # HELP b_seconds B.\n# TYPE b_seconds gauge\nb_seconds 2\n";
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn the_format_follows_accept() {
        let of_prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                             text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
        for (accept, expected) in [
            (of_prometheus, true),
            ("application/openmetrics-text", true),
            ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.4", false),
            ("application/openmetrics-text;q=0", false),
            ("text/plain; version=0.0.4", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(prefers_open_metrics(accept), expected, "{accept}");
        }
    }
}
