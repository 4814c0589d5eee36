//! `htbin import`: prints the configuration of another server as one of htbin's, and says how much of it is left.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::{cli, import};

/// Prints it.
pub(super) fn run(asked: &cli::Import) -> anyhow::Result<ExitCode> {
    let translation = import::translate(asked.server, &asked.file)?;
    io::stdout().lock().write_all(translation.text.as_bytes())?;
    let told = match translation.left {
        0 => return Ok(ExitCode::SUCCESS),
        1 => "1 directive is not translated: it stands".to_owned(),
        left => format!("{left} directives are not translated: they stand"),
    };
    _ = writeln!(io::stderr(), "htbin: {told} at the end, as comments");
    Ok(if asked.strict { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
