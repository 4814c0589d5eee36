//! `htbin check`: what a configuration file would do, or what is wrong with it. Nothing is started.

use std::io::{self, Write};

use crate::{
    cli,
    config::{self, manual},
    privilege,
    route::Routes,
    tls::Tls,
};

/// Prints what the file would do.
pub(super) fn run(asked: &cli::Check) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if asked.schema {
        writeln!(out, "{:#}", manual::schema())?;
        return Ok(());
    }
    let settings = config::from_file(&asked.file)?;
    // What only opening finds out: directories and programs that are there for somebody else, keys that do not fit.
    privilege::judged(settings.user.as_deref())?;
    if let Some(tls) = &settings.tls {
        Tls::open(tls, &[])?;
    }
    Routes::open(&settings.routes)?;
    write!(out, "{settings}")?;
    Ok(())
}
