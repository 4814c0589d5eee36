//! Which interpreter runs a script, and whether it can be kept warm: by the script's first line, or by `--interpreter`.

use std::{
    ffi::OsStr,
    fmt,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

use rustix::fs::{Access, CWD, access};

use crate::{first_line::FirstLine, sandbox::Level, terms::Terms};

/// A language whose interpreter can be kept warm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// CPython 3.8 or later.
    Python,
    /// perl 5.10 or later.
    Perl,
}

/// An interpreter as a script asks for it: scripts of one kind share a warm interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    language: Language,
    program: Box<[u8]>,
    /// What it finds as its own name: `env` gives the bare one.
    zeroth: Box<[u8]>,
    flags: Vec<Box<[u8]>>,
    /// As whom it runs, and how confined: what it forks inherits both.
    terms: Terms,
    /// Where it starts. What is confined may change its own directory, so each directory has an interpreter of its own.
    directory: Box<[u8]>,
}

impl Kind {
    /// The same interpreter on these terms, for scripts in this directory. None under strict: there a script shares
    /// nothing with others, and what is forked from one interpreter shares its walls.
    pub(super) fn on(self, terms: &Terms, directory: &[u8]) -> Option<Self> {
        match terms.confinement.level {
            Level::Off => Some(Self { terms: terms.clone(), ..self }),
            Level::Standard => Some(Self { terms: terms.clone(), directory: directory.into(), ..self }),
            Level::Strict => None,
        }
    }

    /// What runs the script, if it can be kept warm.
    pub(super) fn of(program: &[u8], script: &[u8], environment: &[u8]) -> Option<Self> {
        if program != script {
            return Self::new(program, program, &[]);
        }
        Self::from_line(FirstLine::of(Path::new(OsStr::from_bytes(script))), environment)
    }

    fn from_line(line: FirstLine, environment: &[u8]) -> Option<Self> {
        // A line that is cut may go on with anything, and a carriage return is a part of a name.
        let FirstLine::Asks { interpreter, argument, carriage_return: false, is_whole: true } = line else {
            return None;
        };
        let (program, argument) = (interpreter.as_os_str().as_bytes(), argument.as_deref());
        if program.ends_with(b"/env") {
            let words = words_of_env(argument?)?;
            let (name, flags) = words.split_first()?;
            let program = find(name, path_of(environment)?)?;
            return Self::new(&program, name, flags);
        }
        Self::new(program, program, argument.as_slice())
    }

    fn new(program: &[u8], zeroth: &[u8], flags: &[&[u8]]) -> Option<Self> {
        let language = Language::of(program)?;
        let has_absolute_path = program.starts_with(b"/");
        (has_absolute_path && flags.iter().all(|flag| language.honours(flag))).then(|| Self {
            language,
            program: program.into(),
            zeroth: zeroth.into(),
            flags: flags.iter().map(|flag| Box::from(*flag)).collect(),
            terms: Terms::default(),
            directory: Box::from(&b"/"[..]),
        })
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn program(&self) -> &[u8] {
        &self.program
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn directory(&self) -> &[u8] {
        &self.directory
    }

    pub(super) fn zeroth(&self) -> &[u8] {
        &self.zeroth
    }

    pub(super) fn flags(&self) -> impl Iterator<Item = &[u8]> {
        self.flags.iter().map(|flag| &**flag)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.escape_ascii())?;
        self.flags.iter().try_for_each(|flag| write!(f, " {}", flag.escape_ascii()))?;
        // What tells apart interpreters that are otherwise the same.
        if let Some(identity) = &self.terms.identity {
            write!(f, " as user {}", identity.uid)?;
        }
        if self.terms.confinement.level != Level::Off {
            write!(f, " in {}", self.directory.escape_ascii())?;
        }
        Ok(())
    }
}

impl Language {
    /// By the program's name: python3, python3.11, python, perl, perl5.36.0.
    fn of(program: &[u8]) -> Option<Self> {
        let name = program.rsplit(|octet| *octet == b'/').next()?;
        let is_version = |rest: &[u8]| rest.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.');
        if name.strip_prefix(b"python").is_some_and(is_version) {
            Some(Self::Python)
        } else if name.strip_prefix(b"perl").is_some_and(is_version) {
            Some(Self::Perl)
        } else {
            None
        }
    }

