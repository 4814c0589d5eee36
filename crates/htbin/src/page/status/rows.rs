//! What stands in the rows of the page: everything as text for people.

use htbin_spawn::warm::{Kept, KeptState};

use super::{
    View, chart,
    words::{age, clock, exact, lasting, line, short},
};
use crate::{
    ledger::{Figures, Past, Running},
    page::listing::{grouped, size},
};

/// How much of something is taken.
pub(super) struct Meter {
    pub(super) name: &'static str,
    pub(super) now: String,
    pub(super) max: String,
    pub(super) bar: String,
}

/// What is limited, then what was answered.
pub(super) fn meters(view: &View<'_>) -> Vec<Meter> {
    let (load, snapshot) = (&view.load, &view.snapshot);
    let meter = |name, now: usize, max: usize| Meter {
        name,
        now: grouped(now as u64),
        max: format!("of {}", grouped(max as u64)),
        bar: chart::meter(now, max),
    };
    let answers = |classes: std::ops::Range<u16>| {
        let counts = snapshot.statuses.iter().filter(|(status, _)| classes.contains(status));
        counts.map(|(_, count)| count).sum::<u64>()
    };
    let answered =
        |name, classes| Meter { name, now: grouped(answers(classes)), max: String::new(), bar: String::new() };
    vec![
        meter("Scripts running", load.running, load.running_max),
        meter("Requests waiting", load.queued, load.queue_max),
        meter("Connections", snapshot.connections, view.machine.connections_max),
        answered("Answered", 100..400),
        answered("Refused (4xx)", 400..500),
        answered("Failed (5xx)", 500..600),
        Meter { name: "Sent", now: size(snapshot.body_bytes), max: String::new(), bar: String::new() },
    ]
}

/// A script that runs.
pub(super) struct Runs {
    pub(super) number: u64,
    pub(super) script: String,
    pub(super) path: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) client: String,
    pub(super) pid: i32,
    pub(super) age: String,
    pub(super) is_ending: bool,
}

impl Runs {
    pub(super) fn of(running: &Running, view: &View<'_>) -> Self {
        Self {
            number: running.number,
            script: line(short(&running.script, &view.machine.root)),
            path: line(&running.script),
            method: running.method.to_string(),
            target: cut(&line(&running.target)),
            client: running.client.to_string(),
            pid: running.pid,
            age: age(view.snapshot.now.0.saturating_duration_since(running.since)),
            is_ending: running.ender.was_asked(),
        }
    }
}

/// An exchange that has ended.
pub(super) struct Exchange {
    pub(super) id: String,
    pub(super) exact: String,
    pub(super) clock: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) status: u16,
    pub(super) class: &'static str,
    pub(super) reason: &'static str,
    pub(super) size: String,
    pub(super) took: String,
    pub(super) start: &'static str,
    pub(super) bar: String,
}

impl Exchange {
    pub(super) fn of(past: &Past, view: &View<'_>) -> Self {
        Self {
            id: past.id.to_string(),
            exact: exact(past.ended),
            clock: clock(past.ended, &view.zone),
            method: past.method.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            target: if past.method.is_none() { "no request".to_owned() } else { cut(&line(&past.target)) },
            status: past.status.as_u16(),
            class: if past.has_failed() { "bad" } else { "" },
            reason: past.reason.unwrap_or_default(),
            size: size(past.body_bytes),
            took: lasting(past.took),
            start: past.of_script.as_ref().and_then(|script| script.start).map_or("", htbin_spawn::Start::word),
            bar: past.of_script.as_ref().map(|script| chart::timeline(past.took, &script.timeline)).unwrap_or_default(),
        }
    }
}

/// An exchange that failed.
pub(super) struct Failure {
    pub(super) id: String,
    pub(super) exact: String,
    pub(super) clock: String,
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) script: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) detail: String,
}

impl Failure {
    pub(super) fn of(past: &Past, view: &View<'_>) -> Self {
        let script = past.of_script.as_ref();
        let detail = script.and_then(|script| script.detail.as_deref()).map(line);
        Self {
            id: past.id.to_string(),
            exact: exact(past.ended),
            clock: clock(past.ended, &view.zone),
            status: past.status.as_u16(),
            reason: past.reason.unwrap_or_default(),
            script: script.map(|script| line(short(&script.name, &view.machine.root))).unwrap_or_default(),
            method: past.method.as_ref().map(ToString::to_string).unwrap_or_default(),
            target: cut(&line(&past.target)),
            // Without a reason of ours the status is the script's own word.
            detail: detail.unwrap_or_else(|| {
                if past.reason.is_none() { "the script's own answer".into() } else { String::new() }
            }),
        }
    }
}

/// Figures of a script.
pub(super) struct Script {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) runs: String,
    pub(super) failures: String,
    pub(super) start: String,
    pub(super) quantiles: [String; 3],
    pub(super) memory: String,
    pub(super) processor: String,
    pub(super) chart: String,
}

impl Script {
    pub(super) fn of(name: &str, figures: &Figures, view: &View<'_>) -> Self {
        let has_ended = figures.processes > 0;
        Self {
            name: line(short(name, &view.machine.root)),
            path: line(name),
            runs: grouped(figures.runs),
            failures: if figures.failures == 0 { String::new() } else { grouped(figures.failures) },
            start: figures.mean_start().map(lasting).unwrap_or_default(),
            quantiles: [500, 950, 990].map(|thousandths| {
                if figures.recent.is_empty() { String::new() } else { lasting(figures.quantile(thousandths)) }
            }),
            memory: match figures.memory_bytes {
                0 => String::new(),
                // It shared the launcher's memory before it was a program of its own.
                bytes if bytes <= view.load.launcher_memory_bytes => format!("≤ {}", size(bytes)),
                bytes => size(bytes),
            },
            processor: if has_ended { lasting(figures.processor) } else { String::new() },
            chart: chart::runs(figures),
        }
    }
}

/// A warm interpreter.
pub(super) struct Warm {
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) pid: String,
    pub(super) spares: String,
    pub(super) age: String,
    pub(super) memory: String,
}

impl Warm {
    pub(super) fn of(kept: &Kept) -> Self {
        let mut warm = Self {
            name: line(&kept.name),
            state: "",
            pid: String::new(),
            spares: String::new(),
            age: String::new(),
            memory: String::new(),
        };
        match kept.state {
            KeptState::Starting => warm.state = "starting",
            KeptState::Unfit => warm.state = "cannot be kept warm",
            KeptState::Running { pid, age: lived, spares, memory_bytes } => {
                warm.state = "ready";
                (warm.pid, warm.spares) = (pid.to_string(), spares.to_string());
                // By the minute: it need not be told anew each second.
                warm.age = if lived.as_secs() < 60 { "under 1 min".into() } else { minutes(lived.as_secs() / 60) };
                warm.memory = size(memory_bytes);
            }
        }
        warm
    }
}

fn minutes(minutes: u64) -> String {
    match minutes {
        0..60 => format!("{minutes} min"),
        60..1440 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} d {} h", minutes / 1440, minutes / 60 % 24),
    }
}

/// What fits into a cell; the log has all of it.
fn cut(target: &str) -> String {
    match target.char_indices().nth(TARGET_MAX) {
        Some((end, _)) => format!("{}…", &target[..end]),
        None => target.to_owned(),
    }
}

/// Characters of a path with its query.
const TARGET_MAX: usize = 200;
