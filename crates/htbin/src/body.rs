//! The body of an answer: bytes and slices of files in order, or a stream. Nothing here knows what they mean.

use std::{
    collections::VecDeque,
    fs::File,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Frame, SizeHint};

/// The body of an answer.
pub enum Body {
    /// Bytes and file slices, in order; the length is known.
    Parts(VecDeque<Part>),
    /// What arrives; the length is known or not.
    Stream {
        /// The chunks. An error cuts the connection.
        chunks: Chunks,
        /// How many octets it will be, where that is known.
        length: Option<u64>,
    },
}

/// Chunks of a body as they arrive.
pub type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// A piece of a body whose length is known.
#[derive(Debug, Clone)]
pub enum Part {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A slice of a file.
    File {
        /// The open file; its offset is not used.
        file: Arc<File>,
        /// Where the slice starts, in octets.
        offset: u64,
        /// How long it is, in octets.
        length: u64,
    },
}

impl Body {
    /// No octets.
    pub fn empty() -> Self {
        Self::Parts(VecDeque::new())
    }

    /// These octets.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::Parts(VecDeque::from([Part::Bytes(bytes.into())]))
    }

    /// A slice of a file. A file that shrinks meanwhile cuts the connection.
    pub fn file(file: File, offset: u64, length: u64) -> Self {
        Self::Parts(VecDeque::from([Part::File { file: Arc::new(file), offset, length }]))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Parts(parts) => match parts.pop_front() {
                None => Poll::Ready(None),
                Some(Part::Bytes(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Part::File { file, offset, length }) => {
                    use std::os::unix::fs::FileExt;
                    let n = length.min(65536);
                    let mut v = vec![0; n as usize];
                    file.read_exact_at(&mut v, offset)?;
                    if length > n {
                        parts.push_front(Part::File { file, offset: offset + n, length: length - n })
                    }
                    Poll::Ready(Some(Ok(Frame::data(v.into()))))
                }
            },
            Self::Stream { chunks, .. } => chunks.as_mut().poll_next(context).map_ok(Frame::data),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Parts(parts) => SizeHint::with_exact(
                parts
                    .iter()
                    .map(|part| match part {
                        Part::Bytes(bytes) => bytes.len() as u64,
                        Part::File { length, .. } => *length,
                    })
                    .sum(),
            ),
            Self::Stream { length, .. } => length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
