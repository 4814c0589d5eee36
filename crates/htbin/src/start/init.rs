//! What the init system hears of this process (sd_notify(3)): ready, reloading, stopping, and that it is alive. Without
//! one that asks, nothing is said.

use std::{
    ffi::OsString,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    sync::Arc,
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// The init system, if it wants to hear something.
#[derive(Debug, Default)]
pub(super) struct Init {
    socket: Option<UnixDatagram>,
    /// How often it wants a sign of life, at least.
    watchdog: Option<Duration>,
}

impl Init {
    /// Whoever the environment names.
    pub(super) fn found() -> Self {
        let Some(address) = std::env::var_os("NOTIFY_SOCKET") else { return Self::default() };
        match connect(&address) {
            Ok(socket) => Self { socket: Some(socket), watchdog: watchdog() },
            Err(error) => {
                tracing::warn!("nobody hears at NOTIFY_SOCKET ({}): {error}", address.display());
                Self::default()
            }
        }
    }

    /// It serves; again after each new configuration. `status` is what `systemctl status` shows.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", status.replace('\n', " ")));
    }

    /// A new configuration is looked at, from now on.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the configuration anew"));
    }

    /// Nothing new begins.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping: what runs may finish");
    }

    /// Gives signs of life from now on, from the runtime that serves: if that hangs, they end.
    pub(super) fn stay_alive(self: &Arc<Self>) {
        let (init, Some(limit)) = (Arc::clone(self), self.watchdog) else { return };
        tokio::spawn(async move {
            let mut beat = tokio::time::interval((limit / 2).max(BEAT_MIN));
            loop {
                beat.tick().await;
                init.tell("WATCHDOG=1");
            }
        });
    }

    fn tell(&self, message: &str) {
        let Some(socket) = &self.socket else { return };
        // A full socket is the other end's affair: nothing here waits for it.
        if let Err(error) = socket.send(message.as_bytes()) {
            tracing::debug!("the init system does not hear: {error}");
        }
    }
}

fn connect(address: &OsString) -> std::io::Result<UnixDatagram> {
    let address = match address.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(address)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// How often a sign of life is wanted of this process.
fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    if std::env::var_os("WATCHDOG_PID").is_some() && number("WATCHDOG_PID") != Some(std::process::id().into()) {
        return None;
    }
    number("WATCHDOG_USEC").filter(|limit| *limit > 0).map(Duration::from_micros)
}

/// No watchdog needs more signs of life.
const BEAT_MIN: Duration = Duration::from_millis(10);
