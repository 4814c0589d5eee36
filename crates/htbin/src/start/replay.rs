//! `htbin replay`: a failed exchange that was recorded, once more, and what is different now.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    os::fd::AsRawFd,
    process::ExitCode,
};

use similar::TextDiff;

use super::run::{How, Usage, once};
use crate::{
    cli::{ReplayFlags, RequestFlags, RunFlags},
    recording::{Octets, Recording},
};

/// Runs the recorded request again and tells the difference. An answer goes to stdout, all else to stderr.
pub(super) fn run(flags: &ReplayFlags) -> anyhow::Result<ExitCode> {
    let then = Recording::read(&flags.recording)?;
    if let Some(warning) = warning(&then) {
        _ = writeln!(io::stderr(), "htbin: {warning}");
    }
    // It has no name, as whoever this process becomes could not remove one of root's.
    let mut body = tempfile::tempfile()?;
    body.write_all(&octets(&then.request.body)?)?;
    let (ended, now) = once(&request(flags, &then, &format!("@/proc/self/fd/{}", body.as_raw_fd())), true)?;
    _ = io::stderr().write_all(told(&then, now.as_ref(), &ended.how).as_bytes());
    Ok(ended.code())
}

fn octets(octets: &Octets) -> Result<Vec<u8>, Usage> {
    octets.bytes().ok_or_else(|| Usage("the recording holds a body that is no base64".to_owned()))
}

/// The request as `htbin run` takes it.
fn request(flags: &ReplayFlags, then: &Recording, body: &str) -> RunFlags {
    let asked = &then.request;
    // What frames the message follows from the body.
    let is_framing =
        |name: &str| ["content-length", "transfer-encoding", "connection", "upgrade", "expect"].contains(&name);
    let header =
        asked.fields.iter().filter(|(name, _)| !is_framing(name)).map(|(name, value)| format!("{name}: {value}"));
    let has_body = asked.body_bytes > 0 || asked.fields.iter().any(|(name, _)| name == "content-length");
    RunFlags {
        script: then.script.clone(),
        rest: Some(asked.rest.clone()).filter(|rest| !rest.is_empty()),
        request: RequestFlags {
            method: Some(asked.method.clone()),
            data: has_body.then(|| body.into()),
            header: header.collect(),
            raw: false,
            user: flags.user.clone(),
            follow_symlinks: true,
        },
        how: flags.how.clone(),
    }
}

/// What was not kept is not sent.
fn warning(then: &Recording) -> Option<String> {
    let kept = then.request.body.bytes().map_or(0, |bytes| bytes.len() as u64);
    if kept < then.request.body_bytes && !then.is_masked() {
        return Some(format!(
            "of the body's {} octets only the first {kept} were kept, and are sent",
            then.request.body_bytes
        ));
    }
    then.is_masked().then(|| "secrets were hidden when this was recorded, and are sent as they stand there".to_owned())
}

/// Then and now.
fn told(then: &Recording, now: Option<&Recording>, how: &How) -> String {
    let line = |it: &Recording| {
        let ended = it.ended.as_deref().map(|ended| format!(" ({ended})")).unwrap_or_default();
        format!("{} {}: {}{ended}", it.status, it.code, it.cause)
    };
    let mut text = format!("then  {}, {}\n", line(then), then.time);
    let Some(now) = now else {
        let word = match how {
            How::Answered(status) => format!("{}", status.as_u16()),
            How::Cut => "an answer that was cut".to_owned(),
            How::Unread | How::Interrupted => "not known: it was broken off".to_owned(),
        };
        writeln!(text, "now   {word}").expect(IN_MEMORY);
        return text;
    };
    writeln!(text, "now   {}", line(now)).expect(IN_MEMORY);
    let said = |it: &Recording| it.stderr.clone().unwrap_or_default();
    let wrote = |it: &Recording| {
        it.output.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    };
    for (what, then, now) in [("stderr", said(then), said(now)), ("output", wrote(then), wrote(now))] {
        if then != now {
            let diff = TextDiff::from_lines(&then, &now);
            let (old, new) = (format!("{what} then"), format!("{what} now"));
            write!(text, "{}", diff.unified_diff().header(&old, &new)).expect(IN_MEMORY);
        }
    }
    text
}

const IN_MEMORY: &str = "memory takes every octet";
