//! What a person who may know is shown of a refusal: why, what mends it, and how the script ran.

use std::fmt::Write;

use serde::Serialize;

use super::printable;
use crate::{
    diagnosis::{Diagnosis, Event, Limits, Subject, quoted},
    exchange::Timeline,
    failure::{Examined, Excerpt, Failure, Line, Run},
    refusal::Refusal,
};

/// What is known beside the refusal itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Details<'a> {
    /// The script that failed.
    pub failure: Option<&'a Failure>,
    /// Why it did.
    pub examined: Option<&'a Examined>,
    /// Paths that the client may have meant.
    pub near: &'a [String],
}

/// The same, ready to be shown: nothing in it moves a cursor.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) reason: &'static str,
    pub(super) detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) diagnosis: Option<Diagnosis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) near: Vec<String>,
    pub(super) stderr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<Vec<Line>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Excerpt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<ShownRun>,
}

/// How it ran.
#[derive(Debug, Serialize)]
pub(super) struct ShownRun {
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) by_hand: String,
}

impl Shown {
    pub(super) fn new(refusal: &Refusal, details: &Details<'_>) -> Self {
        let Details { failure, examined, near } = *details;
        let diagnosis = examined.map(|examined| clean(&examined.diagnosis));
        let run = failure.and_then(|failure| Some((failure, failure.run.as_ref()?)));
        Self {
            reason: refusal.word(),
            detail: refusal.detail.as_deref().map(printable),
            diagnosis,
            near: near.to_vec(),
            stderr: failure.and_then(|failure| failure.evidence.stderr.as_deref()).map(printable),
            output: run.and_then(|(failure, run)| output(run, &failure.evidence.event)),
            source: examined.and_then(|examined| examined.source.as_ref()).map(|source| Excerpt {
                file: source.file.clone(),
                lines: source.lines.iter().map(|line| Line { text: printable(&line.text), ..line.clone() }).collect(),
            }),
            run: run.map(|(failure, run)| ShownRun::new(failure, run)),
        }
    }

    /// Is there anything to be shown that the sentence does not say?
    pub(super) fn is_empty(&self) -> bool {
        self.detail.is_none() && self.diagnosis.is_none() && self.near.is_empty()
    }

    /// For a terminal, where the script itself is at hand: nothing of it comes back unless a browser or a program asks.
    pub(super) fn plain(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if let Some(Diagnosis { code, cause, fix, command, .. }) = &self.diagnosis {
            let command = command.as_ref().map(|command| format!("\n     $ {command}")).unwrap_or_default();
            parts.push(format!("Why: {cause} ({code})\nFix: {fix}{command}"));
        }
        parts.extend(self.detail.as_deref().map(|detail| format!("Why: {detail} ({})", self.reason)));
        if !self.near.is_empty() {
            parts.push(format!("Near: {}", self.near.join("  ")));
        }
        parts.extend(self.stderr.as_deref().map(|it| format!("What the script wrote to stderr:\n{}", it.trim_end())));
        parts.extend(
            self.output.as_ref().map(|lines| format!("What it wrote before it was given up:\n{}", numbered(lines))),
        );
        if let Some(run) = &self.run {
            let facts = run.facts.iter().map(|(name, value)| format!("{name:>10}  {value}"));
            parts.push(format!("How it ran:\n{}", facts.collect::<Vec<_>>().join("\n")));
            parts.push(format!("To run it by hand:\n{}", run.by_hand));
        }
        parts
    }
}

impl ShownRun {
    fn new(failure: &Failure, run: &Run) -> Self {
        let variables = run.variables.iter().map(|(name, value)| (printable(name), printable(value)));
        Self { facts: facts(failure, run), variables: variables.collect(), by_hand: by_hand(&failure.subject, run) }
    }
}

