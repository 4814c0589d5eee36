//! The launcher's own process: it reads an order, starts a process, answers, and does nothing else. It is small, so that
//! starting a process costs what the kernel asks for and no more. The processes are its siblings, children of the server,
//! so it never waits for them, and they outlive it.

pub(crate) mod policy;
mod prepared;
mod signal;
pub(crate) mod wire;

use std::{
    io::IoSlice,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use rustix::{
    cmsg_space,
    fs::{Mode, OFlags, open},
    io::{Errno, fcntl_dupfd_cloexec},
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
    process::{DumpableBehavior, Resource, Rlimit, Signal, getegid, geteuid, set_dumpable_behavior, setrlimit, setsid},
    stdio,
};

use crate::{
    child::Stage,
    datagram::{Datagram, wait},
    sys::{
        clone::{ChildStack, Launched},
        inherited, namespace, signals,
    },
};
use policy::{Judge, Policy};
use wire::{Answer, MESSAGE_BYTES_MAX, ORDER_BYTES_MAX, Request, STDIO, read_order, read_whole};

/// The argument that makes the binary a launcher.
pub const ARGUMENT: &str = "htbin-launcher";

/// The argument after that, for a launcher in a namespace of users of its own.
pub(crate) const APART: &str = "apart";

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
    if std::env::args_os().nth(2).is_some_and(|argument| argument == APART) && live_apart().is_err() {
        return;
    }
    // Scripts run as the same user: none of them may look into this process, or lead it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // A core file of a script could hold another user's data, and could fill the disk.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // Without its policy it would start what it must not.
    let Some(judge) = own_policy() else { return };
    let judge = Arc::new(judge);
    for _ in 1..THREADS {
        let judge = Arc::clone(&judge);
        std::thread::spawn(move || carry_out_orders(&judge));
    }
    carry_out_orders(&judge);
}

/// Enters a namespace in which an ordinary user may make namespaces of mounts and processes. There is nobody in it but
/// this user, as whom everything stays.
fn live_apart() -> std::io::Result<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    namespace::enter()?;
    // The kernel wants this before groups are mapped by who is not root.
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

/// What lies in the place of stdout, which then leads nowhere.
fn own_policy() -> Option<Judge> {
    // Close-on-exec: no script is to see it.
    let file = fcntl_dupfd_cloexec(stdio::stdout(), 3).ok()?;
    let policy = Policy::from_file(&file)?;
    let null = open(c"/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    stdio::dup2_stdout(&null).ok()?;
    Some(Judge::new(policy, file))
}

/// One order after the other. While a program is being executed its thread stands still, so there are a few of them: on a
/// busy machine a new process may wait for its turn, and others must not wait with it.
fn carry_out_orders(judge: &Judge) {
    let mut stack = ChildStack::new();
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    let orders = stdio::stdin();
    while let Some(order) = next(orders, &mut buffer) {
        let (answer, pidfd) = match Request::read(&buffer[..order.bytes]) {
            Some(Request::Term(pid)) => {
                signal::send(pid, Signal::TERM);
                continue;
            }
            Some(Request::Kill(pid)) => {
                signal::send(pid, Signal::KILL);
                continue;
            }
            Some(Request::Another { apart }) => {
                answered(0, prepared::another(&order.descriptors, apart, judge, &mut stack))
            }
            None => carry_out(&order, &buffer, judge, &mut stack),
        };
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

fn carry_out(received: &Datagram, buffer: &[u8], judge: &Judge, stack: &mut ChildStack) -> (Answer, Option<OwnedFd>) {
    let message = &buffer[..received.bytes];
    let failed = |errno| answered(order_id(message), Err((Stage::Fork, errno)));
    let large = received.descriptors.get(STDIO).map(|file| read_whole(file, ORDER_BYTES_MAX)).transpose();
    let large = match large {
        Ok(large) => large,
        Err(errno) => return failed(errno),
    };
    let message = large.as_deref().unwrap_or(message);
    let [stdin, stdout, stderr, ..] = &received.descriptors[..] else {
        // The descriptors got lost on the way: this process has too many open.
        return failed(Errno::MFILE);
    };
    let Some(order) = read_order(message) else { return failed(Errno::INVAL) };
    let stdio = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    answered(order.id, prepared::start(&order, stdio, judge, stack))
}

fn answered(id: u64, launched: Result<Launched, (Stage, Errno)>) -> (Answer, Option<OwnedFd>) {
    match launched {
        Err(failure) => (Answer { id, pid: 0, failure: Some(failure) }, None),
        Ok(launched) => {
            let pid = launched.pid.as_raw_nonzero().get();
            (Answer { id, pid, failure: launched.failure }, Some(launched.pidfd))
        }
    }
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

/// The id is the first number of every message, so that even a bad order gets its answer.
fn order_id(message: &[u8]) -> u64 {
    message.first_chunk().copied().map_or(0, u64::from_ne_bytes)
}

/// Programs that may be starting at once.
const THREADS: usize = 8;
