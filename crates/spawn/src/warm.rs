//! Warm interpreters: a Python or Perl that has loaded what scripts use forks a fresh process for each of them. The script
//! is not changed and cannot tell; what does not qualify, or fails, starts ordinarily.

mod interpreter;
mod kind;
mod life;
mod messages;
mod spare;

use std::{
    collections::HashMap,
    os::unix::ffi::OsStrExt,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout};

use crate::{
    launch::{LaunchError, Launcher, Order},
    script::{Script, Stdin, Stdio},
};
use interpreter::Interpreter;
pub use kind::Language;
use kind::{Kind, Stamp};
use life::{End, peak_bytes};

/// How interpreters are kept warm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Processes forked ahead of the next request, for each interpreter.
    pub spares: usize,
    /// Interpreters at once; beyond that the one that was not used for longest goes.
    pub interpreters_max: usize,
    /// An interpreter that was not used for so long goes.
    pub idle_time: Duration,
    /// An interpreter that holds more octets of memory goes.
    pub memory_bytes_max: u64,
    /// A script waits for its interpreter to start no longer than this; then it starts ordinarily.
    pub start_wait: Duration,
    /// Modules that scripts imported are loaded ahead wherever they come from, not only the standard library's.
    pub preload_all: bool,
    /// Modules to load ahead by name.
    pub preload: Vec<String>,
    /// What every script finds in its environment, whatever the request: `NAME=value`, each ended by a NUL.
    pub environment: Vec<u8>,
    /// May scripts gain privileges?
    pub new_privileges: bool,
}

impl Settings {
    /// The interpreter, with its flags, that would be kept warm for a script, if one would: by the script's first line,
    /// or `program` if that is to run it. Under [`Level::Strict`](crate::Level::Strict) none is, whatever this says.
    pub fn interpreter_of(&self, script: &Path, program: Option<&Path>) -> Option<String> {
        let script = script.as_os_str().as_bytes();
        let program = program.map_or(script, |program| program.as_os_str().as_bytes());
        Kind::of(program, script, &self.environment).map(|kind| kind.to_string())
    }
}

/// How a script was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Forked from a warm interpreter.
    Warm,
    /// Executed.
    Cold,
}

impl Start {
    /// For the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// Starts scripts: in a process of a warm interpreter where that can be, else ordinarily.
#[derive(Debug)]
pub struct Starter {
    launcher: Arc<Launcher>,
    /// None: every script starts ordinarily.
    warm: Option<Arc<Warm>>,
}

impl Starter {
    /// Starts scripts through this launcher, and through warm interpreters if there are settings for them.
    pub fn new(launcher: Arc<Launcher>, warm: Option<Settings>) -> Self {
        let warm = warm.map(|settings| {
            let (launcher, stopped) = (Arc::clone(&launcher), AtomicBool::new(false));
            Arc::new(Warm { settings, launcher, shelf: Mutex::default(), stopped, next_id: AtomicU64::new(1) })
        });
        Self { launcher, warm }
    }

    /// Starts what the order says; `script` is the absolute path of the script's file, whatever the program is. Dropped
    /// before it is done, what was started is ended.
    ///
    /// # Errors
    /// As [`Launcher::launch`].
    pub async fn start(&self, order: &Order<'_>, script: &[u8], stdin: Stdin) -> Result<(Script, Start), LaunchError> {
        let Some(warm) = &self.warm else { return Ok((self.launcher.launch(order, stdin).await?, Start::Cold)) };
        let (stdio, ours) = Stdio::new(stdin).map_err(LaunchError::Pipes)?;
        if let Some(interpreter) = warm.interpreter(order, script).await
            && let Some((process, start)) = interpreter.run(order, script, stdio.theirs(self.launcher.null())).await
        {
            return Ok((Script::new(ours, process)?, start));
        }
        Ok((self.launcher.launch_with(order, &stdio, ours).await?, Start::Cold))
    }

    /// The most memory that the launcher has held, in octets (RSS): what the kernel tells of a process that was executed
    /// is never less, as it shared the launcher's memory before.
    pub fn launcher_memory_bytes(&self) -> u64 {
        peak_bytes(self.launcher.pid() as i32)
    }

