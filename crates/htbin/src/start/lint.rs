//! `htbin lint`, from its words to its exit status; and the row that the banner has of it.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use rustix::termios::tcgetwinsize;

use crate::{
    cli,
    config::{self, Settings},
    diagnosis::{Runner, quoted},
    lint::{self, Bounds, Report},
    privilege,
};

/// Looks at what was named, mends it if asked to, and says what is left.
pub(super) fn run(asked: &cli::Lint) -> anyhow::Result<ExitCode> {
    let settings = config::from_flags(&asked.flags)?;
    let runner = privilege::judged(settings.user.as_deref())?;
    let lint = of(&settings, runner, Bounds::ASKED).context("there is no site to look at")?;
    let here = [PathBuf::from(".")];
    let paths = if asked.paths.is_empty() { &here[..] } else { &asked.paths };
    let mut report = look(&lint, paths)?;
    let mut out = io::stdout().lock();
    if asked.fix {
        let mendings = lint::mend(&report.findings);
        // An array is for programs; what was done is for people all the same.
        if asked.json {
            lint::mendings(&mut io::stderr().lock(), &mendings)?;
        } else {
            lint::mendings(&mut out, &mendings)?;
        }
        report = look(&lint, paths)?;
    }
    if asked.json {
        lint::json(&mut out, &report)?;
    } else {
        let columns = tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        lint::text(&mut out, &report, columns)?;
    }
    out.flush()?;
    for (path, error) in &report.closed {
        writeln!(io::stderr(), "htbin: cannot look into {}: {error}; look as a user who may", quoted(path))?;
    }
    let is_clean = report.findings.is_empty() && report.closed.is_empty();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with this file for a server that is started here without flags.
pub(super) fn of_file(file: &Path) -> anyhow::Result<Vec<lint::Finding>> {
    let words = ["htbin".into()];
    let cli::Invocation::Serve(flags) = cli::parse(words, [])? else { return Ok(Vec::new()) };
    let settings = config::from_flags(&flags)?;
    let Some(lint) = of(&settings, privilege::judged(None)?, Bounds::ASKED) else { return Ok(Vec::new()) };
    Ok(lint::look(&lint, file)?.findings)
}

fn look(lint: &lint::Settings, paths: &[PathBuf]) -> Result<Report, lint::Error> {
    let mut report = Report::default();
    for path in paths {
        report.join(lint::look(lint, path)?);
    }
    Ok(report)
}

fn of(settings: &Settings, runner: Runner, bounds: Bounds) -> Option<lint::Settings> {
    Some(lint::Settings {
        site: settings.site()?.clone(),
        search_path: settings.rule().scripts.search_path(),
        runner: Arc::new(runner),
        bounds,
    })
}

/// What the banner says of the scripts that are served, if there is anything to say.
pub(super) fn row(settings: &Settings) -> Option<(&'static str, String)> {
    let site = settings.site().filter(|site| site.cgi)?;
    let lint = of(settings, privilege::runner(), Bounds::BANNER)?;
    let report = lint::look(&lint, &site.root).ok()?;
    // From where htbin was started, so that the words can be typed as they are.
    let here = std::env::current_dir().ok();
    let root: &Path = &site.root;
    let whole = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let place = if here.is_some_and(|here| whole == here) { String::new() } else { format!(" {}", quoted(root)) };
    let found = match (report.findings.len(), report.is_cut) {
        // A large site of files is nothing to tell.
        (0, _) if !report.are_scripts_cut => return None,
        (0, _) => "not all was looked at".to_owned(),
        (1, false) => "1 finding".to_owned(),
        (count, false) => format!("{count} findings"),
        (count, true) => format!("at least {count} findings"),
    };
    Some(("lint", format!("{found}; see htbin lint{place}")))
}
