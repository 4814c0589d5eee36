//! What the server and a warm interpreter say to each other: one datagram each, fields joined by NUL, the first is the verb.
//! The preludes are the other end.

use super::{Settings, kind::Language};
use crate::{launch::Order, limits::Limits};

/// Octets of an order; what is larger starts ordinarily. As much as the preludes read, and less than a socket takes.
pub(super) const MESSAGE_BYTES_MAX: usize = 120 * 1024;
/// Octets of a message from an interpreter.
pub(super) const REPORT_BYTES_MAX: usize = 4096;
/// Make one spare.
pub(super) const FORK: &[u8] = b"fork";
/// A spare is about to run its script's first code.
pub(super) const TAKEN: &[u8] = b"taken";
/// In place of that: it executes the script ordinarily, as it could not be faithful otherwise.
pub(super) const COLD: &[u8] = b"cold";

/// What an interpreter is started with after its flags: enough to read the prelude, which is the first message.
pub(super) fn boot(language: Language) -> &'static [&'static [u8]] {
    match language {
        Language::Python => &PYTHON_BOOT,
        Language::Perl => &PERL_BOOT,
    }
}

/// The name has the library take the prelude's frame for one of its own: warnings skip it.
static PYTHON_BOOT: [&[u8]; 3] = [
    b"-c",
    b"import os;exec(compile(os.read(0,1<<18),\"<frozen importlib._bootstrap htbin>\",\"exec\"))",
    b"htbin-warm",
];

/// -M5 asks for a version and so leaves no mark on what follows; with -T what was read has to be matched. perl keeps the
/// name of its program for its own messages: the script's is put in its place, and must fit.
static PERL_BOOT: [&[u8]; 2] = [
    b"-M5;BEGIN{binmode STDIN if${^UNICODE}&1;sysread STDIN,my $p,1<<18;($p)=$p=~/(.*)/s;eval $p;die $@ if $@}",
    &LONG_NULL,
];

/// `/dev/null` behind so many slashes that it is 1024 octets long.
static LONG_NULL: [u8; 1024] = {
    let mut name = [b'/'; 1024];
    let null = *b"dev/null";
    let mut at = 0;
    while at < null.len() {
        name[1024 - null.len() + at] = null[at];
        at += 1;
    }
    name
};

/// The first message.
pub(super) fn prelude(language: Language) -> &'static [u8] {
    match language {
        Language::Python => include_bytes!("prelude.py"),
        Language::Perl => include_bytes!("prelude.pl"),
    }
}

/// The second one: what to load ahead.
pub(super) fn settings(settings: &Settings, without: &[String]) -> Vec<u8> {
    let preload = if settings.preload_all { "auto" } else { "stdlib" };
    format!("settings\0preload={preload}\0with={}\0without={}", settings.preload.join(","), without.join(","))
        .into_bytes()
}

/// A script has ended: what it imported can be learnt.
pub(super) fn ended(slot: &[u8], script: &[u8]) -> Vec<u8> {
    [b"ended", slot, script].join(&0)
}

/// The order for a spare; none if it is too large for a message.
pub(super) fn run(order: &Order<'_>, script: &[u8]) -> Option<Vec<u8>> {
    let Limits { cpu_seconds, memory_bytes, processes, file_bytes } = order.limits;
    let mut message = Vec::with_capacity(512 + order.environment.len());
    let mut add = |field: &[u8]| {
        message.extend_from_slice(field);
        message.push(0);
    };
    for field in [b"run", order.directory, script, order.program] {
        add(field);
    }
    for limit in [cpu_seconds, memory_bytes, processes, file_bytes] {
        add(limit.map(|limit| limit.to_string()).unwrap_or_default().as_bytes());
    }
    add(order.arguments.len().to_string().as_bytes());
    order.arguments.iter().for_each(|argument| add(argument));
    // The last NUL would begin another field.
    message.extend_from_slice(order.environment.strip_suffix(b"\0").unwrap_or(order.environment));
    (message.len() <= MESSAGE_BYTES_MAX).then_some(message)
}

/// What an interpreter says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It is ready; its version.
    Ready(String),
    /// A spare: its process and what names it to the interpreter. Its socket comes beside.
    Spare { pid: i32, slot: Box<[u8]> },
    /// It has learnt something; spares made before know less.
    Stale,
    /// It cannot load this module ahead, for this reason, and ends.
    Without(String, String),
    /// It cannot be kept warm, and ends.
    Refused(String),
    /// For the log.
    Note(String),
}

impl Report {
    /// Reads a message; none if it is not one.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let mut fields = message.split(|octet| *octet == 0);
        let verb = fields.next()?;
        let mut text = || fields.next().map(|field| String::from_utf8_lossy(field).into_owned());
        Some(match verb {
            b"ready" => Self::Ready(text()?),
            b"spare" => Self::Spare { pid: text()?.parse().ok()?, slot: fields.next()?.into() },
            b"stale" => Self::Stale,
            b"without" => Self::Without(text()?, text()?),
            b"refuse" => Self::Refused(text()?),
            b"note" => Self::Note(text()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_its_fields_in_order() {
        let order = Order {
            program: b"/s/a.py",
            arguments: &[b"/s/a.py", b"x"],
            environment: b"A=1\0B=\0",
            directory: b"/s",
            limits: Limits { cpu_seconds: Some(3), ..Limits::default() },
            new_privileges: false,
            terms: crate::Terms::ORDINARY,
        };
        let message = run(&order, b"/s/a.py").expect("it is small");
        assert_eq!(message, b"run\0/s\0/s/a.py\0/s/a.py\x003\0\0\0\x002\0/s/a.py\0x\0A=1\0B=");
        let large = vec![b'x'; MESSAGE_BYTES_MAX];
        assert_eq!(run(&Order { environment: &large, ..order }, b"/s/a.py"), None);
    }

    #[test]
    fn reports_are_read_and_nonsense_is_not() {
        for (message, expected) in [
            (&b"ready\x003.11.2"[..], Some(Report::Ready("3.11.2".into()))),
            (b"spare\x0077\x003", Some(Report::Spare { pid: 77, slot: (*b"3").into() })),
            (b"stale", Some(Report::Stale)),
            (b"without\0a.b\0a thread", Some(Report::Without("a.b".into(), "a thread".into()))),
            (b"spare\0x\x003", None),
            (b"spare\x0077", None),
            (b"", None),
            (b"sparerib", None),
        ] {
            assert_eq!(Report::read(message), expected, "{}", message.escape_ascii());
        }
    }
}
