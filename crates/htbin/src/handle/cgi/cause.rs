//! Why a script failed, in one plain sentence: it could not be started, or it ended before its head was complete. Says
//! only what is known for sure.

use htbin_cgi::Error;
use htbin_spawn::{Exit, FirstLine, LaunchError, Stage};
use rustix::io::Errno;

use crate::site::Script;

/// Why it could not be started.
pub(super) fn of_launch(error: &LaunchError, script: &Script) -> String {
    let program = script.interpreter().unwrap_or(script.program()).display();
    let LaunchError::Failed { stage: Stage::Exec, errno } = error else { return format!("{program}: {error}") };
    if script.interpreter().is_some() {
        return format!("{program}: {error}");
    }
    let line = FirstLine::of(script.program());
    let why = match (line, *errno) {
        (FirstLine::Asks { carriage_return: true, .. }, Errno::NOENT) => {
            "its first line ends in a carriage return; save it with line ends of UNIX".to_owned()
        }
        (FirstLine::Asks { interpreter, .. }, Errno::NOENT) if interpreter.is_relative() => format!(
            "its first line asks for {name} without a path; #!/usr/bin/env {name} finds it",
            name = interpreter.display()
        ),
        (FirstLine::Asks { interpreter, .. }, Errno::NOENT) => format!(
            "its first line asks for {}, which is not there; install it, or name another one",
            interpreter.display()
        ),
        (FirstLine::Asks { interpreter, .. }, Errno::ACCESS) => {
            format!("its first line asks for {}, which may not be executed", interpreter.display())
        }
        (FirstLine::Other, Errno::NOEXEC) => {
            "it has no first line like #!/bin/sh and is no program of this machine".to_owned()
        }
        (FirstLine::Other, Errno::NOENT) => "it, or the loader it was linked for, is not there".to_owned(),
        (_, Errno::ACCESS) => "the user who serves may not execute it; chmod +x allows that to all".to_owned(),
        (_, errno) => format!("{stage} failed: {}", std::io::Error::from(errno), stage = Stage::Exec),
    };
    format!("{program}: {why}")
}

/// Why its output ended before its head did.
pub(super) fn of_end(error: &Error, exit: Option<Exit>) -> String {
    let when = match error {
        Error::Empty => "before it wrote anything",
        _ => "before its head was complete",
    };
    match exit {
        Some(Exit::Signal(signal)) => format!("signal {signal}{} ended the script {when}", name_of(signal)),
        // What env and every shell say then.
        Some(Exit::Code(127)) if matches!(error, Error::Empty | Error::Unterminated) => {
            "exit status 127: a program was not found, one that the script calls or that env in its first line asks for"
                .to_owned()
        }
        Some(Exit::Code(code)) if code != 0 => format!("{error}; exit status {code}"),
        Some(Exit::Code(_) | Exit::Unknown) | None => error.to_string(),
    }
}

fn name_of(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(number, _)| *number == signal);
    known.map(|(_, name)| format!(" ({name})")).unwrap_or_default()
}

/// Those that end programs, by their numbers on Linux (signal(7)).
const SIGNALS: [(i32, &str); 14] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (31, "SIGSYS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_says_why() {
        let told = |error, exit| of_end(&error, Some(exit));
        let nothing = "the script wrote nothing; print a Content-Type field, an empty line, then the body";
        assert_eq!(told(Error::Empty, Exit::Code(0)), nothing);
        assert_eq!(told(Error::Empty, Exit::Code(3)), format!("{nothing}; exit status 3"));
        assert_eq!(told(Error::Empty, Exit::Signal(9)), "signal 9 (SIGKILL) ended the script before it wrote anything");
        assert_eq!(
            told(Error::Unterminated, Exit::Signal(35)),
            "signal 35 ended the script before its head was complete"
        );
        assert!(told(Error::Empty, Exit::Code(127)).starts_with("exit status 127: a program was not found"));
        let wrong = told(Error::NoFields, Exit::Code(127));
        assert!(wrong.starts_with("the output starts with an empty line") && wrong.ends_with("; exit status 127"));
    }
}
