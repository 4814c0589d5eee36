//! Placeholder for the handler of scripts: its settings only.

use std::{ffi::OsString, time::Duration};

/// How scripts run, and their limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Running at once.
    pub running_max: usize,
    /// Waiting.
    pub queue_max: usize,
    /// How long they wait.
    pub queue_time: Duration,
    /// Until the head is complete.
    pub head_time: Duration,
    /// Without output.
    pub idle_time: Duration,
    /// A request body.
    pub body_bytes_max: u64,
    /// Of which in memory.
    pub body_memory_bytes_max: usize,
    /// A script's head.
    pub head_bytes_max: usize,
    /// A script's output.
    pub output_bytes_max: Option<u64>,
    /// Its memory.
    pub memory_bytes_max: Option<u64>,
    /// Its processor time.
    pub cpu_seconds_max: Option<u64>,
    /// Its processes.
    pub processes_max: Option<u64>,
    /// What is added to its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// A urlencoded body is the first argument too.
    pub post_argv: bool,
    /// It sees Authorization.
    pub pass_auth: bool,
    /// It may gain privileges.
    pub new_privileges: bool,
    /// Who sees why a script failed.
    pub debug: Debug,
    /// Local redirects in a row.
    pub redirects_max: usize,
}

/// Who sees why a script failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debug {
    /// A client on loopback that came straight.
    Loopback,
    /// Everybody.
    Always,
    /// Nobody.
    Never,
}
