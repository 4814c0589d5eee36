//! Flags whose value has parts. Each check says what is wrong with which value, and how it looks when it is right.

use std::{
    ffi::{OsStr, OsString},
    fs,
    net::{IpAddr, Ipv6Addr},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use ::http::{HeaderName, HeaderValue, header};

use super::{Error, machine::Machine};
use crate::{
    cli::value,
    listen::Bind,
    site::{Interpreter, Mount, ScriptDir},
};

/// `--bind`: what has a slash is a UNIX socket.
pub(super) fn bind(value: &str) -> Result<Bind, Error> {
    let error = |fix: &str| Err(Error::new("--bind", format!("'{value}' is no address: {fix}")));
    let bare = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    if value.contains('/') {
        return Ok(Bind::Unix(value.into()));
    }
    if Path::new(bare).extension().is_some_and(|end| end == "sock" || end == "socket") {
        return error(&format!("a UNIX socket is a path with a slash, as ./{bare}"));
    }
    if bare.is_empty() || bare == "*" {
        return error("every address of this machine is '::'");
    }
    let is_ipv6 = bare.contains('%') || bare.parse::<Ipv6Addr>().is_ok();
    if bare.contains(':') && !is_ipv6 {
        return error("name the address alone, as 127.0.0.1 or ::1, and the port with --port");
    }
    Ok(Bind::Host(bare.into()))
}

/// `--cgi-dir URL[=DIR]`.
pub(super) fn script_dir(value: &OsStr) -> Result<ScriptDir, Error> {
    let (url, directory) = split(value).map_or((value, None), |(url, directory)| (url, Some(directory)));
    let directory = directory.map(|directory| self::directory("--cgi-dir", Path::new(directory))).transpose()?;
    Ok(ScriptDir { url: url_path("--cgi-dir", url)?, directory })
}

/// The name of a module of Python or Perl.
pub(super) fn module(name: &str) -> Result<String, Error> {
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_' || octet == b'.' || octet == b':';
    if name.bytes().all(is_name) {
        return Ok(name.to_owned());
    }
    Err(Error::new("--preload", format!("{name:?} is no module's name; say stdlib, auto, or names as in flask,DBI")))
}

/// `--cgi URL=PROGRAM`.
pub(super) fn mount(value: &str, machine: &Machine) -> Result<Mount, Error> {
    let parts = value.split_once('=').filter(|(url, program)| url.starts_with('/') && !program.is_empty());
    let Some((url, program)) = parts else {
        let like = "a program below a URL looks like /git=/usr/lib/git-core/git-http-backend";
        return Err(Error::new("--cgi", format!("'{value}' is no URL=PROGRAM: {like}")));
    };
    Ok(Mount {
        url: url_path("--cgi", OsStr::new(url))?,
        program: self::program("--cgi", OsStr::new(program), machine)?,
    })
}

/// `--interpreter .EXT=PROGRAM`.
pub(super) fn interpreter(value: &OsStr, machine: &Machine) -> Result<Interpreter, Error> {
    let parts = split(value).filter(|(suffix, program)| suffix.len() > 1 && !program.is_empty());
    let suffix = parts.and_then(|(suffix, _)| suffix.to_str()).filter(|it| it.starts_with('.') && !it.contains('/'));
    let (Some(suffix), Some((_, program))) = (suffix, parts) else {
        let like = "an interpreter for all files that end so looks like .py=python3";
        return Err(Error::new("--interpreter", format!("'{}' is no .EXT=PROGRAM: {like}", value.display())));
    };
    Ok(Interpreter { suffix: suffix.into(), program: self::program("--interpreter", program, machine)? })
}

/// `--env K=V`.
pub(super) fn environment_entry(value: &OsStr) -> Result<(OsString, OsString), Error> {
    let Some((name, value)) = split(value) else {
        let fix = "K=V is needed; to pass on a variable of htbin's own, use --pass-env";
        return Err(Error::new("--env", format!("'{}' has no value: {fix}", value.display())));
    };
    variable("--env", name)?;
    Ok((name.into(), value.into()))
}

/// The name of a variable for scripts.
pub(super) fn variable(flag: &'static str, name: &OsStr) -> Result<(), Error> {
    let shown = name.display();
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.contains(&b'=') || bytes.contains(&0) {
        return Err(Error::new(flag, format!("'{shown}' is no name of a variable: letters, digits and _ are")));
    }
    if htbin_cgi::meta::is_meta_variable(bytes) {
        return Err(Error::new(
            flag,
            format!("'{shown}' is a meta-variable, which each request sets; take another name"),
        ));
    }
    Ok(())
}

/// `--index` and `--spa`: a name, not a path.
pub(super) fn index_name(flag: &'static str, name: &str) -> Result<String, Error> {
    if name.contains(['/', '\0']) || matches!(name, "." | "..") {
        return Err(Error::new(flag, format!("'{name}' is no name of a file: name it without its directory")));
    }
    Ok(name.into())
}

/// `--spa FILE`, a path below the site.
pub(super) fn spa(file: &str) -> Result<String, Error> {
    let file = file.trim_start_matches('/');
    if file.is_empty() || file.contains('\0') || file.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(Error::new("--spa", format!("'{file}' is no file of the site: a path like index.html is needed")));
    }
    Ok(file.into())
}