    /// What is kept warm, and what was tried, by name.
    pub fn interpreters(&self) -> Vec<Kept> {
        let Some(warm) = &self.warm else { return Vec::new() };
        let mut all: Vec<_> = warm.shelf().iter().map(|(kind, place)| place.told(kind)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Lets the warm interpreters go, for good: what starts from now on starts ordinarily.
    pub fn stop(&self) {
        let Some(warm) = &self.warm else { return };
        warm.stopped.store(true, Ordering::Relaxed);
        let places = std::mem::take(&mut *warm.shelf());
        places.into_values().for_each(Place::retire);
    }
}

/// The warm interpreters.
#[derive(Debug)]
struct Warm {
    settings: Settings,
    launcher: Arc<Launcher>,
    shelf: Mutex<HashMap<Kind, Place>>,
    stopped: AtomicBool,
    next_id: AtomicU64,
}

/// What is known of one kind of interpreter.
#[derive(Debug)]
struct Place {
    state: State,
    /// Which start of an interpreter it stands for: one of its kind may still be on its way out.
    id: u64,
    /// The program when it was started, or found unfit.
    stamp: Stamp,
    /// Modules that cannot be loaded ahead.
    without: Vec<String>,
    used: Instant,
}

#[derive(Debug)]
enum State {
    /// Whoever waits for it learns by the end of this channel that it is settled.
    Starting(watch::Sender<()>),
    Running(Arc<Interpreter>),
    /// It cannot be kept warm, or has failed: until then scripts start ordinarily.
    Unfit(Option<Instant>),
}

enum Found {
    Running(Arc<Interpreter>),
    Starting(watch::Receiver<()>),
}

/// One kind of interpreter, as somebody who looks on sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The program with its flags.
    pub name: String,
    /// How far it is.
    pub state: KeptState,
}

/// How far a warm interpreter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptState {
    /// It loads what scripts use.
    Starting,
    /// It takes scripts.
    Running {
        /// Its process.
        pid: i32,
        /// For how long it has been there.
        age: Duration,
        /// Processes forked ahead that wait.
        spares: usize,
        /// What it holds of memory itself, in octets (RSS).
        memory_bytes: u64,
    },
    /// It cannot be kept warm; its scripts start ordinarily.
    Unfit,
}

impl Place {
    fn told(&self, kind: &Kind) -> Kept {
        let state = match &self.state {
            State::Starting(_) => KeptState::Starting,
            State::Running(interpreter) => interpreter.told(),
            State::Unfit(_) => KeptState::Unfit,
        };
        Kept { name: kind.to_string(), state }
    }

    fn retire(self) {
        if let State::Running(interpreter) = self.state {
            interpreter.retire();
        }
    }
}

impl Warm {
    /// The interpreter that can run this script, if there is one or will be in time.
    async fn interpreter(self: &Arc<Self>, order: &Order<'_>, script: &[u8]) -> Option<Arc<Interpreter>> {
        let mut settled = match self.find(order, script)? {
            Found::Running(interpreter) => return Some(interpreter),
            Found::Starting(settled) => settled,
        };
        if self.settings.start_wait.is_zero() {
            return None;
        }
        // It ends with an error, always: nothing is ever sent.
        let _ = timeout(self.settings.start_wait, settled.changed()).await;
        match self.find(order, script)? {
            Found::Running(interpreter) => Some(interpreter),
            Found::Starting(_) => None,
        }
    }

    /// The interpreter for this script. If there is none it is started.
    fn find(self: &Arc<Self>, order: &Order<'_>, script: &[u8]) -> Option<Found> {
        if order.new_privileges != self.settings.new_privileges || self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let kind = Kind::of(order.program, script, order.environment)?.on(order.terms, order.directory)?;
        let stamp = Stamp::of(kind.program())?;
        let mut shelf = self.shelf();
        let place = shelf.get_mut(&kind);
        let without = match place {
            // The program is another one now: what was started from the old one goes.
            Some(place) if place.stamp != stamp => Vec::new(),
            Some(place) => match &place.state {
                State::Running(interpreter) => {
                    place.used = Instant::now();
                    return Some(Found::Running(Arc::clone(interpreter)));
                }
                State::Starting(settled) => return Some(Found::Starting(settled.subscribe())),
                State::Unfit(until) if until.is_none_or(|until| Instant::now() < until) => return None,
                State::Unfit(_) => std::mem::take(&mut place.without),
            },
            None => Vec::new(),
        };
        self.make_room(&mut shelf);
        Some(Found::Starting(self.begin(&mut shelf, kind, stamp, without)))
    }

