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

/// The body of an answer.
pub enum Body {
    /// One part, until it has been taken, or none.
    One(Option<Part>),
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

/// What the octets of a body were made from, as an extension of its answer: whoever makes something of them, and keeps
/// that, knows them again by it. Two bodies of one origin are the same to the octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file that has not changed for a while: device, inode, size and the times of its last changes.
    File([u64; 5]),
    /// An answer that is stored under this number.
    Stored(u64),
}

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
        Self::One(None)
    }

    /// These octets.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::One(Some(Part::Bytes(bytes.into())))
    }

    /// A slice of a file. A file that shrinks meanwhile cuts the connection.
    pub fn file(file: File, offset: u64, length: u64) -> Self {
        Self::One(Some(Part::File { file: Arc::new(file), offset, length }))
    }

    /// The next part; none at the end, an error where the rest will not come.
    pub fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        match self {
            Self::One(part) => Poll::Ready(part.take().map(Ok)),
            Self::Parts(parts) => Poll::Ready(parts.pop_front().map(Ok)),
            Self::Stream { chunks, .. } => chunks.as_mut().poll_next(context).map_ok(Part::Bytes),
        }
    }

    /// How many octets are left, where that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::One(part) => Some(part.as_ref().map_or(0, Part::length)),
            Self::Parts(parts) => Some(parts.iter().map(Part::length).sum()),
            Self::Stream { length, .. } => *length,
        }
    }
}

impl Part {
    /// How many octets it has.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}
