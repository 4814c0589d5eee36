//! The launcher's own process: it reads an order, starts a process, answers, and does nothing else. It is small, so that
//! starting a process costs what the kernel asks for and no more. The processes are its siblings, children of the server,
//! so it never waits for them, and they outlive it.

pub(crate) mod wire;

use std::{
    fs::File,
    io::IoSlice,
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::FileExt,
    },
};

use rustix::{
    cmsg_space,
    io::Errno,
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, setsid},
    stdio,
};

use crate::{
    child::{Plan, Stage},
    datagram::{Datagram, wait},
    sys::{
        clone::{Argv, ChildStack, Launched, launch},
        inherited, signals,
    },
};
use wire::{Answer, MESSAGE_BYTES_MAX, ORDER_BYTES_MAX, ReadOrder, STDIO, read_order};

/// The argument that makes the binary a launcher.
pub const ARGUMENT: &str = "htbin-launcher";

/// Is this process to be a launcher? To be asked first in `main`, before any thread.
pub fn is_asked_for() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
}

/// Runs the launcher: orders come in on descriptor 0, until the server has closed its end.
pub fn run() {
    // A session of its own: Ctrl-C in the server's terminal is the server's business.
    let _ = setsid();
    signals::reset();
    inherited::close();
    // Scripts run as the same user: none of them may look into this process, or lead it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // A core file of a script could hold another user's data, and could fill the disk.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    for _ in 1..THREADS {
        std::thread::spawn(carry_out_orders);
    }
    carry_out_orders();
}

/// One order after the other. While a program is being executed its thread stands still, so there are a few of them: on a
/// busy machine a new process may wait for its turn, and others must not wait with it.
fn carry_out_orders() {
    let mut stack = ChildStack::new();
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    let orders = stdio::stdin();
    while let Some(order) = next(orders, &mut buffer) {
        let (answer, pidfd) = carry_out(&order, &buffer, &mut stack);
        if reply(orders, &answer, pidfd.as_ref()).is_err() {
            return;
        }
    }
}

/// The next order; none when the server is gone.
fn next(orders: BorrowedFd<'_>, buffer: &mut [u8]) -> Option<Datagram> {
    loop {
        match wait(orders, buffer) {
            Err(Errno::INTR) => {}
            Err(_) => return None,
            Ok(datagram) if datagram.bytes == 0 => return None,
            // What does not fit is not an order of ours.
            Ok(datagram) if datagram.is_cut => return Some(Datagram { bytes: 0, ..datagram }),
            Ok(datagram) => return Some(datagram),
        }
    }
}

fn carry_out(received: &Datagram, buffer: &[u8], stack: &mut ChildStack) -> (Answer, Option<OwnedFd>) {
    let message = &buffer[..received.bytes];
    let large = match received.descriptors.get(STDIO).map(read_large).transpose() {
        Ok(large) => large,
        Err(errno) => return (Answer { id: order_id(message), pid: 0, failure: Some((Stage::Fork, errno)) }, None),
    };
    let message = large.as_deref().unwrap_or(message);
    let failed = |errno| (Answer { id: order_id(message), pid: 0, failure: Some((Stage::Fork, errno)) }, None);
    let [stdin, stdout, stderr, ..] = &received.descriptors[..] else {
        // The descriptors got lost on the way: this process has too many open.
        return failed(Errno::MFILE);
    };
    let Some(order) = read_order(message) else { return failed(Errno::INVAL) };
    match start(&order, [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()], stack) {
        Err(errno) => failed(errno),
        Ok(launched) => {
            let pid = launched.pid.as_raw_nonzero().get();
            (Answer { id: order.id, pid, failure: launched.failure }, Some(launched.pidfd))
        }
    }
}

fn start(order: &ReadOrder<'_>, stdio: [BorrowedFd<'_>; STDIO], stack: &mut ChildStack) -> Result<Launched, Errno> {
    let mut strings = order.strings.clone();
    let mut arguments = Argv::with_capacity(order.argument_count.min(MESSAGE_BYTES_MAX));
    arguments.fill(strings.by_ref().take(order.argument_count));
    let mut environment = Argv::with_capacity(ENVIRONMENT_USUAL);
    environment.fill(strings);
    let plan = Plan {
        program: order.program,
        directory: order.directory,
        arguments: &arguments,
        environment: &environment,
        stdio,
        limits: order.limits,
        new_privileges: order.new_privileges,
    };
    launch(&plan, stack)
}

fn reply(orders: BorrowedFd<'_>, answer: &Answer, pidfd: Option<&OwnedFd>) -> Result<(), Errno> {
    let message = answer.write();
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors: Vec<BorrowedFd<'_>> = pidfd.iter().map(|pidfd| pidfd.as_fd()).collect();
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    loop {
        match sendmsg(orders, &[IoSlice::new(&message)], &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            result => return result.map(drop),
        }
    }
}

/// An order that came as a file.
fn read_large(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let file = File::from(file.try_clone().map_err(|_| Errno::MFILE)?);
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    if bytes > ORDER_BYTES_MAX as u64 {
        return Err(Errno::TOOBIG);
    }
    let mut message = vec![0; bytes as usize];
    file.read_exact_at(&mut message, 0).map_err(|_| Errno::IO)?;
    Ok(message)
}

/// The id is the first number of every message, so that even a bad order gets its answer.
fn order_id(message: &[u8]) -> u64 {
    message.first_chunk().copied().map_or(0, u64::from_ne_bytes)
}

/// Programs that may be starting at once.
const THREADS: usize = 8;
/// Room for the meta-variables of a browser's request without growing.
const ENVIRONMENT_USUAL: usize = 64;
