//! Figures of each script. Only so many scripts have their own: whoever makes up addresses cannot make them grow.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use htbin_spawn::Usage;

/// Figures of one script.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Exchanges that ran it, or were to.
    pub runs: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// How many took no longer than each of [`BUCKETS`], and longer than the one before; the last one has the rest.
    pub buckets: [u64; BUCKETS.len() + 1],
    /// How long all of them took together.
    pub took: Duration,
    /// The last runs, the oldest first.
    pub recent: VecDeque<Run>,
    /// Its processes that have ended.
    pub processes: u64,
    /// The most memory one of its processes held, in octets.
    pub memory_bytes: u64,
    /// Processor time of its processes.
    pub processor: Duration,
}

/// One run of a script.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From the head of the request to the end of the answer.
    pub took: Duration,
    /// From the order to the process, if it was started.
    pub start: Option<Duration>,
    /// It failed.
    pub has_failed: bool,
}

impl Figures {
    /// Of the last runs, in thousandths: 500 is the median.
    pub fn quantile(&self, thousandths: usize) -> Duration {
        let mut took: Vec<_> = self.recent.iter().map(|run| run.took).collect();
        took.sort_unstable();
        // The smallest one that so many are not above (nearest rank).
        let rank = (took.len() * thousandths).div_ceil(1000).max(1);
        took.get(rank - 1).copied().unwrap_or_default()
    }

    /// The mean time to start it, of the last runs.
    pub fn mean_start(&self) -> Option<Duration> {
        let starts = || self.recent.iter().filter_map(|run| run.start);
        let count = u32::try_from(starts().count()).ok().filter(|count| *count > 0)?;
        Some(starts().sum::<Duration>() / count)
    }

    fn record(&mut self, run: &Run) {
        self.runs += 1;
        self.failures += u64::from(run.has_failed);
        let seconds = run.took.as_secs_f64();
        self.buckets[BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS.len())] += 1;
        self.took += run.took;
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(*run);
    }
}

#[derive(Debug, Default)]
pub(super) struct Scripts(HashMap<Arc<str>, Figures>);

impl Scripts {
    pub(super) fn record(&mut self, name: &str, run: &Run) {
        self.of(name).record(run);
    }

    pub(super) fn gone(&mut self, name: &str, usage: Usage) {
        let figures = self.of(name);
        figures.processes += 1;
        figures.memory_bytes = figures.memory_bytes.max(usage.memory_bytes);
        figures.processor += usage.processor;
    }

    pub(super) fn told(&self) -> Vec<(Arc<str>, Figures)> {
        let mut all: Vec<_> = self.0.iter().map(|(name, figures)| (Arc::clone(name), figures.clone())).collect();
        all.sort_by(|(one, _), (other, _)| (&**one == OTHER).cmp(&(&**other == OTHER)).then_with(|| one.cmp(other)));
        all
    }

    fn of(&mut self, name: &str) -> &mut Figures {
        // Not by `entry`: nearly always it is there, and its name need not be copied.
        let is_known = self.0.contains_key(name);
        let own = if is_known || self.0.len() < SCRIPTS_MAX { name } else { OTHER };
        if !is_known && !self.0.contains_key(own) {
            self.0.insert(own.into(), Figures::default());
        }
        self.0.get_mut(own).expect("it was put there")
    }
}

/// Scripts with figures of their own.
pub const SCRIPTS_MAX: usize = 50;
/// The name of all other scripts together. A script's own name starts with a slash.
pub const OTHER: &str = "other";
/// Upper bounds of durations in seconds: from a warm script to the longest time limit.
pub const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
/// Runs of one script that are remembered.
const RECENT_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn run(milliseconds: u64) -> Run {
        Run { took: Duration::from_millis(milliseconds), start: None, has_failed: milliseconds.is_multiple_of(10) }
    }

    #[test]
    fn quantiles_are_of_the_last_runs() {
        let mut figures = Figures::default();
        assert_eq!(figures.quantile(500), Duration::ZERO);
        (1..=1100).for_each(|milliseconds| figures.record(&run(milliseconds)));
        assert_eq!([500, 950, 990, 1000].map(|q| figures.quantile(q).as_millis()), [1050, 1095, 1099, 1100]);
        assert_eq!((figures.runs, figures.failures, figures.recent.len()), (1100, 110, RECENT_MAX));
        assert_eq!(figures.buckets.iter().sum::<u64>(), 1100);
        assert_eq!(figures.buckets[..4], [1, 1, 3, 5]);
        assert_eq!(figures.mean_start(), None);
    }

    #[test]
    fn scripts_without_number_share_their_figures() {
        let mut scripts = Scripts::default();
        for number in 0..60 {
            scripts.record(&format!("/s{number}"), &run(1));
            scripts.gone(&format!("/s{number}"), Usage::default());
        }
        scripts.record("/s0", &run(1));
        let all = scripts.told();
        assert_eq!(all.len(), SCRIPTS_MAX + 1);
        let (name, other) = all.last().expect("there are some");
        assert_eq!((&**name, other.runs, other.processes), (OTHER, 10, 10));
        assert_eq!(all.iter().map(|(_, figures)| figures.runs).sum::<u64>(), 61);
    }
}
