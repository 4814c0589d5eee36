//! A look at a script that has just changed, told in the terminal where its author is working.

use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    os::unix::{
        ffi::OsStrExt,
        fs::{OpenOptionsExt, PermissionsExt},
    },
    path::Path,
};

use rustix::fs::OFlags;

use super::{Settings, change::Places};
use crate::diagnosis::{Subject, file};

/// Says what keeps this file from running, if it is to run.
pub(super) fn look(path: &Path, places: &Places, settings: &Settings) {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let interpreter = settings.site.interpreter(name).map(Path::to_owned);
    if !settings.site.cgi || !places.run(path) || !(interpreter.is_some() || is_script(path)) {
        return;
    }
    let subject = Subject {
        program: path.to_owned(),
        interpreter,
        search_path: settings.search_path.clone(),
        runner: settings.runner.clone(),
        limits: settings.limits.clone(),
    };
    let found = file::look(&subject);
    let script = path.display();
    if found.is_empty() {
        tracing::debug!(%script, "ok");
    }
    for finding in found {
        let command = finding.command.map(|command| format!(": `{command}`")).unwrap_or_default();
        tracing::warn!("{}; {}{command}", finding.cause, finding.fix);
    }
}

/// Is it meant to run? What others read or import beside the scripts is not.
fn is_script(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else { return false };
    let is_named_so = path.extension().is_some_and(|end| end == "cgi");
    metadata.is_file() && (metadata.permissions().mode() & 0o111 != 0 || is_named_so || starts_with_shebang(path))
}

fn starts_with_shebang(path: &Path) -> bool {
    // What has become a FIFO meanwhile shall hold nobody.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut start = Vec::new();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let read = opened.and_then(|file: File| file.take(START_BYTES).read_to_end(&mut start));
    // An editor that writes a mark before the first line hides the line from the kernel: that is to be told.
    read.is_ok() && start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).starts_with(b"#!")
}

const START_BYTES: u64 = 5;
