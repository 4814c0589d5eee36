//! A bounded buffer and the thread that writes it out. Whoever pushes a line never waits for whoever reads it.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// Lines on their way to a descriptor.
pub(super) struct Writer {
    out: OwnedFd,
    /// Somebody is watching: each line goes out at once.
    prompt: bool,
    /// Told what was lost, from the thread and with nothing locked.
    lost: fn(Closed),
    state: Mutex<State>,
    /// For the thread: there is something to write.
    pushed: Condvar,
    /// For `finish`: the thread has ended.
    ended: Condvar,
}

/// What became of lines that could not be written.
pub(super) enum Closed {
    /// So many lines found the buffer full.
    Dropped(u64),
    /// The other end is closed for good.
    Gone,
    /// So many lines met this error; the next ones are tried again.
    Failed(u64, Errno),
}

impl Writer {
    /// A writer without a thread yet: lines go straight out.
    pub(super) fn new(out: OwnedFd, prompt: bool, lost: fn(Closed)) -> Self {
        let state = Mutex::new(State { bytes: Vec::new(), dropped: 0, phase: Phase::Direct });
        Self { out, prompt, lost, state, pushed: Condvar::new(), ended: Condvar::new() }
    }

    /// Starts the thread: from now on nobody but it waits for the reader.
    pub(super) fn start(self: &Arc<Self>, name: &str) -> io::Result<()> {
        self.lock().phase = Phase::Threaded;
        let writer = Arc::clone(self);
        let thread = thread::Builder::new().name(name.into()).stack_size(STACK_BYTES).spawn(move || writer.run());
        if thread.is_err() {
            self.lock().phase = Phase::Direct;
        }
        thread.map(drop)
    }

    /// Adds a line, with its line feed.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        match state.phase {
            Phase::Gone => {}
            Phase::Direct => _ = self.write(line),
            Phase::Threaded | Phase::Closing if state.bytes.len() + line.len() > BUFFER_BYTES_MAX => state.dropped += 1,
            Phase::Threaded | Phase::Closing => {
                let before = state.bytes.len();
                state.bytes.extend_from_slice(line);
                let is_enough = before < FLUSH_BYTES && state.bytes.len() >= FLUSH_BYTES;
                drop(state);
                if before == 0 || is_enough {
                    self.pushed.notify_one();
                }
            }
        }
    }

    /// Waits until everything is written, two seconds at most; later lines go straight out.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Threaded) {
            state.phase = Phase::Closing;
            self.pushed.notify_one();
            let is_closing = |state: &mut State| matches!(state.phase, Phase::Closing);
            let waited = self.ended.wait_timeout_while(state, FINISH_TIME, is_closing);
            let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                // The reader does not read: the thread hangs in its write, and so would the next line.
                state.phase = Phase::Gone;
            }
        }
    }

    fn run(&self) {
        let mut bytes = Vec::new();
        while let Some(dropped) = self.take(&mut bytes) {
            let written = self.write(&bytes);
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
            bytes.clear();
            bytes.shrink_to(FLUSH_BYTES * 4);
            match written {
                Ok(()) => {}
                Err(Errno::PIPE | Errno::BADF) => {
                    self.end(Phase::Gone);
                    return (self.lost)(Closed::Gone);
                }
                Err(errno) => (self.lost)(Closed::Failed(lines, errno)),
            }
            if dropped > 0 {
                (self.lost)(Closed::Dropped(dropped));
            }
        }
        self.end(Phase::Direct);
    }

    /// Waits for lines and takes them all; answers how many were dropped meanwhile, and nothing at the end.
    fn take(&self, bytes: &mut Vec<u8>) -> Option<u64> {
        let is_idle = |state: &mut State| state.bytes.is_empty() && matches!(state.phase, Phase::Threaded);
        let mut state = self.pushed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        if !self.prompt {
            let is_little =
                |state: &mut State| state.bytes.len() < FLUSH_BYTES && matches!(state.phase, Phase::Threaded);
            let waited = self.pushed.wait_timeout_while(state, FLUSH_TIME, is_little);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(bytes, &mut state.bytes);
        let dropped = std::mem::take(&mut state.dropped);
        (!bytes.is_empty() || dropped > 0).then_some(dropped)
    }

    fn end(&self, phase: Phase) {
        let mut state = self.lock();
        state.phase = phase;
        state.bytes = Vec::new();
        drop(state);
        self.ended.notify_all();
    }

    fn write(&self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.out, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                // Whoever shares our stdout made it non-blocking.
                Err(Errno::AGAIN) => _ = poll(&mut [PollFd::new(&self.out, PollFlags::OUT)], None),
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole lines behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("out", &self.out).finish_non_exhaustive()
    }
}

struct State {
    bytes: Vec<u8>,
    dropped: u64,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// No thread: whoever has a line writes it.
    Direct,
    /// The thread writes.
    Threaded,
    /// The thread writes what is left.
    Closing,
    /// Nobody reads.
    Gone,
}

const FLUSH_TIME: Duration = Duration::from_millis(100);
const FLUSH_BYTES: usize = 32 << 10;
const BUFFER_BYTES_MAX: usize = 4 << 20;
const FINISH_TIME: Duration = Duration::from_secs(2);
const STACK_BYTES: usize = 128 << 10;
