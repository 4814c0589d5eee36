//! What a look at a script's file shows: rights, first line, interpreter. Nothing is run.

mod interpreter;
mod start;

use std::{
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use htbin_spawn::{LaunchError, Stage};
use rustix::{
    fs::{OFlags, StatVfsMountFlags, statvfs},
    io::Errno,
};

use super::{
    Code, Diagnosis, Evidence, LET_PASS, Subject, quoted,
    runner::{Right, Runner},
};

/// What keeps this file from running as a script, the first obstacle first; empty if nothing is seen.
pub fn look(subject: &Subject) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    found.extend(way(subject));
    let Ok(metadata) = std::fs::metadata(&subject.program) else { return found };
    if subject.interpreter.is_none() {
        found.extend(rights(subject, &metadata));
    }
    match read_start(&subject.program) {
        Some(start) => {
            found.extend(start::look(subject, &start));
            // A program is not read, only run.
            let is_read = subject.interpreter.is_some() || start.starts_with(b"#!");
            if is_read && !subject.runner.may(&metadata, Right::Read) {
                found.push(unreadable(subject, Some(&metadata)));
            }
        }
        None if subject.interpreter.is_some() => found.push(unreadable(subject, Some(&metadata))),
        None => {}
    }
    found
}

/// Why a file that stands where scripts run is not run at all.
pub(super) fn not_executable(subject: &Subject) -> Diagnosis {
    let Ok(metadata) = std::fs::metadata(&subject.program) else { return execute_bit(subject, None) };
    rights(subject, &metadata).unwrap_or_else(|| execute_bit(subject, Some(&metadata)))
}

/// Why a file may not even be looked at.
pub(super) fn unreachable(subject: &Subject) -> Diagnosis {
    way(subject).unwrap_or_else(|| unreadable(subject, std::fs::metadata(&subject.program).ok().as_ref()))
}

/// Why the kernel would not start it: what a look shows, and else what the kernel said.
pub(super) fn not_started(subject: &Subject, error: &LaunchError) -> Diagnosis {
    let shown = quoted(&subject.program);
    let &LaunchError::Failed { stage, errno } = error else {
        let fix = "try again; if it stays, the log of htbin says more";
        return Diagnosis::new(Code::NotStarted, format!("{shown} was not started: {error}"), fix);
    };
    if let Some(first) = look(subject).into_iter().next() {
        return first;
    }
    let said = std::io::Error::from(errno);
    let fix = match (stage, errno) {
        (Stage::Fork, Errno::AGAIN) | (Stage::Limits, _) => {
            return Diagnosis::new(
                Code::ProcessLimit,
                format!("the system makes no more processes for user {}: {said}", subject.runner.name),
                "end some of them, or raise the limit (--nproc, ulimit -u)",
            );
        }
        (_, Errno::TXTBSY) => "it is being written to; close it, then ask again",
        (_, Errno::NOMEM) => "the machine is out of memory; end something, or raise --memory",
        (_, Errno::NAMETOOLONG | Errno::TOOBIG) => {
            "its arguments and environment are too large; ask with a shorter query"
        }
        (_, Errno::LOOP) => {
            "its interpreter is a script whose interpreter is a script…; name a program in the first line"
        }
        _ => "run it by hand as that user to see more",
    };
    Diagnosis::new(Code::NotStarted, format!("{shown} was not started: {stage} failed: {said}"), fix)
}

/// What a look at the file shows that an interpreter stumbled over after it had been started.
pub(super) fn seen_after(subject: &Subject, evidence: &Evidence) -> Option<Diagnosis> {
    let stderr = evidence.stderr.as_deref().unwrap_or_default();
    let stumbled = stderr.is_empty() || stderr.contains("No such file") || stderr.contains("ermission denied");
    let is_known = |found: &Diagnosis| {
        matches!(
            found.code,
            Code::EmptyScript
                | Code::CarriageReturn
                | Code::EnvFindsNothing
                | Code::ScriptUnreadable
                | Code::ByteOrderMark
        )
    };
    // env tells of a carriage return with its own words; a shell that got one says anything.
    look(subject).into_iter().find(|found| is_known(found) && (stumbled || found.code == Code::CarriageReturn))
}

