//! One datagram with descriptors beside it, sent and received without waiting.

use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    cmsg_space,
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, recvmsg, sendmsg,
    },
};

/// Descriptors beside one datagram: stdin, stdout, stderr and, for a large order, the file that holds it.
const DESCRIPTORS_MAX: usize = 4;

/// Sends it now or not at all (EAGAIN).
pub(crate) fn send(socket: impl AsFd, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    sendmsg(socket, &[IoSlice::new(message)], &mut control, flags).map(drop)
}

/// What has come in one datagram.
pub(crate) struct Datagram {
    /// Octets in the buffer: 0 at the end, when the other side is gone.
    pub(crate) bytes: usize,
    /// It was larger than the buffer.
    pub(crate) is_cut: bool,
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// Receives one that is there (else EAGAIN).
pub(crate) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<Datagram, Errno> {
    take(socket, buffer, RecvFlags::DONTWAIT)
}

/// Waits for one.
pub(crate) fn wait(socket: impl AsFd, buffer: &mut [u8]) -> Result<Datagram, Errno> {
    take(socket, buffer, RecvFlags::empty())
}

fn take(socket: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> Result<Datagram, Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let message = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    let is_cut = message.flags.contains(ReturnFlags::TRUNC);
    let bytes = message.bytes;
    let mut descriptors = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = part {
            descriptors.extend(passed);
        }
    }
    Ok(Datagram { bytes, is_cut, descriptors })
}
