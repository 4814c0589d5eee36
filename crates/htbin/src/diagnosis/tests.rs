//! Diagnoses of scripts that lie in a folder, without running them.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn script(&self, name: &str, content: &[u8], mode: u32) -> Subject {
        let program = self.0.path().join(name);
        fs::write(&program, content).expect("it is written");
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).expect("its mode is set");
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Subject {
            program,
            interpreter: None,
            search_path: "/usr/local/bin:/usr/bin:/bin".into(),
            runner: Arc::new(Runner { name: "me".into(), uid, groups: vec![gid] }),
            limits: Limits { head_time: Duration::from_secs(60), ..Limits::default() },
        }
    }

    fn seen(&self, content: &[u8]) -> Option<Diagnosis> {
        file::look(&self.script("a.cgi", content, 0o755)).into_iter().next()
    }
}

#[test]
fn a_look_at_the_file_shows() {
    let folder = Folder::new();
    let code = |content: &[u8]| folder.seen(content).map(|found| found.code);
    assert_eq!(code(b"#!/bin/sh\necho\n"), None);
    assert_eq!(code(b"#!/usr/bin/env perl\n"), None);
    assert_eq!(code(&fs::read("/bin/true").expect("it is there")), None);
    for (content, expected) in [
        (&b""[..], Code::EmptyScript),
        (b"\xef\xbb\xbf#!/bin/sh\n", Code::ByteOrderMark),
        (b"\xff\xfe#\0!\0", Code::ByteOrderMark),
        (b"#!/bin/sh\r\necho\r\n", Code::CarriageReturn),
        (b"#!/usr/bin/env perl\r\n", Code::CarriageReturn),
        (b"echo hello\n", Code::NoFirstLine),
        (b"\n#!/bin/sh\n", Code::NoFirstLine),
        (b"MZ\0\x01\0\0", Code::WrongArchitecture),
        (b"#!/no/such/sh\n", Code::InterpreterMissing),
        (b"#!perl\n", Code::InterpreterMissing),
        (b"#!/usr/bin\n", Code::InterpreterIsDirectory),
        (b"#!/etc/passwd\n", Code::InterpreterNotExecutable),
        (b"#!/usr/bin/env nosuchthing\n", Code::EnvFindsNothing),
        (b"#!/usr/bin/env perl -w\n", Code::EnvFindsNothing),
    ] {
        assert_eq!(code(content), Some(expected), "{}", content.escape_ascii());
    }
}

#[test]
fn the_right_first_line_is_named() {
    let folder = Folder::new();
    let command = |content: &[u8]| folder.seen(content).and_then(|found| found.command).unwrap_or_default();
    assert!(command(b"#!/usr/local/bin/perl\n").starts_with("sed -i '1s|.*|#!/usr/bin/perl|' "));
    assert!(command(b"#!/usr/bin/env python2\n").starts_with("sed -i '1s|.*|#!/usr/bin/env python3|' "));
    assert!(command(b"#!/usr/bin/env perl -w\n").starts_with("sed -i '1s|.*|#!/usr/bin/env -S perl -w|' "));
    assert_eq!(command(b"#!/usr/bin/guile\n"), "apt install guile-3.0");
    assert!(command(b"print(1)\n").starts_with("sed -i '1i #!/usr/bin/env python3' "));
}

#[test]
fn rights_are_seen() {
    let folder = Folder::new();
    let subject = folder.script("plain.cgi", b"#!/bin/sh\n", 0o644);
    let found = &file::look(&subject)[0];
    assert_eq!(
        (found.code, found.command.clone()),
        (Code::NotExecutable, Some(format!("chmod +x {}", quoted(&subject.program))))
    );
    let interpreted = Subject { interpreter: Some("/bin/sh".into()), ..subject };
    assert_eq!(file::look(&interpreted), []);
    // Somebody else: neither owner nor group.
    let other = Arc::new(Runner { name: "other".into(), uid: 4_000_000, groups: vec![4_000_000] });
    let subject = Subject { runner: Arc::clone(&other), ..folder.script("mine.cgi", b"#!/bin/sh\n", 0o711) };
    fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o700)).expect("its mode is set");
    let codes: Vec<_> = file::look(&subject).iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::DirectoryUnreachable, Code::ScriptUnreadable]);
}

#[test]
fn a_shell_reads_quoted_words_as_they_are() {
    for (word, shown) in [
        ("/srv/a-b.cgi", "/srv/a-b.cgi"),
        ("a b", "'a b'"),
        ("it's", r"'it'\''s'"),
        ("", "''"),
        ("$(rm)", "'$(rm)'"),
        ("a\nb", r"$'a\nb'"),
    ] {
        assert_eq!(quoted(word), shown);
    }
}