    /// May a warm interpreter be started with this word of the first line?
    fn honours(self, word: &[u8]) -> bool {
        let Some(letters) = word.strip_prefix(b"-") else { return false };
        let (letters, allowed) = match self {
            // What follows a W is the filter of warnings.
            Self::Python => match letters.iter().position(|letter| *letter == b'W') {
                Some(at) if letters[at + 1..].iter().all(u8::is_ascii_graphic) && letters.len() > at + 1 => {
                    (&letters[..at], &b"uEsIB"[..])
                }
                Some(_) => return false,
                None => (letters, &b"uEsIB"[..]),
            },
            Self::Perl => (letters, &b"wWXTtU"[..]),
        };
        word.len() > 1 && letters.iter().all(|letter| allowed.contains(letter))
    }
}

/// What `env` makes of its argument: a program and its flags.
fn words_of_env(argument: &[u8]) -> Option<Vec<&[u8]>> {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let Some(split) = argument.strip_prefix(b"-S") else {
        // Without -S all of it is the name of one program.
        return (!argument.iter().any(|octet| is_blank(octet) || *octet == b'=')).then(|| vec![argument]);
    };
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || b" \t-_./+".contains(octet);
    split.iter().all(is_plain).then(|| split.split(is_blank).filter(|word| !word.is_empty()).collect())
}

/// What tells that a program is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(program: &[u8]) -> Option<Self> {
        let metadata = std::fs::metadata(Path::new(OsStr::from_bytes(program))).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// PATH as the script will find it.
fn path_of(environment: &[u8]) -> Option<&[u8]> {
    environment.split(|octet| *octet == 0).find_map(|variable| variable.strip_prefix(b"PATH="))
}

/// The first program of that name.
fn find(name: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    if name.contains(&b'/') {
        return Some(name.to_vec());
    }
    // A relative entry means another directory for every script.
    let candidates = path
        .split(|octet| *octet == b':')
        .take(PATH_ENTRIES_MAX)
        .map(|directory| directory.starts_with(b"/").then(|| [directory, name].join(&b'/')));
    for candidate in candidates {
        let candidate = candidate?;
        if access(&*candidate, Access::EXEC_OK).is_ok() && is_file(&candidate) {
            return Some(candidate);
        }
    }
    None
}

fn is_file(path: &[u8]) -> bool {
    rustix::fs::statat(CWD, path, rustix::fs::AtFlags::empty())
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile)
}

const PATH_ENTRIES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> Option<String> {
        Kind::from_line(FirstLine::from_start(line.as_bytes()), ENVIRONMENT).map(|kind| kind.to_string())
    }

    /// Wherever programs usually lie.
    const ENVIRONMENT: &[u8] = b"LANG=C\0PATH=/usr/bin:/bin\0";

    #[test]
    fn lines_of_python_and_perl_qualify() {
        for (line, expected) in [
            ("#!/usr/bin/env perl\n", "/usr/bin/perl"),
            ("#!/usr/bin/python3\n", "/usr/bin/python3"),
            ("#! /usr/bin/python3.11 -u \nprint()", "/usr/bin/python3.11 -u"),
            ("#!/usr/bin/python3\t-Wignore\n", "/usr/bin/python3 -Wignore"),
            ("#!/srv/venv/bin/python -EsWerror\n", "/srv/venv/bin/python -EsWerror"),
            ("#!/usr/bin/env /bin/perl5\n", "/bin/perl5"),
            ("#!/usr/bin/env -S perl -w -T\n", "/usr/bin/perl -w -T"),
            ("#!/usr/bin/perl -wT\n", "/usr/bin/perl -wT"),
            ("#!/usr/bin/perl5.36.0\n", "/usr/bin/perl5.36.0"),
        ] {
            assert_eq!(kind(line).unwrap_or_default(), expected, "{line}");
        }
    }

    #[test]
    fn all_other_lines_do_not() {
        for line in [
            "",
            "#!",
            "#!\n",
            "#!/usr/bin/python3",
            "#!/usr/bin/python3\r\n",
            "#!/bin/sh\n",
            "#!/usr/bin/python3 -x\n",
            "#!/usr/bin/python3 -\n",
            "#!/srv/venv/bin/python -EsW error\n",
            "#!/usr/bin/python3 -Wignore\r\n",
            "#!/usr/bin/python3 -W\n",
            "#!/usr/bin/python3 script.py\n",
            "#!/usr/bin/perl -s\n",
            "#!/usr/bin/env python3 -u\n",
            "#!/usr/bin/env A=1 python3\n",
            "#!/usr/bin/env -S python3 \"-u\"\n",
            "#!/usr/bin/env -S\n",
            "#!/usr/bin/pythonista\n",
            "#!/usr/bin/perldoc\n",
            "print(1)\n",
            "#!python3 -c\n",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }

    #[test]
    fn a_relative_entry_of_the_path_ends_the_search() {
        assert_eq!(find(b"sh", b"/nonexistent:/bin"), Some(b"/bin/sh".to_vec()));
        assert_eq!(find(b"sh", b"/nonexistent::/bin"), None);
        assert_eq!(find(b"sh", b""), None);
    }
}
