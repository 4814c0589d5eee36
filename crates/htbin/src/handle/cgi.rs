//! A script answers: its body is taken in full, a place found, the script started, its head read, its output passed on.

mod cause;
mod gate;
mod messages;
mod order;
mod output;
mod reply;
mod upload;

use std::{ffi::OsString, sync::Arc, time::Duration};

use htbin_spawn::{LaunchError, Limits, Starter, warm};
use http::{Response, request::Parts};
use hyper::body::Incoming;

use crate::{
    body::Body,
    exchange::Exchange,
    refusal::{Reason, Refusal},
    site::Script,
};
use gate::Gate;
use messages::Messages;
use output::Running;

/// How scripts run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scripts at once.
    pub running_max: usize,
    /// Requests that may wait for a place.
    pub queue_max: usize,
    /// How long one may wait.
    pub queue_time: Duration,
    /// For a script's whole head.
    pub head_time: Duration,
    /// Without output.
    pub idle_time: Duration,
    /// Without an octet of the request's body.
    pub body_idle_time: Duration,
    /// Octets in a request's body.
    pub body_bytes_max: u64,
    /// Octets of a request's body in memory; a larger one is put into a file.
    pub body_memory_bytes_max: usize,
    /// Octets in a script's head.
    pub head_bytes_max: usize,
    /// Octets a script may write.
    pub output_bytes_max: Option<u64>,
    /// Octets of address space of one script.
    pub memory_bytes_max: Option<u64>,
    /// Processor seconds of one script.
    pub cpu_seconds_max: Option<u64>,
    /// Processes of the scripts' user.
    pub processes_max: Option<u64>,
    /// Variables that every script gets.
    pub environment: Vec<(OsString, OsString)>,
    /// A urlencoded POST body is also the first argument.
    pub post_argv: bool,
    /// Scripts get the Authorization field.
    pub pass_auth: bool,
    /// Scripts may gain privileges (setuid programs).
    pub new_privileges: bool,
    /// How interpreters are kept warm, if they are.
    pub warm: Option<warm::Settings>,
    /// Who may see why a script failed.
    pub debug: Debug,
    /// Local redirects one request may take.
    pub redirects_max: usize,
    /// Whatever a script writes is the answer's body, its head too: `htbin run --raw`.
    pub raw: bool,
}

/// Who may see why a script failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debug {
    /// Clients on this machine that came straight.
    Loopback,
    /// Everybody.
    Always,
    /// Nobody.
    Never,
}

/// What a script's output came to.
pub enum Answer {
    /// An answer for the client.
    Response(Response<Body>),
    /// Another path of this server answers (RFC 3875 §6.2.2).
    LocalRedirect(String),
}

/// Runs scripts.
pub struct Cgi {
    settings: Settings,
    starter: Arc<Starter>,
    gate: Gate,
}

impl Cgi {
    /// Scripts run as these settings say, started by this starter.
    pub fn new(settings: Settings, starter: Arc<Starter>) -> Self {
        let gate = Gate::new(settings.running_max, settings.queue_max, settings.queue_time);
        Self { settings, starter, gate }
    }

    /// Runs a script for this request. The body is the request's, or none after a local redirect.
    pub async fn answer(
        &self,
        script: &Script,
        exchange: &Exchange,
        request: &Parts,
        body: Option<Incoming>,
    ) -> Result<Answer, Refusal> {
        // The body first: a slow upload holds no place and no process.
        let body = upload::take(body, request, &self.settings).await?;
        let place = self.gate.enter().await?;
        let order = order::Order::new(script, exchange, request, &body, &self.settings);
        let started = order.start(&self.starter, self.limits(), self.settings.new_privileges, body.into_stdin()?).await;
        let (started, start) = started.map_err(|error| launch_refusal(&error, script))?;
        // Of several, by local redirects, the first is told.
        let _ = exchange.start.set(start);
        let mut started = started.into_parts();
        started.process.keep(place);
        let messages = Messages::new(started.stderr, exchange.id, script);
        let running = Running::new(started.stdout, started.process, messages, &self.settings);
        if self.settings.raw {
            return Ok(Answer::Response(reply::raw(running)));
        }
        reply::read(running, script, request, &self.settings).await
    }

    fn limits(&self) -> Limits {
        Limits {
            cpu_seconds: self.settings.cpu_seconds_max,
            memory_bytes: self.settings.memory_bytes_max,
            processes: self.settings.processes_max,
            file_bytes: None,
        }
    }
}

fn launch_refusal(error: &LaunchError, script: &Script) -> Refusal {
    let reason = match error {
        LaunchError::Failed { .. } | LaunchError::Nul => Reason::LaunchFailed,
        LaunchError::Pipes(_) => Reason::Busy(1),
        LaunchError::Lost => Reason::LauncherLost,
    };
    Refusal::with_detail(reason, cause::of_launch(error, script))
}
