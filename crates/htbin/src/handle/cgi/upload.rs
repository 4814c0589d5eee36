//! A request's body, taken in full before the script starts: in memory while it is small, then in an unlinked file.
//! Nothing is allocated from a declared length.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::fs::FileExt},
};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::{header, request::Parts};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rustix::{
    fs::{CWD, Mode, OFlags, SeekFrom, openat, seek},
    io::Errno,
};
use tokio::task::spawn_blocking;

use super::Rules;
use crate::refusal::{Reason, Refusal};
use htbin_spawn::Stdin;

/// A body that has arrived.
pub(super) struct Upload {
    /// How many octets; none if the request has no body at all.
    pub(super) length: Option<u64>,
    content: Content,
}

enum Content {
    Memory(Bytes),
    File(File),
}

impl Upload {
    /// The octets, if they are in memory.
    pub(super) fn in_memory(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::File(_) => None,
        }
    }

    /// A hold on the octets, which lasts while the script reads them.
    pub(super) fn hold(&self) -> Option<Held> {
        match &self.content {
            Content::Memory(bytes) => Some(Held(Content::Memory(bytes.clone()))),
            Content::File(file) => Some(Held(Content::File(file.try_clone().ok()?))),
        }
    }

    pub(super) fn into_stdin(self) -> Result<Stdin, Refusal> {
        Ok(match self.content {
            Content::Memory(bytes) if bytes.is_empty() => Stdin::Empty,
            Content::Memory(bytes) => Stdin::Bytes(bytes),
            Content::File(file) => {
                let file = OwnedFd::from(file);
                seek(&file, SeekFrom::Start(0)).map_err(|errno| disk_refusal(&errno.into()))?;
                Stdin::File(file)
            }
        })
    }
}

/// A body that somebody else reads meanwhile.
pub(super) struct Held(Content);

impl Held {
    /// Its start.
    pub(super) fn start(&self, bytes_max: usize) -> Vec<u8> {
        match &self.0 {
            Content::Memory(bytes) => bytes[..bytes.len().min(bytes_max)].to_vec(),
            Content::File(file) => {
                let mut start = vec![0; bytes_max];
                let mut length = 0;
                while let Ok(read @ 1..) = file.read_at(&mut start[length..], length as u64) {
                    length += read;
                }
                start.truncate(length);
                start
            }
        }
    }
}

/// Takes the body in.
pub(super) async fn take(body: Option<Incoming>, request: &Parts, rules: &Rules) -> Result<Upload, Refusal> {
    let none = Upload { length: None, content: Content::Memory(Bytes::new()) };
    let Some(mut body) = body else { return Ok(none) };
    if body.is_end_stream() {
        // A declared length of zero is a body without octets; no length at all is no body.
        let declared = request.headers.contains_key(header::CONTENT_LENGTH);
        return Ok(Upload { length: declared.then_some(0), ..none });
    }
    if body.size_hint().lower() > rules.body_bytes_max {
        return Err(too_large(rules));
    }
    let mut length = 0;
    let mut memory = BytesMut::new();
    let mut file: Option<File> = None;
    while let Some(data) = next(&mut body, rules).await? {
        length = grown(length, &data, rules)?;
        memory.extend_from_slice(&data);
        // What has arrived already is taken along, as each write is a trip to another thread.
        while memory.len() > rules.body_memory_bytes_max && memory.len() < WRITE_BYTES_MAX {
            let Some(more) = next(&mut body, rules).now_or_never().transpose()?.flatten() else { break };
            length = grown(length, &more, rules)?;
            memory.extend_from_slice(&more);
        }
        if memory.len() > rules.body_memory_bytes_max {
            let (written, emptied) = write(file.take(), memory).await?;
            (file, memory) = (Some(written), emptied);
        }
    }
    let content = match file {
        Some(file) => Content::File(write(Some(file), memory).await?.0),
        None => Content::Memory(memory.freeze()),
    };
    Ok(Upload { length: Some(length), content })
}

fn grown(length: u64, data: &Bytes, rules: &Rules) -> Result<u64, Refusal> {
    let length = length + data.len() as u64;
    if length > rules.body_bytes_max { Err(too_large(rules)) } else { Ok(length) }
}

async fn next(body: &mut Incoming, rules: &Rules) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = tokio::time::timeout(rules.body_idle_time, body.frame()).await.map_err(|_| {
            Refusal::with_detail(Reason::BodyTimeout, format!("no octet of the body for {:?}", rules.body_idle_time))
        })?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(Refusal::with_detail(Reason::BodyBroken, error.to_string())),
            // Trailers of a chunked body have no place in CGI.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(_trailers) => {}
            },
        }
    }
}

/// Writes on a thread that may wait for the disk; gives the file and the buffer, empty, back.
async fn write(file: Option<File>, mut memory: BytesMut) -> Result<(File, BytesMut), Refusal> {
    let written = spawn_blocking(move || -> io::Result<_> {
        use std::io::Write;
        let mut file = file.map_or_else(unnamed_file, Ok)?;
        file.write_all(&memory)?;
        memory.clear();
        Ok((file, memory))
    });
    match written.await {
        Ok(Ok(written)) => Ok(written),
        Ok(Err(error)) => Err(disk_refusal(&error)),
        Err(_) => Err(Refusal::with_detail(Reason::Internal, "the thread that wrote the body panicked")),
    }
}

/// A file without a name: it is gone with its last descriptor, whatever happens to us.
fn unnamed_file() -> io::Result<File> {
    let folder = std::env::temp_dir();
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC | OFlags::EXCL;
    match openat(CWD, &folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(File::from(file)),
        // Not every file system can (overlayfs before Linux 6.1, NFS).
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => tempfile::tempfile_in(folder),
        Err(errno) => Err(errno.into()),
    }
}

fn too_large(rules: &Rules) -> Refusal {
    Refusal::with_detail(
        Reason::BodyTooLarge,
        format!("the body is larger than {} octets; raise --max-body", rules.body_bytes_max),
    )
}

fn disk_refusal(error: &io::Error) -> Refusal {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Reason::DiskFull,
        _ if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => Reason::Busy(1),
        _ => Reason::Internal,
    };
    Refusal::with_detail(reason, format!("cannot keep the body in {}: {error}", std::env::temp_dir().display()))
}

/// One write takes about this much at most.
const WRITE_BYTES_MAX: usize = 128 * 1024;
