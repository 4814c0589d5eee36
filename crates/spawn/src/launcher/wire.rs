//! The messages between the server and the launcher: one order or answer a datagram, descriptors beside it.
//! Both ends are the same binary, so numbers are in the machine's own order.

pub(crate) mod terms;

use std::{
    ffi::CStr,
    fs::File,
    os::{
        fd::{OwnedFd, RawFd},
        unix::fs::FileExt,
    },
};

use rustix::io::Errno;

use crate::{child::Stage, launch::Order, limits::Limits, terms::Terms};
use terms::{read_terms, write_terms};

/// The most octets in one datagram; larger orders travel in a file in memory.
pub(crate) const MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// The most octets in one order: Linux itself takes no more than 2 MiB of arguments and environment by default, 6 at all.
pub(crate) const ORDER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// One script's descriptors.
pub(crate) const STDIO: usize = 3;

/// Writes an order: numbers, the terms if they are not ordinary, then null-terminated strings (program, directory, arguments, environment).
pub(crate) fn write_order(id: u64, order: &Order<'_>) -> Vec<u8> {
    let mut message = Vec::with_capacity(256 + order.environment.len() + order.program.len() * 3);
    let limits = order.limits;
    let terms = write_terms(order.terms);
    let numbers = [
        id,
        u64::from(order.new_privileges),
        order.arguments.len() as u64,
        limit(limits.cpu_seconds),
        limit(limits.memory_bytes),
        limit(limits.processes),
        limit(limits.file_bytes),
        terms.len() as u64,
    ];
    message.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
    message.extend_from_slice(&terms);
    for string in [order.program, order.directory].into_iter().chain(order.arguments.iter().copied()) {
        message.extend_from_slice(string);
        message.push(0);
    }
    message.extend_from_slice(order.environment);
    message
}

/// An order as the launcher reads it.
pub(crate) struct ReadOrder<'a> {
    pub(crate) id: u64,
    pub(crate) new_privileges: bool,
    pub(crate) limits: Limits,
    pub(crate) terms: Terms,
    pub(crate) program: &'a CStr,
    pub(crate) directory: &'a CStr,
    pub(crate) argument_count: usize,
    /// Arguments, then environment.
    pub(crate) strings: Strings<'a>,
}

/// Reads an order; none if it is not one.
pub(crate) fn read_order(message: &[u8]) -> Option<ReadOrder<'_>> {
    let (numbers, rest) = message.split_at_checked(8 * 8)?;
    let number = |index: usize| numbers[index * 8..][..8].try_into().map(u64::from_ne_bytes).ok();
    let (terms, rest) = rest.split_at_checked(usize::try_from(number(7)?).ok()?)?;
    let mut strings = Strings(rest);
    Some(ReadOrder {
        id: number(0)?,
        new_privileges: number(1)? != 0,
        argument_count: usize::try_from(number(2)?).ok()?,
        limits: Limits {
            cpu_seconds: unlimit(number(3)?),
            memory_bytes: unlimit(number(4)?),
            processes: unlimit(number(5)?),
            file_bytes: unlimit(number(6)?),
        },
        terms: read_terms(terms)?,
        program: strings.next()?,
        directory: strings.next()?,
        strings,
    })
}

/// Null-terminated strings, one after the other.
#[derive(Clone)]
pub(crate) struct Strings<'a>(&'a [u8]);

impl<'a> Iterator for Strings<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        let string = CStr::from_bytes_until_nul(self.0).ok()?;
        self.0 = &self.0[string.count_bytes() + 1..];
        Some(string)
    }
}

/// What the server asks for besides orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// TERM for a child of the server's, and its group. Nobody answers.
    Term(RawFd),
    /// KILL, in the same way.
    Kill(RawFd),
    /// Another launcher with the same policy, on the socket that comes beside; answered as order 0.
    Another {
        /// In a namespace of users.
        apart: bool,
    },
}

impl Request {
    pub(crate) fn write(self) -> [u8; REQUEST_BYTES] {
        let (verb, pid) = match self {
            Self::Term(pid) => (0_i32, pid),
            Self::Kill(pid) => (1, pid),
            Self::Another { apart } => (2, i32::from(apart)),
        };
        // No order has the number 0.
        let mut message = [0; REQUEST_BYTES];
        message[8..12].copy_from_slice(&verb.to_ne_bytes());
        message[12..].copy_from_slice(&pid.to_ne_bytes());
        message
    }

    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let message: &[u8; REQUEST_BYTES] = message.try_into().ok().filter(|it: &&[u8; _]| it[..8] == [0; 8])?;
        let word = |at: usize| message[at..at + 4].try_into().map(i32::from_ne_bytes).ok();
        match (word(8)?, word(12)?) {
            (0, pid) => Some(Self::Term(pid)),
            (1, pid) => Some(Self::Kill(pid)),
            (2, apart) => Some(Self::Another { apart: apart != 0 }),
            _ => None,
        }
    }
}

