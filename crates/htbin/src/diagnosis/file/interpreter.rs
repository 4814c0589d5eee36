//! Whether the interpreter that a first line asks for can run.

use std::path::Path;

use super::{is_runnable, search};
use crate::diagnosis::{Code, Diagnosis, Subject, quoted};

/// What is wrong with the interpreter of a first line, and what stands behind it on the line.
pub(super) fn look(subject: &Subject, asked: &Path, argument: &[u8]) -> Option<Diagnosis> {
    let shown = quoted(asked);
    // A name without a path is looked for in the working directory: by chance it may even be there.
    if asked.is_relative() {
        let path = subject.program.parent().unwrap_or(Path::new("/")).join(asked);
        return (!is_runnable(&subject.runner, &path)).then(|| missing(subject, asked));
    }
    if let Some(stopped) = subject.runner.stopped_at(asked) {
        let name = &subject.runner.name;
        let cause = format!(
            "the interpreter {shown} lies in {}, which user {name}, whom scripts run as, may not enter",
            quoted(&stopped)
        );
        let fix = "install the interpreter where everybody may go, such as /usr/local, or let that user pass";
        return Some(Diagnosis::new(Code::InterpreterUnreachable, cause, fix).letting_pass(&stopped));
    }
    match std::fs::metadata(asked) {
        Err(_) => Some(missing(subject, asked)),
        Ok(metadata) if metadata.is_dir() => {
            let cause = format!("the first line asks for {shown}, which is a directory");
            let fix = with_known(subject, asked, "name the program itself in the first line");
            Some(with_line(Diagnosis::new(Code::InterpreterIsDirectory, cause, fix), subject, asked))
        }
        Ok(_) if !is_runnable(&subject.runner, asked) => {
            let name = &subject.runner.name;
            let cause = format!("the interpreter {shown} may not be executed by user {name}, whom scripts run as");
            let fix = "let everybody execute it, or name another one in the first line";
            let found = Diagnosis::new(Code::InterpreterNotExecutable, cause, fix);
            Some(found.with_command(format!("chmod a+x {shown}")))
        }
        Ok(_) if asked.file_name().is_some_and(|name| name == "env") => env(subject, argument),
        Ok(_) => None,
    }
}

fn missing(subject: &Subject, asked: &Path) -> Diagnosis {
    let shown = quoted(asked);
    let (cause, fix) = if asked.is_relative() {
        (
            format!("the first line asks for {shown} without a path, and the kernel searches none"),
            "write its whole path",
        )
    } else {
        (format!("the first line asks for {shown}, which is not on this machine"), "install it, or name another one")
    };
    with_line(Diagnosis::new(Code::InterpreterMissing, cause, with_known(subject, asked, fix)), subject, asked)
}

/// Says which program of that name is there.
fn with_known(subject: &Subject, asked: &Path, fix: &str) -> String {
    known(subject, asked).map_or_else(|| fix.to_owned(), |line| format!("make the first line: {line}"))
}

fn with_line(found: Diagnosis, subject: &Subject, asked: &Path) -> Diagnosis {
    let script = quoted(&subject.program);
    match known(subject, asked) {
        Some(line) => found.with_command(format!("sed -i '1s|.*|{line}|' {script}")),
        None => match name_of(asked).and_then(package) {
            Some(package) => found.with_command(format!("apt install {package}")),
            None => found,
        },
    }
}

/// The first line that would work.
fn known(subject: &Subject, asked: &Path) -> Option<String> {
    let name = name_of(asked)?;
    let other = successor(name);
    let found = search(subject, name).or_else(|| search(subject, other?))?;
    Some(format!("#!{}", found.display()))
}

/// `#!/usr/bin/env NAME`: is NAME found?
fn env(subject: &Subject, argument: &[u8]) -> Option<Diagnosis> {
    let argument = String::from_utf8_lossy(argument);
    let (is_split, rest) = match argument.strip_prefix("-S") {
        Some(rest) => (true, rest),
        None => (false, &*argument),
    };
    // Without -S all of the line is one word, for env the name of a program.
    let mut words = if is_split { rest.split_whitespace().collect() } else { vec![rest] };
    words.retain(|word| !word.starts_with('-') && !word.contains('=') && !word.is_empty());
    let name = *words.first()?;
    if name.contains('/') || search(subject, name).is_some() {
        return None;
    }
    let script = quoted(&subject.program);
    let line = |line: String| format!("sed -i '1s|.*|{line}|' {script}");
    let cause = format!("the first line asks env for {}, which is not in the scripts' PATH", quoted(name));
    let new = |fix: String| Diagnosis::new(Code::EnvFindsNothing, cause.clone(), fix);
    if let Some((program, options)) = name.split_once(' ').filter(|_| !is_split) {
        let right = format!("#!/usr/bin/env -S {program} {}", options.trim());
        return Some(
            new("env takes all of the line for one name; let it split the line with -S".into())
                .with_command(line(right)),
        );
    }
    if let Some(other) = successor(name).filter(|other| search(subject, other).is_some()) {
        let right = format!("#!/usr/bin/env {other}");
        let fix = format!("this machine has {other}: make the first line {right}, or serve with --interpreter");
        return Some(new(fix).with_command(line(right)));
    }
    let found = new(format!("install {name}, or pass a PATH that has it: --env PATH=…"));
    Some(match package(name) {
        Some(package) => found.with_command(format!("apt install {package}")),
        None => found,
    })
}

fn name_of(asked: &Path) -> Option<&str> {
    asked.file_name()?.to_str()
}

/// What a program is called today.
fn successor(name: &str) -> Option<&'static str> {
    Some(match name {
        "python" | "python2" | "python2.7" | "python3" => "python3",
        "php" => "php-cgi",
        "perl5" => "perl",
        "nodejs" => "node",
        "node" => "nodejs",
        "gawk" | "nawk" => "awk",
        _ if name.starts_with("python3.") => "python3",
        _ if name.starts_with("ruby") => "ruby",
        _ if name.starts_with("lua") => "lua",
        _ => return None,
    })
}

/// Debian's package of a program.
fn package(name: &str) -> Option<&'static str> {
    Some(match name {
        "python" | "python3" => "python3",
        "perl" => "perl",
        "php" | "php-cgi" => "php-cgi",
        "ruby" => "ruby",
        "tclsh" => "tcl",
        "lua" => "lua5.4",
        "node" | "nodejs" => "nodejs",
        "bash" => "bash",
        "ksh" => "ksh",
        "zsh" => "zsh",
        "gawk" => "gawk",
        "awk" => "mawk",
        "Rscript" => "r-base-core",
        "guile" => "guile-3.0",
        "runghc" | "runhaskell" => "ghc",
        "gnuplot" => "gnuplot-nox",
        _ => return None,
    })
}