/// `-H 'K: V'`.
pub(super) fn field(text: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let error = |what: &str| Error::new("--header", format!("'{}' {what}", text.escape_debug()));
    let (name, value) =
        text.split_once(':').ok_or_else(|| error("has no colon: a field looks like 'X-Robots-Tag: none'"))?;
    let name = HeaderName::try_from(name.trim_end())
        .map_err(|_| error("is no field: its name may have letters, digits and -"))?;
    let value =
        HeaderValue::try_from(value.trim()).map_err(|_| error("is no field: its value has a control character"))?;
    if FRAMING.contains(&name) {
        return Err(error("cannot be set: this field is how HTTP itself works"));
    }
    Ok((name, value))
}

/// `--cors[=ORIGIN]`.
pub(super) fn origin(text: &str) -> Result<HeaderValue, Error> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    let host = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://"));
    let is_origin = bare == "*" || bare == "null" || host.is_some_and(|host| !host.is_empty() && !host.contains('/'));
    HeaderValue::try_from(bare).ok().filter(|_| is_origin).ok_or_else(|| {
        Error::new("--cors", format!("'{text}' is no origin: it looks like https://example.org, or * for all"))
    })
}

/// `--memory SIZE`: none is no limit.
pub(super) fn memory(bytes: u64) -> Result<Option<u64>, Error> {
    if bytes == value::UNLIMITED {
        return Ok(None);
    }
    if bytes < MEMORY_BYTES_MIN {
        // Who leaves out the unit most often means megabytes.
        let meant = if bytes > 0 { format!("; a bare number is bytes, {bytes}m is megabytes") } else { String::new() };
        let least = "no program starts with less than 1m, sh wants 3m and Python 16m";
        return Err(Error::new("--memory", format!("{bytes} is too little: {least}{meant}")));
    }
    Ok(Some(bytes))
}

/// A directory that is there, as an absolute path.
pub(super) fn directory(flag: &'static str, path: &Path) -> Result<PathBuf, Error> {
    let shown = path.display().to_string();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            std::path::absolute(path).map_err(|error| Error::new(flag, format!("'{shown}': {}", error.kind())))
        }
        Ok(_) => Err(Error::new(flag, format!("'{shown}' is a file; name the directory it lies in"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::new(flag, format!("there is no directory '{shown}'{}", meant_by(&shown))))
        }
        Err(error) => {
            Err(Error::new(flag, format!("cannot look at '{shown}': {}; check who may read it", error.kind())))
        }
    }
}

/// What to do about a directory that is not there: often it was to be something else.
fn meant_by(word: &str) -> String {
    match word {
        "help" | "version" => format!(" here; an option is meant: htbin --{word}"),
        "demo" | "check" | "sandbox" | "reload" | "lint" | "new" | "passwd" | "run" | "replay" | "man"
        | "completions" => {
            format!(" here; a command stands before all options: htbin {word} [OPTIONS]")
        }
        _ => match address_line(word) {
            Some(line) => format!(" here; for an address: {line}"),
            None => "; name one that is there, or make it first".to_owned(),
        },
    }
}

/// The command line that was meant by `localhost:8000`, `:8000` or `0.0.0.0`.
fn address_line(word: &str) -> Option<String> {
    if word.parse::<IpAddr>().is_ok() {
        return Some(format!("htbin -b {word}"));
    }
    let (host, port) = word.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.contains(['/', ' '])).then(|| format!("htbin -b {} {port}", if host.is_empty() { "::" } else { host }))
}

pub(super) fn program(flag: &'static str, name: &OsStr, machine: &Machine) -> Result<PathBuf, Error> {
    machine.program(name).ok_or_else(|| {
        let place = if name.as_bytes().contains(&b'/') {
            "there".into()
        } else {
            format!("in PATH ({})", machine.path().display())
        };
        Error::new(
            flag,
            format!("no program '{}' {place}; install it, or name the file with its whole path", name.display()),
        )
    })
}

/// A URL's path with one slash before each segment and none at its end; `.` and `/` are the whole site.
pub(super) fn url_path(flag: &'static str, url: &OsStr) -> Result<String, Error> {
    let segments = url.to_str().filter(|url| !url.is_empty() && !url.contains(['\0', '?', '#', '%'])).map(|url| {
        url.strip_prefix("./").unwrap_or(url).split('/').filter(|it| !matches!(*it, "" | ".")).collect::<Vec<_>>()
    });
    match segments {
        Some(segments) if !segments.contains(&"..") => Ok(format!("/{}", segments.join("/"))),
        _ => Err(Error::new(flag, format!("'{}' is no URL path: it looks like /cgi-bin, decoded", url.display()))),
    }
}

fn split(value: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let at = value.as_bytes().iter().position(|&byte| byte == b'=')?;
    Some((OsStr::from_bytes(&value.as_bytes()[..at]), OsStr::from_bytes(&value.as_bytes()[at + 1..])))
}

/// A static program in C needs about as much; `sh` three times that.
const MEMORY_BYTES_MIN: u64 = 1 << 20;

/// The fields that frame a message or name its hops.
const FRAMING: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
