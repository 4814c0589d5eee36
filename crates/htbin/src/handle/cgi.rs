//! A script answers: its body is taken in full, a place found, the script started, its head read, its output passed on.

mod fault;
mod gate;
mod messages;
mod order;
mod output;
mod reply;
mod terms;
mod trace;
mod upload;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use htbin_spawn::{LaunchError, Limits, Process, Start, Starter, Terms, warm};
use http::{Response, request::Parts};
use hyper::body::Incoming;

use crate::{
    body::Body,
    diagnosis::{self, Event, Evidence, Runner, Subject},
    exchange::{Exchange, Step},
    failure::{Failure, Run},
    ledger::{Ledger, Load, Running as Entry},
    recording::BODY_BYTES_MAX,
    refusal::{Reason, Refusal},
    site::Script,
};
use gate::Gate;
use messages::Messages;
use order::Order;
use output::Running;
pub use terms::RunAs;
use terms::runner_of;
pub use trace::Trace;

/// How scripts run, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Scripts at once.
    pub running_max: usize,
    /// Requests that may wait for a place.
    pub queue_max: usize,
    /// How long one may wait.
    pub queue_time: Duration,
    /// How interpreters are kept warm, if they are.
    pub warm: Option<warm::Settings>,
    /// Who may see why a script failed.
    pub debug: Debug,
    /// Exchanges that fail are recorded, with their bodies.
    pub records: bool,
    /// Local redirects one request may take.
    pub redirects_max: usize,
    /// Whatever a script writes is the answer's body, its head too: `htbin run --raw`.
    pub raw: bool,
}

/// What holds for the scripts of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
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
    /// As whom they run.
    pub run_as: RunAs,
    /// How nicely and how confined they run; as whom, where the server's user is not meant.
    pub terms: Terms,
    /// What scripts hear of the trace that a request belongs to.
    pub trace: Trace,
    /// Directories whose files a script may have sent in place of a body of its own (`X-Sendfile`).
    pub sendfile: Vec<PathBuf>,
}

impl Rules {
    /// The PATH that scripts get.
    pub fn search_path(&self) -> OsString {
        let path = self.environment.iter().find(|(name, _)| name == "PATH");
        path.map(|(_, path)| path.clone()).unwrap_or_default()
    }

    /// What a script may use, as far as a diagnosis has to know.
    pub fn limits(&self) -> diagnosis::Limits {
        diagnosis::Limits {
            head_time: self.head_time,
            idle_time: self.idle_time,
            output_bytes: self.output_bytes_max,
            memory_bytes: self.memory_bytes_max,
            cpu_seconds: self.cpu_seconds_max,
            processes: self.processes_max,
        }
    }

    /// What the kernel holds it to.
    fn of_kernel(&self) -> Limits {
        Limits {
            cpu_seconds: self.cpu_seconds_max,
            memory_bytes: self.memory_bytes_max,
            processes: self.processes_max,
            file_bytes: None,
        }
    }
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
    runner: Arc<Runner>,
    gate: Gate,
    ledger: Arc<Ledger>,
}

impl Cgi {
    /// Scripts run as these settings say, started by this starter, as this user, and are entered in this ledger.
    pub fn new(settings: Settings, starter: Arc<Starter>, runner: Runner, ledger: Arc<Ledger>) -> Self {
        let gate = Gate::new(settings.running_max, settings.queue_max, settings.queue_time);
        Self { settings, starter, runner: Arc::new(runner), gate, ledger }
    }

    /// How much of what scripts may take is taken.
    pub fn load(&self) -> Load {
        let (running, queued) = self.gate.load();
        let Settings { running_max, queue_max, .. } = self.settings;
        let (warm, launcher_memory_bytes) = (self.starter.interpreters(), self.starter.launcher_memory_bytes());
        Load { running, running_max, queued, queue_max, warm, launcher_memory_bytes }
    }

