//! Files on their way to a client without a trip through this process's memory. hyper frames an answer and hands octets
//! to the stream; a slice of a file goes through it as a placeholder, octets at known addresses that nobody reads, and the
//! stream sends the file itself (sendfile) when a placeholder's turn comes. Order keeps the two together: what was put
//! in first is written first, and every octet of a placeholder stands for one of its file.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, IoSlice},
    os::fd::AsFd,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

/// The slices of files that one connection still has to send.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<VecDeque<Slice>>);

#[derive(Debug)]
struct Slice {
    file: Arc<File>,
    offset: u64,
    left: u64,
}

impl Outbox {
    /// Puts a slice in, as much of it as one placeholder can stand for, and gives the placeholder.
    pub(super) fn put(&self, file: Arc<File>, offset: u64, length: u64) -> Bytes {
        let left = length.min(PLACEHOLDER_BYTES as u64);
        if left == 0 {
            return Bytes::new();
        }
        self.slices().push_back(Slice { file, offset, left });
        Bytes::from_static(&PLACEHOLDER[..left as usize])
    }

    /// Sends what fits of the slice whose turn it is.
    pub(super) fn send(&self, socket: impl AsFd) -> io::Result<usize> {
        let mut slices = self.slices();
        let slice = slices.front_mut().ok_or_else(|| io::Error::other("a placeholder without its file"))?;
        let sent = rustix::fs::sendfile(socket, &slice.file, Some(&mut slice.offset), slice.left as usize)?;
        if sent == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrank while it was sent"));
        }
        slice.left -= sent as u64;
        if slice.left == 0 {
            slices.pop_front();
        }
        Ok(sent)
    }

    fn slices(&self) -> MutexGuard<'_, VecDeque<Slice>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does this stand for a slice of a file?
pub(super) fn is_placeholder(bytes: &IoSlice<'_>) -> bool {
    !bytes.is_empty() && PLACEHOLDER.as_ptr_range().contains(&bytes.as_ptr())
}

/// Addresses without content: zeroed memory that is never touched takes no room.
static PLACEHOLDER: LazyLock<&'static [u8]> =
    LazyLock::new(|| Box::leak(vec![0; PLACEHOLDER_BYTES].into_boxed_slice()));
/// One call of sendfile sends at most this much.
const PLACEHOLDER_BYTES: usize = 1024 * 1024;