fn way(subject: &Subject) -> Option<Diagnosis> {
    let stopped = subject.runner.stopped_at(&subject.program)?;
    let name = &subject.runner.name;
    let cause = format!("user {name}, whom scripts run as, may not enter {}", quoted(&stopped));
    let fix = format!("{LET_PASS}, or serve as a user who may (--user)");
    Some(Diagnosis::new(Code::DirectoryUnreachable, cause, fix).letting_pass(&stopped))
}

/// Execute bits, and file systems that do not heed them.
fn rights(subject: &Subject, metadata: &Metadata) -> Option<Diagnosis> {
    if !subject.runner.may(metadata, Right::Execute) {
        return Some(execute_bit(subject, Some(metadata)));
    }
    let is_noexec = |file: &Path| statvfs(file).is_ok_and(|of| of.f_flag.contains(StatVfsMountFlags::NOEXEC));
    is_noexec(&subject.program).then(|| noexec(&subject.program))
}

fn execute_bit(subject: &Subject, metadata: Option<&Metadata>) -> Diagnosis {
    let shown = quoted(&subject.program);
    let (cause, command) = match metadata {
        Some(metadata) if metadata.mode() & 0o111 != 0 => (
            format!(
                "{shown} may be executed by others, but not by user {}, whom scripts run as (mode {:04o})",
                subject.runner.name,
                metadata.mode() & 0o7777
            ),
            format!("chmod a+rx {shown}"),
        ),
        _ => (format!("{shown} has no execute bit, so it does not run"), format!("chmod +x {shown}")),
    };
    let fix = "set the execute bit, or let an interpreter run such files: --interpreter .py=python3";
    Diagnosis::new(Code::NotExecutable, cause, fix).with_command(command)
}

fn noexec(file: &Path) -> Diagnosis {
    let mount = mount_of(file);
    let shown = quoted(&mount);
    let cause = format!("{} lies on a file system that runs no programs ({shown} is mounted noexec)", quoted(file));
    let fix =
        "move the scripts to another file system, name their interpreter (--interpreter .py=python3), or remount it";
    Diagnosis::new(Code::NoexecMount, cause, fix).with_command(format!("mount -o remount,exec {shown}"))
}

/// Where the file system of this file is mounted.
fn mount_of(file: &Path) -> PathBuf {
    let device = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.dev());
    let here = device(file);
    let last = file.ancestors().skip(1).take_while(|way| device(way) == here).last();
    last.unwrap_or(Path::new("/")).to_owned()
}

pub(super) fn unreadable(subject: &Subject, metadata: Option<&Metadata>) -> Diagnosis {
    let (shown, name) = (quoted(&subject.program), &subject.runner.name);
    let cause = format!("{shown} may not be read by user {name}, whom scripts run as");
    let fix = "let that user read it: its interpreter has to";
    let class = metadata.map_or('o', |metadata| subject.runner.class(metadata));
    Diagnosis::new(Code::ScriptUnreadable, cause, fix).with_command(format!("chmod {class}+r {shown}"))
}

/// The start of a file; none if it cannot be read.
fn read_start(file: &Path) -> Option<Vec<u8>> {
    // What is no regular file shall hold nobody.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(file).ok()?;
    let mut start = Vec::new();
    file.take(START_BYTES_MAX).read_to_end(&mut start).ok()?;
    Some(start)
}

/// May this user run that file, and reach it? For interpreters.
fn is_runnable(runner: &Runner, file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && runner.may(&metadata, Right::Execute))
}

/// The first file of that name that the user may run in the directories of a PATH.
pub(super) fn search(subject: &Subject, name: &str) -> Option<PathBuf> {
    std::env::split_paths(&subject.search_path)
        .map(|way| way.join(name))
        .find(|file| is_runnable(&subject.runner, file))
}

/// What is looked at of a file: the first line, and the header of a program.
const START_BYTES_MAX: u64 = 8192;
