//! Exchanges whose script failed, kept in a folder to look at and to run again. Secrets in fields, queries and forms are
//! masked before anything is written.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Mutex,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header, request::Parts};
use serde::{Deserialize, Serialize};

use crate::{
    diagnosis::Diagnosis,
    exchange::ExchangeId,
    failure::{Failure, MASK, Run, masked},
    path::encode,
    refusal::Refusal,
};

/// One exchange that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// How this is written; a reader refuses what it does not know.
    pub format: u32,
    /// When, by the clock of the machine (RFC 3339).
    pub time: String,
    /// Its name in the logs.
    pub exchange: String,
    /// What was asked.
    pub request: Request,
    /// The script's file.
    pub script: PathBuf,
    /// What the client was told.
    pub status: u16,
    /// The stable word for that in the logs.
    pub reason: String,
    /// What was wrong, by its stable name.
    pub code: String,
    /// The same in a sentence.
    pub cause: String,
    /// How the script ended, if it did.
    pub ended: Option<String>,
    /// What it wrote before it was given up, as far as it was kept.
    pub output: Octets,
    /// The last lines it wrote to stderr.
    pub stderr: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method, as the script got it.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// What follows the script in its URL: PATH_INFO, percent-encoded, and the query. A request may have spelled the
    /// path otherwise, or a local redirect may have led to this script.
    pub rest: String,
    /// The fields, in order, in lower case.
    pub fields: Vec<(String, String)>,
    /// The body, as much of it as was kept.
    pub body: Octets,
    /// How many octets it really had.
    pub body_bytes: u64,
}

/// Octets: as text where they are text, else in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Octets {
    /// UTF-8.
    Text(String),
    /// Anything.
    Base64 {
        /// The octets (RFC 4648 §4).
        base64: String,
    },
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        match std::str::from_utf8(octets) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 { base64: BASE64_STANDARD.encode(octets) },
        }
    }
}

impl Octets {
    /// The octets; none if they are not what they claim to be.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().to_vec()),
            Self::Base64 { base64 } => BASE64_STANDARD.decode(base64).ok(),
        }
    }
}

impl Recording {
    /// What is kept of an exchange that was refused for this failure; none if its script was not even tried.
    pub fn new(
        id: ExchangeId,
        request: &Parts,
        refusal: &Refusal,
        failure: &Failure,
        diagnosis: &Diagnosis,
    ) -> Option<Self> {
        let run = failure.run.as_ref()?;
        let target = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Some(Self {
            format: FORMAT,
            time: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            exchange: id.to_string(),
            request: Request {
                method: run.variable("REQUEST_METHOD").to_owned(),
                target: masked("REQUEST_URI", target),
                rest: rest(run),
                fields: fields(&request.headers, run.body_bytes.is_some()),
                body: Octets::from(&*form_masked(&request.headers, run.body.as_deref().unwrap_or_default())),
                body_bytes: run.body_bytes.unwrap_or(0),
            },
            script: failure.subject.program.clone(),
            status: refusal.status().as_u16(),
            reason: refusal.word().to_owned(),
            code: diagnosis.code.to_string(),
            cause: diagnosis.cause.clone(),
            ended: failure.ending(),
            output: Octets::from(&*run.output),
            stderr: failure.evidence.stderr.as_deref().map(str::to_owned),
        })
    }

    /// Was anything hidden when it was kept?
    pub fn is_masked(&self) -> bool {
        let Request { target, rest, fields, body, .. } = &self.request;
        let is_masked = |text: &str| text.contains(MASK);
        is_masked(target)
            || is_masked(rest)
            || fields.iter().any(|(_, value)| is_masked(value))
            || matches!(body, Octets::Text(text) if is_masked(text))
    }

    /// The only one in this folder.
    pub fn read_from(folder: &Path) -> Option<Self> {
        let names = fs::read_dir(folder).ok()?.take(NAMES_MAX).filter_map(|entry| Some(entry.ok()?.path()));
        names.filter(|path| path.extension().is_some_and(|it| it == "json")).find_map(|path| Self::read(&path).ok())
    }

    /// Reads one back.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let failed = |what: String| Error::Unreadable { file: file.to_owned(), what };
        let mut text = Vec::new();
        let read = File::open(file).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut text));
        read.map_err(|error| failed(error.to_string()))?;
        let recording: Self = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        if recording.format != FORMAT {
            return Err(failed(format!("its format is {}, and this htbin reads {FORMAT}", recording.format)));
        }
        Ok(recording)
    }
}

fn rest(run: &Run) -> String {
    let path_info = encode(run.path_info.as_deref().unwrap_or_default());
    match run.variable("QUERY_STRING") {
        "" => path_info,
        query => format!("{path_info}?{query}"),
    }
}

/// The fields that the script got: after a local redirect the length of a body is none of them.
fn fields(headers: &HeaderMap, has_body: bool) -> Vec<(String, String)> {
    let got = headers.iter().filter(|(name, _)| has_body || **name != header::CONTENT_LENGTH);
    let shown = got.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let variable = format!("HTTP_{}", name.as_str().replace('-', "_").to_ascii_uppercase());
        (name.to_string(), masked(&variable, &value))
    });
    shown.collect()
}

/// A form is masked like a query; nobody knows where the secrets of other bodies lie.
fn form_masked(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(FORM));
    match std::str::from_utf8(body) {
        Ok(text) if is_form => masked("QUERY_STRING", text).into_bytes(),
        _ => body.to_vec(),
    }
}

/// The folder that recordings lie in.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// The names of those that are there, the oldest first.
    names: Mutex<Vec<String>>,
}

