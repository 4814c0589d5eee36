//! The status as JSON: times in seconds, sizes in octets.

use std::time::Duration;

use htbin_spawn::warm::KeptState;
use serde_json::{Value, json};

use super::{View, chart, words::exact};
use crate::ledger::{BUCKETS, Figures, Past, Running};

/// The status as JSON.
pub fn json(view: &View<'_>) -> String {
    let (snapshot, load) = (&view.snapshot, &view.load);
    let statuses: serde_json::Map<_, _> =
        snapshot.statuses.iter().map(|(status, count)| (status.to_string(), Value::from(*count))).collect();
    let told = json!({
        "server": {
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
            "user": view.machine.user,
            "directory": view.machine.root.to_string_lossy(),
            "started": exact(snapshot.began.1),
            "now": exact(snapshot.now.1),
            "launcher_memory_bytes": load.launcher_memory_bytes,
        },
        "limits": {
            "scripts": { "running": load.running, "max": load.running_max },
            "queue": { "waiting": load.queued, "max": load.queue_max },
            "connections": {
                "open": snapshot.connections, "max": view.machine.connections_max, "total": snapshot.connections_total,
            },
        },
        "answers": { "statuses": statuses, "body_bytes": snapshot.body_bytes },
        "running": snapshot.running.iter().map(|running| of_running(running, view)).collect::<Vec<_>>(),
        "scripts": snapshot.scripts.iter().map(|(name, figures)| of_script(name, figures)).collect::<Vec<_>>(),
        "failures": snapshot.failures.iter().map(of_past).collect::<Vec<_>>(),
        "warm": load.warm.iter().map(of_warm).collect::<Vec<_>>(),
        "exchanges": snapshot.exchanges.iter().map(of_past).collect::<Vec<_>>(),
    });
    told.to_string() + "\n"
}

fn of_running(running: &Running, view: &View<'_>) -> Value {
    json!({
        "run": running.number,
        "exchange": running.id.to_string(),
        "script": &*running.script,
        "pid": running.pid,
        "user": view.machine.user,
        "method": running.method.as_str(),
        "url": &*running.target,
        "client": &*running.client,
        "start": running.start.word(),
        "age_seconds": seconds(view.snapshot.now.0.saturating_duration_since(running.since)),
        "ending": running.ender.was_asked(),
    })
}

fn of_script(name: &str, figures: &Figures) -> Value {
    json!({
        "script": name,
        "runs": figures.runs,
        "failures": figures.failures,
        "start_seconds": figures.mean_start().map(seconds),
        "p50_seconds": seconds(figures.quantile(500)),
        "p95_seconds": seconds(figures.quantile(950)),
        "p99_seconds": seconds(figures.quantile(990)),
        "memory_bytes": figures.memory_bytes,
        "processor_seconds": seconds(figures.processor),
        "buckets": BUCKETS.iter().map(|bound| Some(*bound)).chain([None]).zip(figures.buckets).collect::<Vec<_>>(),
    })
}

fn of_past(past: &Past) -> Value {
    let script = past.of_script.as_ref();
    let timeline = script.map(|script| {
        let parts = chart::STEPS.iter().zip(script.timeline.0);
        parts.map(|(name, part)| ((*name).to_owned(), json!(part.map(seconds)))).collect::<serde_json::Map<_, _>>()
    });
    json!({
        "exchange": past.id.to_string(),
        "ended": exact(past.ended),
        "method": past.method.as_ref().map(http::Method::as_str),
        "url": &*past.target,
        "status": past.status.as_u16(),
        "body_bytes": past.body_bytes,
        "took_seconds": seconds(past.took),
        "reason": past.reason,
        "script": script.map(|script| &*script.name),
        "start": script.and_then(|script| script.start).map(htbin_spawn::Start::word),
        "detail": script.and_then(|script| script.detail.as_deref()),
        "timeline_seconds": timeline,
    })
}

fn of_warm(kept: &htbin_spawn::warm::Kept) -> Value {
    match kept.state {
        KeptState::Starting => json!({ "interpreter": kept.name, "state": "starting" }),
        KeptState::Unfit => json!({ "interpreter": kept.name, "state": "unfit" }),
        KeptState::Running { pid, age, spares, memory_bytes } => json!({
            "interpreter": kept.name, "state": "running", "pid": pid, "age_seconds": seconds(age),
            "spares": spares, "memory_bytes": memory_bytes,
        }),
    }
}

/// To the microsecond.
fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}
