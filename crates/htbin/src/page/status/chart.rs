//! Small pictures, as SVG that stands in the page: shapes with classes, and a sentence for who does not see them.

use std::{fmt::Write as _, time::Duration};

use super::words::{count, lasting};
use crate::{exchange::Timeline, ledger::Figures};

/// What the parts of a timeline stand for.
pub(super) const STEPS: [&str; 5] = ["request", "queue", "start", "script", "answer"];

/// An exchange as a bar: its length tells the whole time, ten times as long by each step; its parts the share of each step.
pub(super) fn timeline(took: Duration, timeline: &Timeline) -> String {
    let all: Duration = timeline.0.iter().flatten().sum();
    let length = length_of(took);
    let mut shapes = String::new();
    let mut at = 0.0;
    for (number, part) in timeline.0.iter().enumerate() {
        let Some(part) = part.filter(|part| !part.is_zero()) else { continue };
        let width = length * part.as_secs_f64() / all.as_secs_f64();
        _ = write!(shapes, r#"<rect class="p{number}" x="{at:.1}" width="{width:.1}" height="10"/>"#);
        at += width;
    }
    let sentence = told(timeline);
    format!(
        r#"<svg class="line" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="{sentence}"><title>{sentence}</title>{shapes}</svg>"#
    )
}

/// The steps with their times.
fn told(timeline: &Timeline) -> String {
    let part = |(name, part): (&&str, &Option<Duration>)| part.map(|part| format!("{name} {}", lasting(part)));
    STEPS.iter().zip(&timeline.0).filter_map(part).collect::<Vec<_>>().join(", ")
}

/// From a hundred microseconds to a hundred seconds.
fn length_of(time: Duration) -> f64 {
    let decades = (time.as_secs_f64() / 0.0001).max(1.0).log10();
    (WIDTH * decades / 6.0).clamp(2.0, WIDTH)
}

/// The last runs of a script as columns, the latest to the right; failures stand out by their colour and a mark below.
pub(super) fn runs(figures: &Figures) -> String {
    let skipped = figures.recent.len().saturating_sub(COLUMNS_MAX);
    let shown = || figures.recent.iter().skip(skipped);
    let (longest, shortest) = (shown().map(|run| run.took).max(), shown().map(|run| run.took).min());
    let (Some(longest), Some(shortest)) = (longest, shortest) else { return String::new() };
    let (amount, failures) = (shown().count(), shown().filter(|run| run.has_failed).count());
    let mut shapes = String::new();
    for (at, run) in shown().enumerate() {
        let share = run.took.as_secs_f64() / longest.as_secs_f64().max(f64::MIN_POSITIVE);
        let height = (share * COLUMN_HEIGHT).max(1.0);
        let (x, y) = ((COLUMNS_MAX - amount + at) * 2, COLUMN_HEIGHT - height);
        let class = if run.has_failed { "bad" } else { "good" };
        _ = write!(shapes, r#"<rect class="{class}" x="{x}" y="{y:.1}" width="1.5" height="{height:.1}"/>"#);
        if run.has_failed {
            _ = write!(shapes, r#"<rect class="bad" x="{x}" y="{MARK_AT}" width="1.5" height="2"/>"#);
        }
    }
    let failed = if failures == 0 { String::new() } else { format!(", {failures} failed") };
    let sentence = match amount {
        1 => format!("one run: {}{failed}", lasting(longest)),
        _ => {
            format!("the last {}: {} to {}{failed}", count(amount, "run", "runs"), lasting(shortest), lasting(longest))
        }
    };
    format!(
        r#"<svg class="runs" viewBox="0 0 {} 24" preserveAspectRatio="none" role="img" aria-label="{sentence}"><title>{sentence}</title>{shapes}</svg>"#,
        COLUMNS_MAX * 2
    )
}

/// How much of something is taken.
pub(super) fn meter(taken: usize, max: usize) -> String {
    let share = if max == 0 { 0.0 } else { (taken as f64 / max as f64).min(1.0) };
    let width = if taken == 0 { 0.0 } else { (share * 100.0).max(1.0) };
    let class = if share >= 0.9 { "full" } else { "some" };
    format!(
        r#"<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="100" height="4"/><rect class="{class}" width="{width:.1}" height="4"/></svg>"#
    )
}

/// The units of a bar that is as long as it can be.
const WIDTH: f64 = 120.0;
const COLUMNS_MAX: usize = 60;
const COLUMN_HEIGHT: f64 = 20.0;
/// Below the columns.
const MARK_AT: f64 = 22.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Run;

    #[test]
    fn a_bar_has_a_part_for_each_step_that_took_time() {
        let ms = |milliseconds| Some(Duration::from_millis(milliseconds));
        let bar = timeline(Duration::from_millis(100), &Timeline([ms(0), ms(25), ms(75), None, None]));
        assert!(bar.contains(r#"aria-label="request 0.00 ms, queue 25 ms, start 75 ms""#), "{bar}");
        // A hundred milliseconds are three of six steps of ten.
        assert!(bar.contains(r#"<rect class="p1" x="0.0" width="15.0""#), "{bar}");
        assert!(bar.contains(r#"<rect class="p2" x="15.0" width="45.0""#) && !bar.contains("p0"), "{bar}");
        assert!(!timeline(Duration::ZERO, &Timeline::default()).contains("NaN"));
    }

    #[test]
    fn columns_are_as_high_as_the_longest_allows() {
        let run = |seconds, has_failed| Run { took: Duration::from_secs(seconds), start: None, has_failed };
        let mut figures = Figures::default();
        assert_eq!(runs(&figures), "");
        figures.recent.extend([run(1, false), run(4, true)]);
        let chart = runs(&figures);
        assert!(chart.contains(r#"aria-label="the last 2 runs: 1.0 s to 4.0 s, 1 failed""#), "{chart}");
        assert!(chart.contains(r#"class="good" x="116" y="15.0" width="1.5" height="5.0""#), "{chart}");
        figures.recent.extend([run(0, false); 80]);
        assert!(!runs(&figures).contains("NaN"), "{}", runs(&figures));
    }

    #[test]
    fn what_is_nearly_full_looks_so() {
        assert!(meter(0, 10).contains(r#"class="some" width="0.0""#));
        assert!(meter(1, 10_000).contains(r#"class="some" width="1.0""#));
        assert!(meter(9, 10).contains(r#"class="full" width="90.0""#));
        assert!(meter(3, 0).contains(r#"width="1.0""#));
    }
}
