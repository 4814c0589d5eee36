//! A bounded buffer and the thread that writes it out. Whoever pushes a line never waits for whoever reads it.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustix::io::Errno;

use super::{
    record::Form,
    sink::{Sink, Unwritten},
};

/// Lines on their way to where they end up.
pub(super) struct Writer {
    /// Whoever writes keeps it until all lines at hand are written, so that none is torn when another takes its place.
    sink: ArcSwap<Sink>,
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
    pub(super) fn new(sink: Sink, prompt: bool, lost: fn(Closed)) -> Self {
        let state = Mutex::new(State { bytes: Vec::new(), dropped: 0, phase: Phase::Direct });
        Self { sink: ArcSwap::from_pointee(sink), prompt, lost, state, pushed: Condvar::new(), ended: Condvar::new() }
    }

    /// From now on lines end up there. Those of another form may only come where there is no thread yet.
    pub(super) fn lead_to(&self, sink: Sink) {
        self.sink.store(Arc::new(sink));
    }

    /// How a line has to look.
    pub(super) fn form(&self) -> Form {
        self.sink.load().form()
    }

    /// Somebody sees the lines as they come.
    pub(super) fn is_terminal(&self) -> bool {
        self.sink.load().is_terminal()
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

    /// Adds a line, with its end.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        match state.phase {
            Phase::Gone => {}
            Phase::Direct => _ = self.sink.load().write(line),
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
            bytes.clear();
            bytes.shrink_to(FLUSH_BYTES * 4);
            match written {
                Ok(()) => {}
                Err((_, Errno::PIPE | Errno::BADF)) => {
                    self.end(Phase::Gone);
                    return (self.lost)(Closed::Gone);
                }
                Err((lines, errno)) => (self.lost)(Closed::Failed(lines, errno)),
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

    fn write(&self, bytes: &[u8]) -> Result<(), Unwritten> {
        // Held whole: a `load` would keep others from being swapped out for as long as the write takes.
        let sink = self.sink.load_full();
        sink.write(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole lines behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("sink", &self.sink).finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        os::fd::OwnedFd,
        sync::atomic::{AtomicU64, Ordering},
    };

    use super::*;

    fn pipe() -> (io::PipeReader, OwnedFd) {
        let (reader, writer) = io::pipe().expect("two descriptors");
        (reader, writer.into())
    }

    fn read(mut reader: io::PipeReader) -> String {
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("it is text");
        text
    }

    #[test]
    fn lines_arrive_whole_and_in_order_from_many_threads() {
        let (reader, out) = pipe();
        let writer = Arc::new(Writer::new(Sink::stream(out), false, |_| panic!("nothing is lost")));
        writer.start("test").expect("a thread");
        let text = thread::spawn(move || read(reader));
        thread::scope(|scope| {
            for thread in 0..4 {
                let writer = &writer;
                scope.spawn(move || (0..1000).for_each(|line| writer.push(format!("{thread} {line}\n").as_bytes())));
            }
        });
        writer.finish();
        drop(writer);
        let text = text.join().expect("no panic");
        assert_eq!(text.lines().count(), 4000);
        for thread in 0..4 {
            let prefix = format!("{thread} ");
            let numbers = text.lines().filter_map(|line| line.strip_prefix(&prefix)?.parse::<u32>().ok());
            assert!(numbers.eq(0..1000), "the lines of thread {thread} are in order");
        }
    }

    #[test]
    fn a_line_goes_out_without_another_one_pushing_it() {
        let (mut reader, out) = pipe();
        for prompt in [true, false] {
            let writer = Arc::new(Writer::new(Sink::stream(out.try_clone().expect("a descriptor")), prompt, |_| {}));
            writer.start("test").expect("a thread");
            writer.push(b"line\n");
            let mut line = [0; 5];
            reader.read_exact(&mut line).expect("it comes");
            assert_eq!(&line, b"line\n");
            writer.finish();
        }
    }

    #[test]
    fn before_the_thread_and_after_the_end_lines_go_straight_out() {
        let (reader, out) = pipe();
        let writer = Arc::new(Writer::new(Sink::stream(out), false, |_| {}));
        writer.push(b"before\n");
        writer.start("test").expect("a thread");
        writer.push(b"while\n");
        writer.finish();
        writer.push(b"after\n");
        writer.finish();
        drop(writer);
        assert_eq!(read(reader), "before\nwhile\nafter\n");
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read() {
        static LOST: AtomicU64 = AtomicU64::new(0);
        let (reader, out) = pipe();
        let writer = Arc::new(Writer::new(Sink::stream(out), false, |closed| {
            if let Closed::Dropped(lines) = closed {
                LOST.fetch_add(lines, Ordering::SeqCst);
            }
        }));
        writer.start("test").expect("a thread");
        let line = [[b'x'; 1023].as_slice(), b"\n"].concat();
        // Twice what fits: none of these waits, or the test would hang, for nobody reads yet.
        let pushed = 2 * BUFFER_BYTES_MAX / line.len();
        (0..pushed).for_each(|_| writer.push(&line));
        let text = thread::spawn(move || read(reader));
        writer.finish();
        drop(writer);
        let arrived = text.join().expect("no panic").len() / line.len();
        let lost = usize::try_from(LOST.load(Ordering::SeqCst)).expect("it is small");
        assert!(lost > 0);
        assert_eq!(arrived + lost, pushed);
    }

    #[test]
    fn a_closed_reader_is_told_once_and_ends_nothing() {
        static GONE: AtomicU64 = AtomicU64::new(0);
        let (reader, out) = pipe();
        drop(reader);
        let writer = Arc::new(Writer::new(Sink::stream(out), true, |closed| {
            assert!(matches!(closed, Closed::Gone));
            GONE.fetch_add(1, Ordering::SeqCst);
        }));
        writer.start("test").expect("a thread");
        (0..100).for_each(|_| writer.push(b"line\n"));
        writer.finish();
        writer.push(b"line\n");
        // Told from the thread, which `finish` does not outlive by much: its own reference is the last but ours.
        while Arc::strong_count(&writer) > 1 {
            thread::yield_now();
        }
        assert_eq!(GONE.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_full_disk_loses_lines_and_goes_on() {
        static LOST: AtomicU64 = AtomicU64::new(0);
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let writer = Arc::new(Writer::new(Sink::stream(full.into()), true, |closed| match closed {
            Closed::Failed(lines, Errno::NOSPC) => _ = LOST.fetch_add(lines, Ordering::SeqCst),
            _ => panic!("the disk is full"),
        }));
        writer.start("test").expect("a thread");
        (0..10).for_each(|_| writer.push(b"line\n"));
        writer.finish();
        assert_eq!(LOST.load(Ordering::SeqCst), 10);
    }
}
