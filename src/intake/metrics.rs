//! What is counted, for Prometheus; on the admin listener alone.
//!
//! Promise 41: labels are methods, routes and statuses; nothing of a client, an id or a header.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The counters of this process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    received: Counter,
    sent: Counter,
    reports: Counter,
    problems: Family<ProblemLabels, Counter>,
    connections: Gauge,
    turned_away: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    problem: &'static str,
}

/// One request that was answered.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'static str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) problem: Option<&'static str>,
    pub(crate) took: Duration,
}

/// A connection that is open; counted until it is dropped.
pub(crate) struct OpenConnection(Gauge);

impl Metrics {
    pub(crate) fn new() -> Self {
        let buckets: fn() -> Histogram = || Histogram::new(SECONDS);
        let mut metrics = Self {
            registry: Registry::with_prefix("sealpost"),
            requests: Family::default(),
            durations: Family::new_with_constructor(buckets),
            received: Counter::default(),
            sent: Counter::default(),
            reports: Counter::default(),
            problems: Family::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let requests = self.requests.clone();
        registry.register("requests", "Requests that were answered", requests);
        let durations = self.durations.clone();
        registry.register(
            "request_seconds",
            "From the head of a request to the head of its answer",
            durations,
        );
        let received = self.received.clone();
        registry.register("received_bytes", "Bytes of bodies that came", received);
        let sent = self.sent.clone();
        registry.register("sent_bytes", "Bytes of bodies that went", sent);
        let reports = self.reports.clone();
        registry.register("reports", "Reports that were taken", reports);
        let problems = self.problems.clone();
        registry.register("problems", "Answers that said no, by type", problems);
        let connections = self.connections.clone();
        registry.register("connections", "Connections that are open", connections);
        let turned_away = self.turned_away.clone();
        registry.register(
            "connections_turned_away",
            "Connections of clients that had their share",
            turned_away,
        );
    }

    pub(crate) fn answered(&self, answer: &Answered<'_>) {
        let labels = RequestLabels {
            method: answer.method,
            route: answer.route.to_owned(),
            status: answer.status,
        };
        self.requests.get_or_create(&labels).inc();
        let route = RouteLabels {
            route: labels.route,
        };
        let durations = self.durations.get_or_create(&route);
        durations.observe(answer.took.as_secs_f64());
        if let Some(problem) = answer.problem {
            self.problems
                .get_or_create(&ProblemLabels { problem })
                .inc();
        }
    }

    pub(crate) fn received(&self) -> Counter<u64, AtomicU64> {
        self.received.clone()
    }

    pub(crate) fn sent(&self) -> Counter<u64, AtomicU64> {
        self.sent.clone()
    }

    pub(crate) fn report_taken(&self) {
        self.reports.inc();
    }

    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    pub(crate) fn turned_away(&self) {
        self.turned_away.inc();
    }

    /// In the text form of `OpenMetrics`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _infallible = encode(&mut text, &self.registry);
        text
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

const SECONDS: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new();
        metrics.answered(&Answered {
            method: "GET",
            route: "/reports/{id}",
            status: 404,
            problem: Some("not-found"),
            took: Duration::from_millis(3),
        });
        let open = metrics.connection();
        let text = metrics.text();
        for line in [
            "sealpost_requests_total{method=\"GET\",route=\"/reports/{id}\",status=\"404\"} 1",
            "sealpost_problems_total{problem=\"not-found\"} 1",
            "sealpost_connections 1",
            "sealpost_connections_turned_away_total 0",
            "# EOF",
        ] {
            assert!(text.contains(line), "{text}");
        }
        drop(open);
        assert!(metrics.text().contains("sealpost_connections 0"));
    }
}
