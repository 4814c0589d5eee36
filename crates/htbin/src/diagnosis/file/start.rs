//! What the first octets of a script say.

use std::path::Path;

use htbin_spawn::FirstLine;

use super::interpreter;
use crate::diagnosis::{Code, Diagnosis, Subject, elf::Elf, quoted};

/// What is wrong with a file that starts so.
pub(super) fn look(subject: &Subject, start: &[u8]) -> Vec<Diagnosis> {
    let file = &subject.program;
    let shown = quoted(file);
    if start.is_empty() {
        let fix = "write the script into it; perhaps an upload or an editor left it empty";
        return vec![Diagnosis::new(Code::EmptyScript, format!("{shown} is an empty file"), fix)];
    }
    if subject.interpreter.is_some() {
        return Vec::new();
    }
    if let Some(found) = byte_order_mark(&shown, start) {
        return vec![found.at(file, 1)];
    }
    if let Some(elf) = Elf::read(start) {
        return program(&shown, &elf).into_iter().collect();
    }
    match FirstLine::from_start(start) {
        FirstLine::Asks { interpreter: asked, argument, carriage_return, .. } => {
            let argument = argument.unwrap_or_default();
            if carriage_return || argument.ends_with(b"\r") {
                return vec![carriage(&shown, &asked).at(file, 1)];
            }
            interpreter::look(subject, &asked, &argument).map(|found| found.at(file, 1)).into_iter().collect()
        }
        FirstLine::Other | FirstLine::Unknown => vec![no_first_line(file, start)],
    }
}

fn byte_order_mark(shown: &str, start: &[u8]) -> Option<Diagnosis> {
    let (cause, command) = if start.starts_with(b"\xef\xbb\xbf") {
        (
            format!("{shown} starts with a byte order mark, three invisible octets before its #!"),
            format!(r"sed -i '1s/^\xEF\xBB\xBF//' {shown}"),
        )
    } else if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        (
            format!("{shown} is written in UTF-16, which the kernel cannot read as a script"),
            format!("iconv -f UTF-16 -t UTF-8 {shown} >/tmp/script && cat /tmp/script >{shown}"),
        )
    } else {
        return None;
    };
    Some(Diagnosis::new(Code::ByteOrderMark, cause, "save it as UTF-8 without a byte order mark").with_command(command))
}

fn carriage(shown: &str, asked: &Path) -> Diagnosis {
    let cause = format!(
        "the first line of {shown} ends in a carriage return, as files from Windows do, so the kernel looks for {}",
        quoted(format!("{}\r", asked.display()))
    );
    let fix = "save it with line ends of UNIX (LF, not CR LF)";
    Diagnosis::new(Code::CarriageReturn, cause, fix).with_command(format!(r"sed -i 's/\r$//' {shown}"))
}

fn program(shown: &str, elf: &Elf) -> Option<Diagnosis> {
    if !elf.is_of_this_machine() {
        let cause =
            format!("{shown} is a program for {}, and this machine is {}", elf.machine(), std::env::consts::ARCH);
        return Some(Diagnosis::new(Code::WrongArchitecture, cause, "compile it for this machine, on this machine"));
    }
    let loader = elf.loader.as_deref().filter(|loader| !Path::new(loader).exists())?;
    let cause = format!("{shown} was linked for the loader {}, which is not on this machine", quoted(loader));
    let fix = "compile it here, link it statically, or install the C library it was linked for";
    Some(Diagnosis::new(Code::LoaderMissing, cause, fix))
}

fn no_first_line(file: &Path, start: &[u8]) -> Diagnosis {
    let shown = quoted(file);
    if start.contains(&0) {
        let cause = format!("{shown} is no script and no program of this machine");
        return Diagnosis::new(Code::WrongArchitecture, cause, "put a script there, or a program compiled for Linux");
    }
    let line = guess(file, start);
    let cause = format!("{shown} does not start with #! and the path of its interpreter, so the kernel cannot run it");
    let found = Diagnosis::new(Code::NoFirstLine, cause, format!("make its first line: {line}"));
    // Where the line stands further down it is moved up; an insertion would leave two.
    found.with_command(format!("sed -i '1i {line}' {shown}")).at(file, 1)
}

/// The first line that a script without one most likely needs.
fn guess(file: &Path, start: &[u8]) -> &'static str {
    let extension = file.extension().and_then(|it| it.to_str()).unwrap_or_default();
    let by_name = match extension {
        "py" => Some(PYTHON),
        "pl" => Some(PERL),
        "php" => Some("#!/usr/bin/env php-cgi"),
        "rb" => Some("#!/usr/bin/env ruby"),
        "tcl" => Some("#!/usr/bin/env tclsh"),
        "lua" => Some("#!/usr/bin/env lua"),
        "js" => Some("#!/usr/bin/env node"),
        "bash" => Some("#!/bin/bash"),
        "awk" => Some("#!/usr/bin/awk -f"),
        _ => None,
    };
    let has = |word: &str| memchr::memmem::find(start, word.as_bytes()).is_some();
    by_name.unwrap_or_else(|| {
        if start.starts_with(b"<?php") {
            "#!/usr/bin/env php-cgi"
        } else if has("use strict") || has("my $") {
            PERL
        } else if has("print(") || has("import ") {
            PYTHON
        } else {
            "#!/bin/sh"
        }
    })
}

const PYTHON: &str = "#!/usr/bin/env python3";
const PERL: &str = "#!/usr/bin/perl";
