//! The status as Prometheus wants it (text format 0.0.4): names and units by its conventions, labels bounded.

use std::{fmt::Write as _, sync::Arc, time::UNIX_EPOCH};

use htbin_spawn::warm::KeptState;

use super::View;
use crate::ledger::{BUCKETS, Figures};

/// The media type of the text format.
pub const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The status as metrics.
pub fn metrics(view: &View<'_>) -> String {
    let mut text = Metrics(String::new());
    of_server(&mut text, view);
    of_scripts(&mut text, &view.snapshot.scripts);
    of_warm(&mut text, view);
    text.0
}

/// The text as it grows.
struct Metrics(String);

impl Metrics {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            _ = write!(self.0, "{before}{label}=\"{}\"", escaped(text));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        _ = writeln!(self.0, "{close} {value}");
    }

    /// A family of one.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn of_server(text: &mut Metrics, view: &View<'_>) {
    let (snapshot, load) = (&view.snapshot, &view.load);
    text.family("htbin_build_info", "gauge", "The version of htbin.");
    text.sample("htbin_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let began = snapshot.began.1.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    text.single("process_start_time_seconds", "gauge", "When the server started, in seconds since 1970.", began);
    text.family(
        "htbin_requests_total",
        "counter",
        "Requests that were answered, by status; 499: the client left before.",
    );
    for (status, count) in &snapshot.statuses {
        text.sample("htbin_requests_total", &[("code", &status.to_string())], count);
    }
    let sent = snapshot.body_bytes;
    text.single("htbin_response_body_bytes_total", "counter", "Octets of bodies that were sent.", sent);
    let connections = snapshot.connections;
    text.single("htbin_connections", "gauge", "Connections that are open.", connections);
    let max = view.machine.connections_max;
    text.single("htbin_connections_max", "gauge", "Connections there may be.", max);
    let total = snapshot.connections_total;
    text.single("htbin_connections_accepted_total", "counter", "Connections since the start.", total);
    text.single("htbin_scripts_running", "gauge", "Places of running scripts that are taken.", load.running);
    text.single("htbin_scripts_running_max", "gauge", "Places of running scripts.", load.running_max);
    text.single("htbin_scripts_queued", "gauge", "Requests that wait for a place.", load.queued);
    text.single("htbin_scripts_queued_max", "gauge", "Requests that may wait for a place.", load.queue_max);
}

fn of_scripts(text: &mut Metrics, scripts: &[(Arc<str>, Figures)]) {
    let counter = |text: &mut Metrics, name: &str, help: &str, value: fn(&Figures) -> f64| {
        text.family(name, "counter", help);
        for (script, figures) in scripts {
            text.sample(name, &[("script", script)], value(figures));
        }
    };
    counter(text, "htbin_script_runs_total", "Requests for a script.", |figures| figures.runs as f64);
    counter(text, "htbin_script_failures_total", "Requests for a script that failed.", |figures| {
        figures.failures as f64
    });
    counter(text, "htbin_script_cpu_seconds_total", "Processor time of processes that have ended.", |figures| {
        figures.processor.as_secs_f64()
    });
    text.family(
        "htbin_script_memory_peak_bytes",
        "gauge",
        "The most memory one process held (RSS), or the launcher, if more.",
    );
    for (script, figures) in scripts.iter().filter(|(_, figures)| figures.memory_bytes > 0) {
        text.sample("htbin_script_memory_peak_bytes", &[("script", script)], figures.memory_bytes);
    }
    let name = "htbin_script_duration_seconds";
    text.family(name, "histogram", "From the head of a request for a script to the end of its answer.");
    for (script, figures) in scripts {
        let mut below = 0;
        let bounds = BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(figures.buckets) {
            below += count;
            text.sample(&format!("{name}_bucket"), &[("script", script), ("le", &bound)], below);
        }
        text.sample(&format!("{name}_sum"), &[("script", script)], figures.took.as_secs_f64());
        text.sample(&format!("{name}_count"), &[("script", script)], below);
    }
}

fn of_warm(text: &mut Metrics, view: &View<'_>) {
    let running = || {
        view.load.warm.iter().filter_map(|kept| match kept.state {
            KeptState::Running { spares, memory_bytes, .. } => Some((kept.name.as_str(), spares, memory_bytes)),
            KeptState::Starting | KeptState::Unfit => None,
        })
    };
    text.family("htbin_warm_spares", "gauge", "Processes of a warm interpreter that wait for a script.");
    running().for_each(|(name, spares, _)| text.sample("htbin_warm_spares", &[("interpreter", name)], spares));
    text.family("htbin_warm_memory_bytes", "gauge", "What a warm interpreter holds of memory (RSS).");
    running().for_each(|(name, _, bytes)| text.sample("htbin_warm_memory_bytes", &[("interpreter", name)], bytes));
}
