//! `htbin new`, from its words to what a person does next.

use std::{
    io::{self, Write},
    path::{Component, Path},
};

use super::lint;
use crate::{
    cli,
    diagnosis::quoted,
    new::{self, Made},
};

/// Writes a first script, and tells how to see it.
pub(super) fn run(asked: &cli::New) -> anyhow::Result<()> {
    let made = new::write(&asked.name, asked.lang)?;
    let mut out = io::stdout().lock();
    let mut row = |word: &str, text: &str| writeln!(out, "{word:>8}  {text}");
    row("made", &quoted(&made.file))?;
    if let Some(compile) = &made.compile {
        row("compile", compile)?;
    }
    match url(&made) {
        Some(url) => {
            row("serve", "htbin")?;
            row("look at", &format!("http://127.0.0.1:8000/{url}?name=Ada"))?;
        }
        None => row("serve", "from a directory whose cgi-bin/ it lies in; or wherever it lies: htbin --cgi-dir .")?,
    }
    if made.compile.is_none() {
        row("check", &format!("htbin lint {}", quoted(&made.file)))?;
        // Such as an interpreter that is not on this machine.
        for finding in lint::of_file(&made.file)? {
            row("but", &format!("{}; {}", finding.diagnosis.cause, finding.diagnosis.fix))?;
            if let Some(command) = &finding.diagnosis.command {
                row("", command)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// Its path on a server that is started here.
fn url(made: &Made) -> Option<String> {
    let mut parts = made.program.components().filter(|part| *part != Component::CurDir);
    let directory = parts.next()?.as_os_str().to_str()?;
    let is_served = matches!(directory, "cgi-bin" | "htbin");
    let name = Path::new(parts.next()?.as_os_str());
    (is_served && parts.next().is_none()).then(|| {
        let name = percent_encoding::percent_encode(name.as_os_str().as_encoded_bytes(), ENCODED);
        format!("{directory}/{name}")
    })
}

/// All but what RFC 3986 §2.3 leaves as it is.
const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
