//! What is wrong with what a script wrote, and how to write it right in its own language.

use std::path::Path;

use htbin_cgi::Error;
use htbin_spawn::FirstLine;

use super::{Code, Diagnosis, Subject};

/// What is wrong with the head of an answer.
pub(super) fn of(subject: &Subject, error: &Error) -> Diagnosis {
    let language = Language::of(subject);
    let cause = error.to_string();
    // The errors of htbin-cgi say cause and fix in one sentence, for a log; what is quoted stands before the last semicolon.
    let cause = cause.rsplit_once("; ").map_or(cause.as_str(), |(cause, _)| cause).to_owned();
    let new = |code, fix: String| Diagnosis::new(code, cause.clone(), fix);
    let print_head = || format!("print a head first: {}", language.head());
    match error {
        Error::Empty => new(Code::NoOutput, format!("print an answer: {}", language.head())),
        Error::Unterminated => new(Code::HeadUnfinished, language.blank_line()),
        Error::NoFields => new(
            Code::EmptyHead,
            format!("print the head before the empty line, with nothing before it: {}", language.head()),
        ),
        Error::BodyBeforeHead(_) => new(Code::BodyBeforeHead, print_head()),
        Error::NoColon { .. } => new(Code::NoColon, language.blank_line()),
        Error::Name { .. } => new(Code::BadField, language.blank_line()),
        Error::SpaceBeforeColon { .. } => new(Code::BadField, "remove the space before the colon".into()),
        Error::Indented { .. } => {
            new(Code::BadField, "write each field on one line, without white space before it".into())
        }
        Error::Control { byte: b'\r', .. } => {
            new(Code::ControlCharacter, "end each line once, with \\n or \\r\\n, never with \\r\\r\\n or \\n\\r".into())
        }
        Error::Control { .. } => new(
            Code::ControlCharacter,
            "remove control characters from what is put into a field: they could split the answer".into(),
        ),
        Error::NoContentType => new(Code::NoContentType, format!("say what it is: {}", language.head())),
        Error::Status(_) | Error::Interim(_) => {
            new(Code::BadStatus, "print a number from 200 to 599 and a reason, such as Status: 404 Not Found".into())
        }
        Error::Location(_) => {
            new(Code::BadLocation, "print a path from / or a whole URL, with spaces and the like as %20".into())
        }
        Error::Differing(_) | Error::ContentLength(_) | Error::TransferCoded(_) => {
            new(Code::BadLength, "print one Content-Length that is right, or none: the server counts".into())
        }
        Error::StatusLine(_) | Error::NoStatusLine(_) => new(
            Code::BadStatusLine,
            "print a status line like HTTP/1.1 200 OK first, or give the script a name without nph-".into(),
        ),
        Error::TooLarge { .. } | Error::TooManyFields { .. } => new(Code::HeadTooLarge, language.blank_line()),
        // What is wrong with a request is no fault of the script.
        _ => new(Code::BadField, print_head()),
    }
}

/// Less than it said.
pub(super) fn cut_short(left: u64) -> Diagnosis {
    Diagnosis::new(
        Code::CutShort,
        format!("the script ended {left} octets before its Content-Length was reached"),
        "leave Content-Length out, or count octets, not characters",
    )
}

/// Round in circles.
pub(super) fn redirect_loop(times: usize) -> Diagnosis {
    Diagnosis::new(
        Code::RedirectLoop,
        format!("its Location led from one path of this server to the next more than {times} times"),
        "let Location name a path that answers by itself, or a whole URL, which the browser follows",
    )
}

/// The language that a script is written in, as far as its first line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Perl,
    Shell,
    Php,
    Ruby,
    C,
    Other,
}

impl Language {
    fn of(subject: &Subject) -> Self {
        let by_interpreter = subject.interpreter.as_deref().map(|path| path.display().to_string());
        let asked = by_interpreter.unwrap_or_else(|| match FirstLine::of(&subject.program) {
            FirstLine::Asks { interpreter, argument, .. } => {
                format!("{} {}", interpreter.display(), String::from_utf8_lossy(&argument.unwrap_or_default()))
            }
            FirstLine::Other => "ELF".to_owned(),
            FirstLine::Unknown => String::new(),
        });
        let names: Vec<_> = asked.split_whitespace().filter_map(|word| Path::new(word).file_name()?.to_str()).collect();
        let is = |name: &str| names.iter().any(|word| word.starts_with(name));
        match () {
            () if is("python") => Self::Python,
            () if is("perl") => Self::Perl,
            () if is("php") => Self::Php,
            () if is("ruby") => Self::Ruby,
            () if is("sh") || is("bash") || is("dash") || is("ksh") || is("zsh") => Self::Shell,
            () if is("ELF") => Self::C,
            () => Self::Other,
        }
    }

    /// How to print a head.
    fn head(self) -> &'static str {
        match self {
            Self::Python => r#"print("Content-Type: text/html\n")"#,
            Self::Perl => r#"print "Content-Type: text/html\n\n";"#,
            Self::Shell => r"printf 'Content-Type: text/html\n\n'",
            Self::Php => "run it with php-cgi, which prints the head itself (php does not)",
            Self::Ruby => r#"puts "Content-Type: text/html\n\n""#,
            Self::C => r#"printf("Content-Type: text/html\r\n\r\n");"#,
            Self::Other => "a line Content-Type: text/html, and an empty line",
        }
    }

    /// How to end a head.
    fn blank_line(self) -> String {
        let how = match self {
            Self::Python => "print()",
            Self::Perl => r#"print "\n";"#,
            Self::Shell => "echo",
            Self::Ruby => "puts",
            Self::C => r#"printf("\r\n");"#,
            Self::Php | Self::Other => "a line with nothing on it",
        };
        format!("print an empty line after the last field of the head, before the body: {how}")
    }
}
