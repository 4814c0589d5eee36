//! What the end of a script says: a signal, a limit, an exit status.

use htbin_cgi::Error;
use htbin_spawn::Exit;

use super::{Code, Diagnosis, Evidence, Subject, quoted};

/// When it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    BeforeOutput,
    InHead,
    AfterHead,
}

impl When {
    pub(super) fn of(error: &Error) -> Self {
        if matches!(error, Error::Empty) { Self::BeforeOutput } else { Self::InHead }
    }

    fn words(self) -> &'static str {
        match self {
            Self::BeforeOutput => "before it wrote anything",
            Self::InHead => "before its head was complete",
            Self::AfterHead => "after its head, so the answer was cut",
        }
    }
}

/// What a signal, or a status that has a meaning of its own, comes from.
pub(super) fn of_exit(subject: &Subject, evidence: &Evidence, when: When) -> Option<Diagnosis> {
    match evidence.exit? {
        Exit::Signal(signal) => Some(of_signal(subject, signal, when)),
        // What env and every shell say then.
        Exit::Code(127) if when != When::AfterHead => Some(Diagnosis::new(
            Code::CommandNotFound,
            "exit status 127: a program was not found, one that the script calls or that env in its first line asks for",
            "install it, or write its whole path in the script: the PATH of scripts is short",
        )),
        Exit::Code(126) if when != When::AfterHead => Some(Diagnosis::new(
            Code::PermissionDenied,
            "exit status 126: a program that the script calls may not be executed",
            format!("let user {}, whom scripts run as, execute it", subject.runner.name),
        )),
        Exit::Code(_) | Exit::Unknown => None,
    }
}

/// An exit status that means no more than that it failed.
pub(super) fn of_status(subject: &Subject, evidence: &Evidence) -> Diagnosis {
    let cause = match evidence.exit {
        Some(Exit::Code(code)) => format!("the script ended with exit status {code} before it had answered"),
        _ => "the script ended before it had answered".to_owned(),
    };
    let fix = match evidence.stderr {
        Some(_) => "read what it wrote to stderr, and run it by hand",
        None => "run it by hand, and let it write to stderr what it does",
    };
    Diagnosis::new(Code::ExitStatus, cause, fix).with_command(format!("htbin run {}", quoted(&subject.program)))
}

fn of_signal(subject: &Subject, signal: i32, when: When) -> Diagnosis {
    let (name, limits) = (name_of(signal), &subject.limits);
    let cause = format!("signal {name} ended the script {}", when.words());
    match signal {
        4 | 5 | 6 | 7 | 8 | 11 | 31 => {
            let memory = match limits.memory_bytes {
                Some(bytes) => {
                    format!("; its memory is limited to {} (--memory), which some programs take badly", size(bytes))
                }
                None => String::new(),
            };
            let fix = "mend the crash: run it by hand in a debugger, or with its interpreter's own checks";
            Diagnosis::new(Code::Crashed, format!("the script crashed: {cause}{memory}"), fix)
        }
        24 => cpu(subject, &cause),
        9 if limits.cpu_seconds.is_some() => cpu(subject, &cause),
        9 => Diagnosis::new(
            Code::Killed,
            cause,
            "find out who sent it: if `dmesg` tells of memory, the machine had none left; limit scripts with --memory",
        ),
        25 => Diagnosis::new(Code::OutputLimit, cause, "it wrote a file larger than may be; write less (ulimit -f)"),
        _ => {
            Diagnosis::new(Code::Killed, cause, "find out who sent it: the script itself, one of its own, or a person")
        }
    }
}

fn cpu(subject: &Subject, cause: &str) -> Diagnosis {
    let limit = subject.limits.cpu_seconds.map(|seconds| format!(" of {seconds} s")).unwrap_or_default();
    let cause = format!("{cause}: it used more processor time than its limit{limit} (--cpu)");
    Diagnosis::new(Code::CpuLimit, cause, "let it do less, look for a loop without end, or raise --cpu")
}

/// No head in time.
pub(super) fn head_time(subject: &Subject, evidence: &Evidence) -> Diagnosis {
    let cause = format!(
        "the script had not written a whole head after {:?} (--timeout), and was ended",
        subject.limits.head_time
    );
    let fix = if evidence.stderr.is_some() {
        "see in its stderr how far it came; print and flush the head early, or raise --timeout"
    } else {
        "print and flush the head early, do not read more of stdin than CONTENT_LENGTH, or raise --timeout"
    };
    Diagnosis::new(Code::TimeLimit, cause, fix)
}

/// Silent after its head.
pub(super) fn idle_time(subject: &Subject) -> Diagnosis {
    let cause = format!("the script wrote nothing for {:?} (--idle-timeout), and was ended", subject.limits.idle_time);
    Diagnosis::new(Code::IdleLimit, cause, "write something now and then and flush it, or raise --idle-timeout")
}

/// Too much output.
pub(super) fn output(subject: &Subject) -> Diagnosis {
    let limit = subject.limits.output_bytes.map(size).unwrap_or_default();
    let cause = format!("the script wrote more than {limit} (--max-output), and was ended");
    Diagnosis::new(Code::OutputLimit, cause, "let it write less, look for a loop without end, or raise --max-output")
}

/// An amount of memory, in words.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} octets"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

fn name_of(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| signal.to_string(), |(_, name)| format!("{signal} ({name})"))
}

/// Those that end programs, by their numbers on Linux (signal(7)).
const SIGNALS: [(i32, &str); 16] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (31, "SIGSYS"),
];