fn facts(failure: &Failure, run: &Run) -> Vec<(&'static str, String)> {
    let subject = &failure.subject;
    let shown = |path: &std::path::Path| printable(&path.display().to_string());
    let address = match &run.path_info {
        Some(rest) => {
            let rest = String::from_utf8_lossy(rest);
            format!("{} is {}; {rest} is PATH_INFO", run.script_name, shown(&subject.program))
        }
        None => format!("{} is {}", run.script_name, shown(&subject.program)),
    };
    let mut facts = vec![("Address", printable(&address))];
    facts.extend(failure.ending().map(|ending| ("Ended", ending)));
    facts.push((
        "Started",
        match run.start {
            Some(start) if start.word() == "warm" => "in a warm interpreter".to_owned(),
            Some(_) => "as a new process".to_owned(),
            None => "not at all".to_owned(),
        },
    ));
    facts.push(("Time", times(&run.timeline)));
    facts.push(("Limits", limits(&subject.limits)));
    facts.push(("User", format!("{} ({})", subject.runner.name, subject.runner.uid)));
    facts.push(("Directory", shown(&run.directory)));
    facts.extend(subject.interpreter.as_deref().map(|it| ("Interpreter", shown(it))));
    if !run.arguments.is_empty() {
        facts.push(("Arguments", run.arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")));
    }
    facts.extend(run.body_bytes.map(|bytes| ("Body", format!("{bytes} octets on stdin"))));
    facts
}

fn times(timeline: &Timeline) -> String {
    let steps = ["body", "queue", "start", "run"].iter().zip(timeline.0);
    let shown = steps.filter_map(|(step, took)| Some(format!("{step} {:.1} ms", took?.as_secs_f64() * 1000.0)));
    shown.collect::<Vec<_>>().join(", ")
}

fn limits(limits: &Limits) -> String {
    let mut shown = format!("head {:?}, silence {:?}", limits.head_time, limits.idle_time);
    for (name, limit) in [
        ("output", limits.output_bytes),
        ("memory", limits.memory_bytes),
        ("cpu seconds", limits.cpu_seconds),
        ("processes", limits.processes),
    ] {
        if let Some(limit) = limit {
            write!(shown, ", {name} {limit}").expect("memory takes every octet");
        }
    }
    shown
}

/// A command for a shell that starts it the same way. What is hidden stays hidden.
fn by_hand(subject: &Subject, run: &Run) -> String {
    let variables = run.variables.iter().map(|(name, value)| quoted(format!("{name}={value}")));
    let program = subject.interpreter.iter().chain([&subject.program]).map(quoted);
    let words = program.chain(run.arguments.iter().map(quoted)).collect::<Vec<_>>().join(" ");
    let stdin = if run.body_bytes.is_some() { "<BODY" } else { "</dev/null" };
    let variables = variables.collect::<Vec<_>>().join(" \\\n  ");
    format!("cd {} && env -i \\\n  {variables} \\\n  {words} {stdin}", quoted(&run.directory))
}

/// The lines of what a script wrote, the one at fault marked.
fn output(run: &Run, event: &Event) -> Option<Vec<Line>> {
    let faulty = match event {
        Event::Head(error) => error.line(),
        _ => None,
    };
    let text = String::from_utf8_lossy(&run.output);
    let lines = text.lines().take(OUTPUT_LINES_MAX).enumerate().map(|(index, text)| Line {
        number: index + 1,
        text: printable(&text.chars().take(LINE_CHARACTERS_MAX).collect::<String>()),
        is_faulty: faulty == Some(index + 1),
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then_some(lines)
}

fn numbered(lines: &[Line]) -> String {
    let shown = lines.iter().map(|line| {
        let mark = if line.is_faulty { '>' } else { ' ' };
        format!("{mark} {:>4}  {}", line.number, line.text)
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Names of files may be anything, and so may what a script says.
fn clean(diagnosis: &Diagnosis) -> Diagnosis {
    Diagnosis {
        cause: printable(&diagnosis.cause),
        fix: printable(&diagnosis.fix),
        command: diagnosis.command.as_deref().map(printable),
        ..diagnosis.clone()
    }
}

const OUTPUT_LINES_MAX: usize = 24;
const LINE_CHARACTERS_MAX: usize = 240;
