//! An answer's body on its way to hyper. Slices of files stay files: hyper gets as many placeholder octets, and the
//! stream sends the file in their place (`outbox`). When the body is done the connection is idle again.
//! Below TLS there are no placeholders: the file is read.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Version;
use hyper::body::{Body, Frame, SizeHint};

use super::Wire;
use crate::{body::Part, respond::Recorded};

pub(super) struct Answer {
    body: Recorded,
    /// The rest of a slice that is too long for one placeholder.
    rest: Option<Part>,
    /// The client's version: 1.0 knows no chunks.
    version: Version,
    wire: Arc<Wire>,
}

impl Answer {
    pub(super) fn new(body: Recorded, version: Version, wire: Arc<Wire>) -> Self {
        Self { body, rest: None, version, wire }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Bytes>>> {
        loop {
            let part = match self.rest.take() {
                Some(rest) => rest,
                None => match ready!(self.body.poll_part(context)) {
                    Some(Ok(part)) => part,
                    Some(Err(error)) => {
                        if self.version == Version::HTTP_10 {
                            self.wire.pace.cut();
                        }
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => return Poll::Ready(None),
                },
            };
            let bytes = match part {
                Part::Bytes(bytes) => bytes,
                Part::File { file, offset, length } if !self.wire.sends_files => {
                    let bytes = read(&file, offset, length)?;
                    let (offset, length) = (offset + bytes.len() as u64, length - bytes.len() as u64);
                    self.rest = (length > 0).then_some(Part::File { file, offset, length });
                    bytes
                }
                Part::File { file, offset, length } => {
                    let bytes = self.wire.outbox.put(Arc::clone(&file), offset, length);
                    let (offset, length) = (offset + bytes.len() as u64, length - bytes.len() as u64);
                    self.rest = (length > 0).then_some(Part::File { file, offset, length });
                    bytes
                }
            };
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.get_mut().poll_bytes(context).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.body.length() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or(0, Part::length);
        self.body.length().map_or_else(SizeHint::default, |length| SizeHint::with_exact(length + rest))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(rest) = &self.rest {
            self.body.give_back(rest.length());
        }
        self.wire.pace.answered();
    }
}

/// The next octets of a slice of a file.
fn read(file: &File, offset: u64, length: u64) -> std::io::Result<Bytes> {
    let mut bytes = vec![0; length.min(READ_BYTES_MAX) as usize];
    let read = file.read_at(&mut bytes, offset)?;
    if read == 0 && length > 0 {
        return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the file shrank while it was sent"));
    }
    bytes.truncate(read);
    Ok(bytes.into())
}

/// Of a file that is read and handed on: what four records of TLS hold.
const READ_BYTES_MAX: u64 = 64 * 1024;