/// Octets in a request: fewer than in any order.
const REQUEST_BYTES: usize = 16;

/// What the launcher answers; with it, when a process was made, its pidfd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) id: u64,
    /// 0: no process was made.
    pub(crate) pid: RawFd,
    pub(crate) failure: Option<(Stage, Errno)>,
}

/// Octets in an answer.
pub(crate) const ANSWER_BYTES: usize = 20;

impl Answer {
    pub(crate) fn write(&self) -> [u8; ANSWER_BYTES] {
        let mut message = [0; ANSWER_BYTES];
        let (stage, errno) = self.failure.map_or((-1, 0), |(stage, errno)| (stage as i32, errno.raw_os_error()));
        message[..8].copy_from_slice(&self.id.to_ne_bytes());
        message[8..12].copy_from_slice(&self.pid.to_ne_bytes());
        message[12..16].copy_from_slice(&stage.to_ne_bytes());
        message[16..].copy_from_slice(&errno.to_ne_bytes());
        message
    }

    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let message: &[u8; ANSWER_BYTES] = message.try_into().ok()?;
        let word = |at: usize| message[at..at + 4].try_into().map(i32::from_ne_bytes).ok();
        let failure = match usize::try_from(word(12)?) {
            Err(_) => None,
            Ok(stage) => Some((*Stage::ALL.get(stage)?, Errno::from_raw_os_error(word(16)?))),
        };
        Some(Self { id: message[..8].try_into().map(u64::from_ne_bytes).ok()?, pid: word(8)?, failure })
    }
}

/// All of a file, whatever its offset, if it is not larger than that.
pub(crate) fn read_whole(file: &OwnedFd, bytes_max: usize) -> Result<Vec<u8>, Errno> {
    let file = File::from(file.try_clone().map_err(|_| Errno::MFILE)?);
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    if bytes > bytes_max as u64 {
        return Err(Errno::TOOBIG);
    }
    let mut message = vec![0; bytes as usize];
    file.read_exact_at(&mut message, 0).map_err(|_| Errno::IO)?;
    Ok(message)
}

fn limit(limit: Option<u64>) -> u64 {
    limit.unwrap_or(u64::MAX)
}

fn unlimit(number: u64) -> Option<u64> {
    (number != u64::MAX).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let terms = Terms { nice: Some(3), ..Terms::default() };
        let order = Order {
            program: b"/bin/sh",
            arguments: &[b"/bin/sh", b"-c"],
            environment: b"A=1\0B=2\0",
            directory: b"/tmp",
            limits: Limits { cpu_seconds: Some(3), ..Limits::default() },
            new_privileges: true,
            terms: &terms,
        };
        let message = write_order(7, &order);
        let read = read_order(&message).expect("it is an order");
        assert_eq!((read.id, read.new_privileges, read.limits, read.argument_count), (7, true, order.limits, 2));
        assert_eq!(read.terms, terms);
        assert_eq!((read.program, read.directory), (c"/bin/sh", c"/tmp"));
        assert_eq!(read.strings.collect::<Vec<_>>(), [c"/bin/sh", c"-c", c"A=1", c"B=2"]);
    }

    fn order() -> Order<'static> {
        Order {
            program: b"/x",
            arguments: &[b"/x"],
            environment: b"",
            directory: b"/",
            limits: Limits::default(),
            new_privileges: false,
            terms: Terms::ORDINARY,
        }
    }

    #[test]
    fn a_cut_order_is_none_or_shorter_and_never_a_panic() {
        let message = write_order(1, &order());
        for end in 0..message.len() - 3 {
            assert!(read_order(&message[..end]).is_none_or(|read| read.strings.count() == 0), "{end}");
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written_and_is_no_order() {
        let another = [false, true].map(|apart| Request::Another { apart });
        for request in [Request::Term(7), Request::Kill(8)].into_iter().chain(another) {
            assert_eq!(Request::read(&request.write()), Some(request));
            assert!(read_order(&request.write()).is_none());
        }
        let order = Order { program: b"", arguments: &[], environment: b"", ..order() };
        assert_eq!(Request::read(&write_order(1, &order)), None);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        for failure in [None, Some((Stage::Exec, Errno::NOENT)), Some((Stage::Fork, Errno::AGAIN))] {
            let answer = Answer { id: 5, pid: 77, failure };
            assert_eq!(Answer::read(&answer.write()), Some(answer));
        }
        assert_eq!(Answer::read(b"short"), None);
    }
}