#[test]
fn words_on_stderr_are_understood() {
    let folder = Folder::new();
    let subject = folder.script("a.py", b"#!/usr/bin/python3\n", 0o755);
    let path = subject.program.display().to_string();
    let said = |stderr: &str, code: i32| {
        let event = Event::Head(htbin_cgi::Error::Empty);
        let stderr = stderr.replace("SCRIPT", &path);
        let evidence = Evidence { event, exit: Some(Exit::Code(code)), stderr: Some(stderr.into()) };
        Diagnosis::of(&subject, &evidence)
    };
    let trace = "Traceback (most recent call last):\n  File \"SCRIPT\", line 3, in <module>\n    x\n";
    let found = said(&format!("{trace}ModuleNotFoundError: No module named 'cgi'\n"), 1);
    assert_eq!(found.code, Code::PythonCgiRemoved);
    assert_eq!(found.command.as_deref(), Some("/usr/bin/python3 -m pip install legacy-cgi"));
    assert_eq!(found.place.map(|place| place.line), Some(3));
    for (stderr, exit, code) in [
        (format!("{trace}ModuleNotFoundError: No module named 'yaml.x'\n"), 1, Code::PythonModuleMissing),
        (format!("{trace}NameError: name 'x' is not defined\n"), 1, Code::UncaughtError),
        (format!("{trace}PermissionError: [Errno 13] Permission denied: '/root/x'\n"), 1, Code::PermissionDenied),
        ("  File \"SCRIPT\", line 2\n    print \"a\"\n    ^\nSyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?\n".into(), 1, Code::Python2Print),
        ("  File \"SCRIPT\", line 2\n    if\n      ^\nSyntaxError: invalid syntax\n".into(), 1, Code::SyntaxError),
        ("Can't locate HTML/Template.pm in @INC (you may need to install the HTML::Template module) (@INC contains: /etc/perl) at SCRIPT line 2.\nBEGIN failed--compilation aborted at SCRIPT line 2.\n".into(), 2, Code::PerlModuleMissing),
        ("syntax error at SCRIPT line 4, near \"}\"\nExecution of SCRIPT aborted due to compilation errors.\n".into(), 255, Code::SyntaxError),
        ("boom at SCRIPT line 4.\n".into(), 255, Code::UncaughtError),
        ("SCRIPT: 3: frobnicate: not found\n".into(), 127, Code::CommandNotFound),
        ("SCRIPT: line 3: frobnicate: command not found\n".into(), 127, Code::CommandNotFound),
        ("SCRIPT: 5: Syntax error: end of file unexpected (expecting \"fi\")\n".into(), 2, Code::SyntaxError),
        ("something of its own\n".into(), 3, Code::ExitStatus),
    ] {
        let found = said(&stderr, exit);
        assert_eq!(found.code, code, "{stderr}: {found:?}");
    }
    let lines = |stderr: &str| said(stderr, 2).place.map(|place| place.line);
    assert_eq!(lines("SCRIPT: 5: Syntax error: word unexpected\n"), Some(5));
    assert_eq!(lines("boom at SCRIPT line 4.\n"), Some(4));
    assert_eq!(lines("SCRIPT: line 7: frobnicate: command not found\n"), Some(7));
}

#[test]
fn how_it_ended_says_why() {
    let folder = Folder::new();
    let mut subject = folder.script("a.sh", b"#!/bin/sh\n", 0o755);
    let told =
        |subject: &Subject, event, exit| Diagnosis::of(subject, &Evidence { event, exit: Some(exit), stderr: None });
    let empty = || Event::Head(htbin_cgi::Error::Empty);
    assert_eq!(told(&subject, empty(), Exit::Code(0)).code, Code::NoOutput);
    assert_eq!(told(&subject, empty(), Exit::Code(3)).code, Code::ExitStatus);
    assert_eq!(told(&subject, empty(), Exit::Code(127)).code, Code::CommandNotFound);
    assert_eq!(told(&subject, empty(), Exit::Signal(11)).code, Code::Crashed);
    assert_eq!(told(&subject, Event::Ended, Exit::Signal(9)).code, Code::Killed);
    let unfinished = told(&subject, Event::Head(htbin_cgi::Error::Unterminated), Exit::Code(0));
    assert_eq!((unfinished.code, unfinished.fix.ends_with(": echo")), (Code::HeadUnfinished, true), "{unfinished:?}");
    let wrong = told(&subject, Event::Head(htbin_cgi::Error::NoFields), Exit::Code(1));
    assert_eq!(wrong.code, Code::EmptyHead);
    subject.limits.cpu_seconds = Some(1);
    assert_eq!(told(&subject, empty(), Exit::Signal(9)).code, Code::CpuLimit);
}

#[test]
fn each_code_has_a_word_of_its_own() {
    let words: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    assert!(
        words
            .iter()
            .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()))
    );
}