impl Recorder {
    /// Uses this folder, and makes it if it is not there. Nobody but the user who serves may read what lies in it.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder { folder: folder.to_owned(), source };
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)?.take(NAMES_MAX) {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.to_str().filter(|name| is_ours(name)).map(str::to_owned));
        }
        names.sort();
        let recorder = Self { folder: folder.to_owned(), names: Mutex::new(names) };
        // Now, not at the first failure, is the time to learn that nothing can be written.
        let probe = folder.join(".htbin-probe");
        create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(failed)?;
        Ok(recorder)
    }

    /// Writes one down; the oldest goes if there are too many. Waits for the disk.
    pub fn keep(&self, recording: &Recording) -> Result<PathBuf, Error> {
        let stamp = recording.time.replace(['-', ':'], "");
        let name = format!("{stamp}-{}-{}{SUFFIX}", recording.exchange, recording.code);
        let path = self.folder.join(&name);
        let text = serde_json::to_vec_pretty(recording).unwrap_or_default();
        let failed = |source| Error::Folder { folder: self.folder.clone(), source };
        let mut names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let surplus = (names.len() + 1).saturating_sub(RECORDINGS_MAX);
        for oldest in names.drain(..surplus) {
            // Somebody may have removed it before.
            _ = fs::remove_file(self.folder.join(oldest));
        }
        create(&path).and_then(|mut file| file.write_all(&text)).map_err(failed)?;
        names.push(name);
        Ok(path)
    }
}

/// Is this a name that [`Recorder::keep`] gives? What else lies in the folder is somebody's, and is never removed.
fn is_ours(name: &str) -> bool {
    let mut parts = name.strip_suffix(SUFFIX).unwrap_or_default().splitn(3, '-');
    let stamp = parts.next().unwrap_or_default().as_bytes();
    let is_stamp = stamp.len() == STAMP.len()
        && stamp.iter().zip(STAMP).all(|(byte, like)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like });
    let is_exchange = |part: &str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_stamp && parts.next().is_some_and(is_exchange) && parts.next().is_some_and(|code| !code.is_empty())
}

fn create(path: &Path) -> io::Result<File> {
    // A file that is there already may be a link to somewhere else.
    _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Why nothing can be recorded, or read back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be written to.
    #[error("--record {folder}: {source}; name a folder that the user who serves may write to")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// This is no recording.
    #[error("{file}: {what}; name a file that --record has written")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Octets of a request's body that are kept.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
const FORMAT: u32 = 1;
const FORM: &[u8] = b"application/x-www-form-urlencoded";
const SUFFIX: &str = ".json";
/// How the time stands in a name, each 0 any digit.
const STAMP: &[u8] = b"00000000T000000Z";
/// In one folder.
const RECORDINGS_MAX: usize = 1000;
/// Names looked at when it is opened.
const NAMES_MAX: usize = 100_000;
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn sample(exchange: &str) -> Recording {
        Recording {
            format: FORMAT,
            time: "2026-11-21T08:00:00Z".into(),
            exchange: exchange.into(),
            request: Request {
                method: "POST".into(),
                target: "/cgi-bin/a?b=c".into(),
                rest: "?b=c".into(),
                fields: vec![("host".into(), "a".into())],
                body: Octets::from(&b"\xff\0"[..]),
                body_bytes: 2,
            },
            script: "/srv/cgi-bin/a".into(),
            status: 502,
            reason: "no-head".into(),
            code: "no-output".into(),
            cause: "it wrote nothing".into(),
            ended: None,
            output: Octets::from(&b"text"[..]),
            stderr: None,
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let recorder = Recorder::open(&folder.path().join("new")).expect("it is made");
        let path = recorder.keep(&sample("00000001")).expect("it is written");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        let back = Recording::read(&path).expect("it is one");
        assert_eq!(back, sample("00000001"));
        assert_eq!(back.request.body.bytes().as_deref(), Some(&b"\xff\0"[..]));
        fs::write(&path, "{}").expect("it is written");
        assert!(Recording::read(&path).expect_err("it is none").to_string().contains("name a file that --record"));
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let earlier = Recorder::open(folder.path()).expect("it is there");
        earlier.keep(&sample("00000000")).expect("it is written");
        let foreign = ["20261121T080000Z.json", "20261121T080000Z-notes-a.json", "0.json", "package.json"];
        for name in foreign {
            fs::write(folder.path().join(name), "{}").expect("it is written");
        }
        let recorder = Recorder::open(folder.path()).expect("it is there");
        for nth in 1..RECORDINGS_MAX + 3 {
            recorder.keep(&sample(&format!("{nth:08x}"))).expect("it is written");
        }
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).expect("it is there").map(|it| it.expect("a name").file_name()).collect();
        names.sort();
        for name in foreign {
            assert!(names.iter().any(|it| it == name), "{name} is none of ours");
        }
        names.retain(|name| foreign.iter().all(|it| name != it));
        assert_eq!(names.len(), RECORDINGS_MAX);
        assert!(names[0].to_string_lossy().contains("-00000003-"), "{:?}", names[0]);
    }

    #[test]
    fn a_form_is_masked() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(header::COOKIE, header::HeaderValue::from_static("id=1"));
        assert_eq!(form_masked(&headers, b"name=Ada&password=x"), b"name=Ada&password=(hidden)");
        assert!(fields(&headers, true).contains(&("cookie".to_owned(), "id=(hidden)".to_owned())));
        assert_eq!(form_masked(&HeaderMap::new(), b"password=x"), b"password=x");
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("10"));
        assert_eq!(fields(&headers, true).len(), fields(&headers, false).len() + 1);
    }
}
