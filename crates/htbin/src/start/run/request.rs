//! The request that a script is run for, from what was typed. Its body is read while it is sent.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Cursor, Read},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::{fd::AsFd, unix::ffi::OsStrExt},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::Usage;
use crate::cli::RequestFlags;

/// A request that can be sent.
pub(super) struct Request {
    method: Method,
    target: Uri,
    fields: HeaderMap,
    body: Source,
}

/// Where a body comes from.
struct Source {
    from: Box<dyn Read + Send>,
    /// Of standard input, and of what claims to be empty, only its end tells.
    length: Option<u64>,
}

impl Request {
    /// The request for this target.
    pub(super) fn new(flags: &RequestFlags, target: &str) -> Result<Self, Usage> {
        let usual = if flags.data.is_some() { "POST" } else { "GET" };
        let method = flags.method.as_deref().unwrap_or(usual);
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Usage(format!("-X: '{method}' is no method; they look like GET, POST, PROPFIND")))?;
        let target = target.parse().map_err(|error| Usage(format!("'{target}' is no target of a request: {error}")))?;
        let mut fields = HeaderMap::new();
        for field in &flags.header {
            let (name, value) = field_of(field)?;
            fields.append(name, value);
        }
        let host = HeaderValue::try_from(LOCAL.to_string()).unwrap_or(HeaderValue::from_static("localhost"));
        let mut put = |name, value| drop(fields.try_entry(name).map(|entry| entry.or_insert(value).clone()));
        put(header::HOST, host);
        put(header::USER_AGENT, USER_AGENT);
        put(header::ACCEPT, HeaderValue::from_static("*/*"));
        if flags.data.is_some() {
            put(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let body = flags.data.as_deref().map_or_else(|| Ok(Source::of_text(b"")), Source::new)?;
        // hyper sends nothing for no octets, nor with a GET whose length is not known, unless somebody says so.
        let framing = match body.length {
            Some(0) => Some((header::CONTENT_LENGTH, "0")),
            Some(_) => None,
            None => Some((header::TRANSFER_ENCODING, "chunked")),
        };
        if let Some((name, value)) = framing.filter(|_| flags.data.is_some()) {
            fields.insert(name, HeaderValue::from_static(value));
        }
        Ok(Self { method, target, fields, body })
    }

    /// The request as it is sent; from now on its body is read.
    pub(super) fn into_http(self) -> http::Request<Upload> {
        let mut request = http::Request::new(Upload::of(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target;
        *request.headers_mut() = self.fields;
        request
    }
}

/// `K: V`; what frames the message is ours to say.
fn field_of(field: &str) -> Result<(HeaderName, HeaderValue), Usage> {
    let parts = field.split_once(':').and_then(|(name, value)| {
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::try_from(value.trim()).ok()?))
    });
    match parts {
        Some((name, _)) if FRAMING.contains(&name) => {
            Err(Usage(format!("-H: {name} follows from --data and cannot be set")))
        }
        Some(parts) => Ok(parts),
        None => Err(Usage(format!("-H: '{field}' is no field; one looks like 'Accept: text/html'"))),
    }
}

impl Source {
    /// A text, `@FILE` or `@-`.
    fn new(data: &OsStr) -> Result<Self, Usage> {
        let Some(name) = data.as_bytes().strip_prefix(b"@") else { return Ok(Self::of_text(data.as_bytes())) };
        let opened = if name == b"-" {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(OsStr::from_bytes(name))
        };
        let error =
            |error: io::Error| Usage(format!("--data: cannot read '{}': {error}", OsStr::from_bytes(name).display()));
        let file = opened.map_err(error)?;
        let found = file.metadata().map_err(error)?;
        if found.is_dir() {
            return Err(error(io::ErrorKind::IsADirectory.into()));
        }
        // Of what stands on standard input a part may have been read, and files of /proc say that they are empty.
        let length = (found.is_file() && name != b"-" && found.len() > 0).then_some(found.len());
        Ok(Self { from: Box::new(file), length })
    }

    fn of_text(text: &[u8]) -> Self {
        Self { from: Box::new(Cursor::new(text.to_vec())), length: Some(text.len() as u64) }
    }
}

/// A body on its way.
pub(super) struct Upload {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    left: Option<u64>,
}

impl Upload {
    fn of(source: Source) -> Self {
        let (sender, chunks) = mpsc::channel(1);
        let Source { mut from, length } = source;
        // A thread of its own waits for who types.
        tokio::task::spawn_blocking(move || {
            loop {
                let mut buffer = vec![0; READ_BYTES];
                let chunk = match from.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(bytes) => {
                        buffer.truncate(bytes);
                        Ok(Bytes::from(buffer))
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let is_over = chunk.is_err();
                if sender.blocking_send(chunk).is_err() || is_over {
                    return;
                }
            }
        });
        Self { chunks, left: length }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        this.chunks.poll_recv(context).map(|chunk| match (chunk, &mut this.left) {
            (Some(Ok(mut bytes)), Some(left)) => {
                // A file that has grown meanwhile.
                bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            (None, Some(1..)) => Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter"))),
            (chunk, _) => chunk.map(|chunk| chunk.map(Frame::data)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Whom the script is asked by.
pub(super) const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49152);
/// Where a server would listen that was started without a word.
pub(super) const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("htbin/", env!("CARGO_PKG_VERSION")));
/// The fields that frame a message.
const FRAMING: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];
const READ_BYTES: usize = 64 * 1024;
