//! The status page, as HTML with a section for each thing it tells, as JSON, and as Prometheus wants it. What stands in it
//! comes from clients and scripts: everything is escaped.

mod chart;
mod json;
mod metrics;
mod nonce;
mod rows;
mod words;

use std::path::PathBuf;

use askama::Template;
use jiff::tz::TimeZone;

pub use self::{
    json::json,
    metrics::{METRICS_TYPE, metrics},
    nonce::Nonce,
};
use self::{
    rows::{Exchange, Failure, Meter, Runs, Script, Warm},
    words::clock,
};
use crate::ledger::{EXCHANGES_MAX, Load, Past, SCRIPTS_MAX, Snapshot};

/// What is to be told.
pub struct View<'a> {
    /// What runs now and what happened lately.
    pub snapshot: Snapshot,
    /// How much of what scripts may take is taken.
    pub load: Load,
    /// What does not change.
    pub machine: &'a Machine,
    /// The zone of the times that people read.
    pub zone: TimeZone,
}

/// What does not change while the server runs.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Whom scripts run as.
    pub user: String,
    /// The directory that is served.
    pub root: PathBuf,
    /// Connections there may be.
    pub connections_max: usize,
}

/// A section of the page, as HTML: an element with an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section(pub String);

/// The page; its buttons carry the token, its script the nonce.
pub fn html(view: &View<'_>, token: &Nonce, nonce: &Nonce) -> String {
    let page = Page {
        now: clock(view.snapshot.now.1, &view.zone),
        root: view.machine.root.display().to_string(),
        user: &view.machine.user,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        began: clock(view.snapshot.began.1, &view.zone),
        sections: sections(view, token),
        nonce: nonce.as_str(),
    };
    page.render().unwrap_or_default()
}

/// The sections of the page, in order.
pub fn sections(view: &View<'_>, token: &Nonce) -> Vec<Section> {
    let Snapshot { running, failures, scripts, exchanges, .. } = &view.snapshot;
    let sections = [
        LoadSection { meters: rows::meters(view) }.render(),
        RunningSection {
            runs: running.iter().map(|running| Runs::of(running, view)).collect(),
            user: &view.machine.user,
            token: token.as_str(),
        }
        .render(),
        Failures::of(failures, view).render(),
        Scripts {
            scripts: scripts.iter().map(|(name, figures)| Script::of(name, figures, view)).collect(),
            max: SCRIPTS_MAX,
        }
        .render(),
        WarmSection { warm: view.load.warm.iter().map(Warm::of).collect() }.render(),
        Exchanges {
            rows: exchanges.iter().map(|past| Exchange::of(past, view)).collect(),
            max: EXCHANGES_MAX,
            steps: chart::STEPS,
        }
        .render(),
    ];
    sections.into_iter().map(|section| Section(section.unwrap_or_default())).collect()
}

/// Nothing is loaded, only the script with this nonce runs, and it talks to nobody but us.
pub fn policy(nonce: &Nonce) -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{}'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        nonce.as_str()
    )
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    now: String,
    root: String,
    user: &'a str,
    version: &'static str,
    pid: u32,
    began: String,
    sections: Vec<Section>,
    nonce: &'a str,
}

#[derive(Template)]
#[template(path = "status/load.html")]
struct LoadSection {
    meters: Vec<Meter>,
}

#[derive(Template)]
#[template(path = "status/running.html")]
struct RunningSection<'a> {
    runs: Vec<Runs>,
    user: &'a str,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "status/failures.html")]
struct Failures {
    last: Vec<Failure>,
    earlier: Vec<Failure>,
}

impl Failures {
    fn of(failures: &[Past], view: &View<'_>) -> Self {
        let mut last: Vec<_> = failures.iter().map(|past| Failure::of(past, view)).collect();
        let earlier = last.split_off(last.len().min(FAILURES_OPEN));
        Self { last, earlier }
    }
}

#[derive(Template)]
#[template(path = "status/scripts.html")]
struct Scripts {
    scripts: Vec<Script>,
    max: usize,
}

#[derive(Template)]
#[template(path = "status/warm.html")]
struct WarmSection {
    warm: Vec<Warm>,
}

#[derive(Template)]
#[template(path = "status/exchanges.html")]
struct Exchanges {
    rows: Vec<Exchange>,
    max: usize,
    steps: [&'static str; 5],
}

/// Failures that are seen at once; a press opens the others.
const FAILURES_OPEN: usize = 5;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::{exchange::ExchangeId, ledger::Ledger};

    #[test]
    fn what_has_ended_changes_no_more() {
        let ledger = Ledger::default();
        ledger.record(Past {
            id: ExchangeId(1),
            ended: SystemTime::now(),
            took: Duration::from_millis(1),
            method: Some(http::Method::GET),
            target: "/".into(),
            status: http::StatusCode::BAD_GATEWAY,
            body_bytes: 1,
            reason: None,
            of_script: None,
        });
        let machine = Machine { user: "nobody".into(), root: "/srv".into(), connections_max: 1 };
        let token = Nonce::new().expect("there are random octets");
        let told = |later: Duration| {
            let mut snapshot = ledger.snapshot();
            // The clock is set; the time that has passed is not.
            snapshot.now.1 += later;
            let load = Load {
                running: 0,
                running_max: 1,
                queued: 0,
                queue_max: 1,
                warm: Vec::new(),
                launcher_memory_bytes: 0,
            };
            sections(&View { snapshot, load, machine: &machine, zone: TimeZone::UTC }, &token)
        };
        assert_eq!(told(Duration::ZERO), told(Duration::from_secs(3600)));
    }
}
