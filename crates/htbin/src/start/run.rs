//! `htbin run`: one script, run by the server itself for one request that comes from within this process. So whatever
//! holds for a script under the server holds here: its variables, limits, user, and what is said when it fails.

mod place;
mod request;
mod wire;

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use htbin_spawn::{EarlyLauncher, Policy};
use http::{HeaderMap, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::{body::Incoming, client::conn::http1, ext::ReasonPhrase};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::net::UnixStream;

use self::{place::Place, request::Upload, wire::Wire};
use super::{
    Signals,
    assembly::{Assembly, Extras, assemble},
    with_user,
};
use crate::{
    cli::{RunFlags, value::NEVER},
    config::{self, Settings},
    exchange::End,
    http as clients, log,
    log::{AccessLog, Files},
    page, privilege,
    recording::{Recorder, Recording},
    route::{Routes, Target},
};

/// What cannot be run as it was typed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Runs the script, prints its answer, and says how it went.
pub(super) fn run(flags: &RunFlags) -> anyhow::Result<ExitCode> {
    let (ended, _) = once(flags, false)?;
    if let Some(text) = &ended.said {
        _ = io::stderr().write_all(text);
    }
    Ok(ended.code())
}

/// Runs the script and prints its answer. With `records` also what would be kept of it with `--record`, if it failed.
pub(super) fn once(flags: &RunFlags, records: bool) -> anyhow::Result<(Ended, Option<Recording>)> {
    let place = Place::of(&flags.script)?;
    // Opened by who typed it: root may read what the script's user may not.
    let request = request::Request::new(&flags.request, &place.target(flags.rest.as_deref()))?;
    let mut settings = settings(flags, &place)?;
    settings.cgi.records = records;
    log::init(&settings.log)?;
    let identity = privilege::choose(settings.user.as_deref())?;
    if let Some(identity) = &identity {
        privilege::assume(identity)?;
    }
    let routes = Routes::open(&settings.routes).map_err(|error| with_user(error, identity.as_ref()))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot close this process to others")?;
    let launcher = EarlyLauncher::start(Policy::Any).context("cannot start the launcher")?;
    let access = Arc::new(AccessLog::start(&settings.log, Files::default())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let is_raw = flags.request.raw;
    let folder = if records { Some(tempfile::tempdir().context("cannot make a folder")?) } else { None };
    let recorder = folder.as_ref().map(|folder| Recorder::open(folder.path())).transpose()?;
    let done = runtime.block_on(async {
        let signals = Signals::listen(false)?;
        let assembly =
            assemble(&settings, routes, launcher, Arc::clone(&access), Extras { recorder, ..Extras::default() })?;
        converse(settings.http, assembly, request, is_raw, signals).await
    });
    // Somebody may still be asked for a line of standard input.
    runtime.shutdown_background();
    access.finish();
    Ok((done?, folder.and_then(|folder| Recording::read_from(folder.path()))))
}

/// The server's settings, with nobody to be protected from: the client is who runs the script.
fn settings(flags: &RunFlags, place: &Place) -> Result<Settings, config::Error> {
    let mut settings = config::from_flags(&flags.of_server())?;
    let rule = settings.routes.last_mut();
    if let Target::Site(site) = &mut rule.target {
        place.serve(site);
    }
    rule.scripts.body_idle_time = NEVER;
    settings.cgi.raw = flags.request.raw;
    settings.http.send_idle_time = NEVER;
    (settings.log.quiet, settings.log.bare) = (true, true);
    if let Some(warm) = settings.cgi.warm.as_mut().filter(|_| flags.how.warm.warm_wait.is_none()) {
        // The only one there will be: without this it would always start ordinarily.
        warm.start_wait = WARM_WAIT;
    }
    Ok(settings)
}

/// How it ended.
pub(super) struct Ended {
    pub(super) how: How,
    /// What is to be said on stderr when all else was said.
    said: Option<Vec<u8>>,
}

pub(super) enum How {
    Answered(StatusCode),
    /// The answer is not whole.
    Cut,
    /// Whoever read the answer has enough.
    Unread,
    Interrupted,
}

impl Ended {
    pub(super) fn code(&self) -> ExitCode {
        match self.how {
            How::Answered(status) if status.is_server_error() => ExitCode::FAILURE,
            How::Answered(status) if status.is_client_error() => ExitCode::from(REFUSED),
            How::Answered(_) | How::Unread => ExitCode::SUCCESS,
            How::Cut => ExitCode::FAILURE,
            How::Interrupted => ExitCode::from(INTERRUPTED),
        }
    }
}

impl From<How> for Ended {
    fn from(how: How) -> Self {
        Self { how, said: None }
    }
}

async fn converse(
    settings: clients::Settings,
    Assembly { server, starter, descendants }: Assembly,
    request: request::Request,
    is_raw: bool,
    mut signals: Signals,
) -> anyhow::Result<Ended> {
    let (ours, theirs) = UnixStream::pair().context("cannot connect to myself")?;
    let is_refusal = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_refusal);
    let notice: clients::Notice = Arc::new(move |response| {
        seen.store(response.extensions().get::<page::Own>().is_some(), Ordering::Relaxed);
    });
    let ends = [request::PEER, request::LOCAL].map(End::Tcp);
    let serving = tokio::spawn(clients::converse_within(theirs, ends, settings, server, notice));
    let ended = tokio::select! {
        ended = ask(ours, request, is_raw, &is_refusal) => ended,
        () = signals.stop() => Ok(How::Interrupted.into()),
    };
    // Our end is closed by now, so a script that still runs is being ended.
    starter.stop();
    tokio::select! {
        () = async { drop(serving.await); descendants.end().await } => {}
        () = signals.stop() => descendants.kill(),
    }
    ended
}

/// Sends the request, and prints what comes.
async fn ask(
    stream: UnixStream,
    request: request::Request,
    is_raw: bool,
    is_refusal: &AtomicBool,
) -> anyhow::Result<Ended> {
    let (mut sender, connection) = http1::handshake::<_, Upload>(Wire::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.into_http()).await.context("the server within gave no answer")?;
    // Kept until the end: dropped, it would end the connection between the head and the body.
    let _sender = sender;
    let ended = print(response, is_raw, is_refusal.load(Ordering::Relaxed)).await;
    connection.abort();
    ended
}

async fn print(mut response: Response<Incoming>, is_raw: bool, is_refusal: bool) -> anyhow::Result<Ended> {
    let status = response.status();
    if is_refusal {
        // No word of the script's: what a person reads, not what a program reads on stdout.
        let text = http_body_util::Limited::new(response.into_body(), REFUSAL_BYTES_MAX).collect().await;
        let said = text.map_or_else(|error| format!("{status}: {error}\n").into(), |text| text.to_bytes().to_vec());
        return Ok(Ended { how: How::Answered(status), said: Some(said) });
    }
    let mut out = Some(File::from(io::stdout().as_fd().try_clone_to_owned().context("there is no stdout")?));
    if !is_raw && !write(&mut out, head(&response)).await? {
        return Ok(How::Unread.into());
    }
    while let Some(frame) = response.body_mut().frame().await {
        let Ok(frame) = frame else {
            let said = b"htbin: the answer was cut here; -v says why\n".to_vec();
            return Ok(Ended { how: How::Cut, said: Some(said) });
        };
        if let Ok(bytes) = frame.into_data()
            && !write(&mut out, bytes).await?
        {
            return Ok(How::Unread.into());
        }
    }
    Ok(How::Answered(status).into())
}

/// Writes everything, while signals are heard; false if nobody reads it.
async fn write(out: &mut Option<File>, bytes: Bytes) -> anyhow::Result<bool> {
    let Some(mut file) = out.take() else { return Ok(false) };
    let (file, written) = tokio::task::spawn_blocking(move || {
        let written = file.write_all(&bytes);
        (file, written)
    })
    .await
    .context("cannot write")?;
    *out = Some(file);
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::from(error).context("cannot write the answer")),
    }
}

/// The head as it is on the wire.
fn head(response: &Response<Incoming>) -> Bytes {
    let status = response.status();
    let version = if response.version() == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
    let own = response.extensions().get::<ReasonPhrase>().map(ReasonPhrase::as_bytes);
    let reason = own.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().as_bytes());
    let mut text = format!("{version} {} ", status.as_u16()).into_bytes();
    text.extend_from_slice(reason);
    text.extend_from_slice(b"\r\n");
    push_fields(&mut text, response.headers());
    text.extend_from_slice(b"\r\n");
    text.into()
}

fn push_fields(text: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
}

/// One for the server, one for the client.
const THREADS: usize = 2;
/// The answer is 4xx.
const REFUSED: u8 = 4;
/// As a shell says it of SIGINT.
const INTERRUPTED: u8 = 130;
const REFUSAL_BYTES_MAX: usize = 1024 * 1024;
const WARM_WAIT: Duration = Duration::from_secs(10);