    /// Runs a script for this request, under these rules. The body is the request's, or none after a local redirect.
    pub async fn answer(
        &self,
        (script, rules): (&Script, &Rules),
        exchange: &Exchange,
        request: &Parts,
        body: Option<Incoming>,
    ) -> Result<Answer, Refusal> {
        // The body first: a slow upload holds no place and no process.
        let body = upload::take(body, request, rules).await?;
        exchange.done(Step::Body);
        let place = self.gate.enter().await?;
        exchange.done(Step::Place);
        let terms = rules.terms_for(script.program()).await?;
        let (order, body_bytes) = (Order::new(script, exchange, request, &body, rules), body.length);
        let held = self.settings.records.then(|| body.hold()).flatten();
        let run = |output| {
            let body = held.as_ref().map(|held| held.start(BODY_BYTES_MAX));
            Run { body, ..order.run(output, body_bytes, exchange) }
        };
        let subject = || match (rules.runner(), &terms.identity) {
            (None, Some(identity)) => Subject { runner: Arc::new(runner_of(identity)), ..self.subject(script, rules) },
            _ => self.subject(script, rules),
        };
        let (started, start) = match order.start(&self.starter, (rules, &terms), body.into_stdin()?).await {
            Ok(started) => started,
            Err(error) => return Err(launch_refusal(error, subject, || run(Vec::new()))),
        };
        // Of several, by local redirects, the first is told.
        let _ = exchange.start.set(start);
        exchange.done(Step::Start);
        let mut started = started.into_parts();
        let entry = self.ledger.begin(entry(script, exchange, request, start, &started.process));
        started.process.when_gone(move |usage| {
            drop(place);
            entry.gone(usage);
        });
        let messages = Messages::new(started.stderr, exchange.id, script);
        let running = Running::new(started.stdout, started.process, messages, rules);
        if self.settings.raw {
            return Ok(Answer::Response(reply::raw(running, subject())));
        }
        let answer = reply::read(running, (script, rules), request, subject).await.map_err(|mut fault| {
            let (run, reason) = (run(std::mem::take(&mut fault.output)), fault.reason());
            let event = match fault.event() {
                Ok(event) => event,
                Err(refusal) => return refusal,
            };
            let evidence = Evidence { event, exit: fault.exit, stderr: fault.stderr };
            Refusal::new(reason).of_failure(Failure { subject: subject(), evidence, run: Some(run) })
        })?;
        exchange.done(Step::Head);
        Ok(answer)
    }

    /// A script and its circumstances, to find out what is wrong with it.
    pub fn subject(&self, script: &Script, rules: &Rules) -> Subject {
        self.subject_of(script.program(), script.interpreter(), rules)
    }

    /// The same, of a file that is no script yet.
    pub fn subject_of(&self, program: &Path, interpreter: Option<&Path>, rules: &Rules) -> Subject {
        Subject {
            program: program.to_owned(),
            interpreter: interpreter.map(Path::to_owned),
            search_path: rules.search_path(),
            runner: rules.runner().unwrap_or_else(|| Arc::clone(&self.runner)),
            limits: rules.limits(),
        }
    }
}

fn launch_refusal(error: LaunchError, subject: impl FnOnce() -> Subject, run: impl FnOnce() -> Run) -> Refusal {
    let detail = error.to_string();
    let reason = match error {
        LaunchError::Failed { .. } | LaunchError::Nul => Reason::LaunchFailed,
        LaunchError::Pipes(_) => return Refusal::with_detail(Reason::Busy(1), detail),
        LaunchError::Lost => return Refusal::with_detail(Reason::LauncherLost, detail),
    };
    let evidence = Evidence { event: Event::Launch(Arc::new(error)), exit: None, stderr: None };
    Refusal::new(reason).of_failure(Failure { subject: subject(), evidence, run: Some(run()) })
}

fn entry(script: &Script, exchange: &Exchange, request: &Parts, start: Start, process: &Process) -> Entry {
    let target = request.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str);
    Entry {
        number: 0,
        id: exchange.id,
        script: script.program().to_string_lossy().into(),
        method: request.method.clone(),
        target: target.into(),
        client: exchange.connection.client.clone(),
        since: Instant::now(),
        start,
        pid: process.pid(),
        ender: process.ender(),
    }
}

#[cfg(test)]
impl Rules {
    /// Rules that a test does not look at.
    pub(crate) fn tests() -> Self {
        let time = Duration::from_secs(60);
        Self {
            head_time: time,
            idle_time: time,
            body_idle_time: time,
            body_bytes_max: 1 << 20,
            body_memory_bytes_max: 1 << 16,
            head_bytes_max: 1 << 16,
            output_bytes_max: None,
            memory_bytes_max: None,
            cpu_seconds_max: None,
            processes_max: None,
            environment: Vec::new(),
            post_argv: false,
            pass_auth: false,
            new_privileges: false,
            run_as: RunAs::Server,
            terms: Terms::default(),
            sendfile: Vec::new(),
            trace: Trace::default(),
        }
    }
}