    /// Beyond the limit the one that was not used for longest goes. What is known to be unfit takes no interpreter's room.
    fn make_room(&self, shelf: &mut HashMap<Kind, Place>) {
        let is_unfit = |place: &Place| matches!(place.state, State::Unfit(_));
        if shelf.values().filter(|place| is_unfit(place)).count() >= UNFIT_MAX {
            shelf.retain(|_, place| !is_unfit(place));
        }
        let running = || shelf.iter().filter(|(_, place)| !is_unfit(place));
        if running().count() < self.settings.interpreters_max {
            return;
        }
        let oldest = running().min_by_key(|(_, place)| place.used).map(|(kind, _)| kind.clone());
        if let Some(place) = oldest.and_then(|kind| shelf.remove(&kind)) {
            place.retire();
        }
    }

    fn begin(
        self: &Arc<Self>,
        shelf: &mut HashMap<Kind, Place>,
        kind: Kind,
        stamp: Stamp,
        without: Vec<String>,
    ) -> watch::Receiver<()> {
        let (sender, settled) = watch::channel(());
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let place = Place { state: State::Starting(sender), id, stamp, without: without.clone(), used: Instant::now() };
        if let Some(old) = shelf.insert(kind.clone(), place) {
            old.retire();
        }
        let warm = Arc::clone(self);
        tokio::spawn(async move { warm.keep(kind, id, stamp, without).await });
        settled
    }

    /// Starts an interpreter and stays with it until it is gone.
    async fn keep(self: Arc<Self>, kind: Kind, id: u64, stamp: Stamp, without: Vec<String>) {
        let end = match Interpreter::start(&kind, &without, &self.settings, &self.launcher).await {
            Err(why) => End::Failed(why),
            Ok((interpreter, life)) => {
                let ready = |interpreter: &Arc<Interpreter>| {
                    // Its place may have gone to another meanwhile.
                    if !self.replace(&kind, id, State::Running(Arc::clone(interpreter))) {
                        interpreter.retire();
                    }
                };
                life.live(&interpreter, ready).await
            }
        };
        self.ended(kind, id, stamp, without, end);
    }

    fn ended(self: &Arc<Self>, kind: Kind, id: u64, stamp: Stamp, mut without: Vec<String>, end: End) {
        match end {
            End::Retired => {
                let mut shelf = self.shelf();
                // Unless another one stands there already.
                if shelf.get(&kind).is_some_and(|place| place.id == id) {
                    shelf.remove(&kind);
                }
            }
            End::Without(module, reason) if without.len() < WITHOUT_MAX && !without.contains(&module) => {
                tracing::info!("warm {kind}: {module} is not loaded ahead: {reason}");
                without.push(module);
                let mut shelf = self.shelf();
                if shelf.get(&kind).is_some_and(|place| place.id == id) {
                    self.begin(&mut shelf, kind, stamp, without);
                }
            }
            End::Without(module, reason) => {
                self.fail(&kind, id, &format!("it fails with {module}: {reason}"), None);
            }
            End::Refused(reason) => self.fail(&kind, id, &reason, None),
            End::Failed(reason) => self.fail(&kind, id, &reason, Some(Instant::now() + RETRY_TIME)),
        }
    }

    fn fail(&self, kind: &Kind, id: u64, reason: &str, until: Option<Instant>) {
        if self.replace(kind, id, State::Unfit(until)) {
            tracing::warn!("{kind} cannot be kept warm, its scripts start ordinarily: {reason}");
        }
    }

    /// Puts in the new state, if its place is still there.
    fn replace(&self, kind: &Kind, id: u64, state: State) -> bool {
        let mut shelf = self.shelf();
        let place = shelf.get_mut(kind).filter(|place| place.id == id);
        place.map(|place| place.state = state).is_some()
    }

    fn shelf(&self) -> MutexGuard<'_, HashMap<Kind, Place>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After a failure scripts start ordinarily for so long.
const RETRY_TIME: Duration = Duration::from_secs(60);
/// Kinds that are known to be unfit; beyond that all of them are tried anew.
const UNFIT_MAX: usize = 64;
/// Modules that cannot be loaded ahead; an interpreter that finds more is not kept.
const WITHOUT_MAX: usize = 32;
