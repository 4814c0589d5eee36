//! Processes as the tests see them: waiting for an end with a deadline, and what `/proc` tells.

use std::{
    fs,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the descriptor can be read; false when the time is up.
pub(crate) fn readable(fd: impl AsFd, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)) {
            Ok(count) => return count > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// Waits until a process has ended (a defunct one has); false when the time is up.
pub(crate) fn gone_within(pid: u32, patience: Duration) -> bool {
    match pidfd_open(pid_of(pid), PidfdFlags::empty()) {
        Ok(fd) => readable(fd, patience),
        Err(rustix::io::Errno::SRCH) => true,
        Err(error) => panic!("pidfd_open {pid}: {error}"),
    }
}

/// Asserts that a process ends in time.
pub(crate) fn assert_gone_within(pid: u32, seconds: u64, what: &str) {
    assert!(gone_within(pid, Duration::from_secs(seconds)), "{what} (process {pid}) is still there after {seconds} s");
}

/// Sends a signal; a process that is gone is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    match kill_process(pid_of(pid), signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => panic!("kill {pid}: {error}"),
    }
}

/// Waits for a child, and kills it when the time is up.
pub(crate) fn wait_within(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    if gone_within(child.id(), patience) {
        return Some(child.wait().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Runs a command to its end, bounded.
pub(crate) fn run(command: &mut Command) -> Output {
    run_within(command, Duration::from_secs(60))
}

/// Runs a command to its end, within this time.
pub(crate) fn run_within(command: &mut Command, patience: Duration) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = read_in_background(child.stdout.take().unwrap());
    let stderr = read_in_background(child.stderr.take().unwrap());
    let status = wait_within(&mut child, patience).unwrap_or_else(|| panic!("{command:?}: still runs"));
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// Runs a command that must succeed, and gives its output.
pub(crate) fn run_ok(command: &mut Command) -> String {
    let output = run(command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn read_in_background(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// A field of `/proc/PID/status`, None when the process is gone.
pub(crate) fn status_field(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    field_of(&status, name).map(str::to_owned)
}

/// A field of a text like `/proc/self/status`.
pub(crate) fn field_of<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// Resident memory of a process in KiB; with `VmHWM` the most it ever was.
pub(crate) fn memory_kib(pid: u32, field: &str) -> u64 {
    let value = status_field(pid, field).unwrap_or_else(|| panic!("process {pid} has no {field}"));
    value.trim_end_matches(" kB").parse().unwrap()
}

/// Living and defunct children of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|line| line.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>())
        .collect()
}

/// All descendants of a process.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = children(pid);
    while let Some(child) = next.pop() {
        found.push(child);
        next.extend(children(child));
    }
    found
}

/// A named pipe that scripts write lines to, so that a test knows how far they are.
pub(crate) struct Fifo {
    fd: OwnedFd,
    buffered: Vec<u8>,
}

impl Fifo {
    /// Makes it, for everybody to write.
    pub(crate) fn make(path: &Path) -> Self {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, Mode::from(0o666), 0).unwrap();
        rustix::fs::chmod(path, Mode::from(0o666)).unwrap();
        // Read and write: so it opens at once, and never ends.
        let fd = rustix::fs::open(path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).unwrap();
        Self { fd, buffered: Vec::new() }
    }

    /// The next line, without its end.
    pub(crate) fn line(&mut self) -> String {
        self.line_within(PATIENCE).expect("no line came through the pipe")
    }

    /// The next line as a number: a script's `echo $$`.
    pub(crate) fn pid(&mut self) -> u32 {
        self.line().trim().parse().unwrap()
    }

    /// The next line, None when the time is up.
    pub(crate) fn line_within(&mut self, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(end) = self.buffered.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffered.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !readable(&self.fd, deadline.saturating_duration_since(Instant::now())) {
                return None;
            }
            let mut chunk = [0; 4096];
            match rustix::io::read(&self.fd, &mut chunk) {
                Ok(count) => self.buffered.extend_from_slice(&chunk[..count]),
                Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => panic!("read from the pipe: {}", io::Error::from(error)),
            }
        }
    }

    /// Lets one script go on that waits with `read x <fifo`.
    pub(crate) fn release(&self) {
        rustix::io::write(&self.fd, b"go\n").unwrap();
    }
}

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(pid as i32).expect("a process id is not 0")
}
