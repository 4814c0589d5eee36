//! Watching a site: every directory of it, as many as the kernel lets us. A thread waits for the kernel's word, gathers
//! what comes together, and tells once.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use notify::{
    ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};

use super::{
    Change, Live, Settings,
    change::{Loops, Places, is_style},
    look,
};

/// Starts the thread, once all that is there is watched.
pub(super) fn start(root: &Path, script_places: Vec<PathBuf>, settings: Settings, live: Arc<Live>) -> io::Result<()> {
    let watch = Watch::new(root, script_places, settings, live)?;
    thread::Builder::new().name("live".into()).spawn(move || watch.run())?;
    Ok(())
}

/// Does this tell of a change? Reading does not, and what is written counts when it is closed.
fn is_news(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_)) => false,
        _ => true,
    }
}

struct Watch {
    watcher: RecommendedWatcher,
    events: Receiver<Event>,
    /// Events came faster than they were taken.
    is_too_much: Arc<AtomicBool>,
    /// Directories that are watched.
    watched: HashSet<PathBuf>,
    /// The same as the file system names them, so that no link leads round in circles.
    seen: HashMap<(u64, u64), PathBuf>,
    /// No further directory is watched, and that was said.
    is_full: bool,
    places: Places,
    loops: Loops,
    settings: Settings,
    live: Arc<Live>,
}

/// What came together: each path, and whether the first word of it was that it was made.
type Batch = BTreeMap<PathBuf, bool>;

impl Watch {
    /// Watches all that is there.
    fn new(root: &Path, script_places: Vec<PathBuf>, settings: Settings, live: Arc<Live>) -> io::Result<Self> {
        let (sender, events) = mpsc::sync_channel(EVENTS_MAX);
        let is_too_much = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&is_too_much);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Ok(event) = event
                && is_news(&event)
                && sender.try_send(event).is_err()
            {
                lost.store(true, Ordering::Relaxed);
            }
        });
        let watcher =
            watcher.map_err(|error| io::Error::other(format!("{error}; see fs.inotify.max_user_instances")))?;
        let places = Places::new(root, script_places, &settings.site);
        let mut watch = Self {
            watcher,
            events,
            is_too_much,
            watched: HashSet::new(),
            seen: HashMap::new(),
            is_full: false,
            places,
            loops: Loops::default(),
            settings,
            live,
        };
        watch.add_all();
        Ok(watch)
    }

    /// Until the server ends.
    fn run(mut self) {
        while let Ok(first) = self.events.recv() {
            let mut batch = Batch::new();
            let mut is_all = self.take(first, &mut batch);
            let end = Instant::now() + GATHER_TIME_MAX;
            loop {
                let left = end.saturating_duration_since(Instant::now());
                match self.events.recv_timeout(QUIET_TIME.min(left)) {
                    Ok(event) => is_all |= self.take(event, &mut batch),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            is_all |= self.is_too_much.swap(false, Ordering::Relaxed);
            self.tell(batch, is_all);
        }
    }

    /// Notes what an event is about; true if it says that others were lost.
    fn take(&mut self, event: Event, batch: &mut Batch) -> bool {
        let is_gone = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Both))
        );
        for path in &event.paths {
            // A directory that was moved away would go on telling under its old name.
            if is_gone && fs::symlink_metadata(path).is_err() {
                self.forget(path);
            }
        }
        let is_new = matches!(
            event.kind,
            EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
        );
        let is_all = event.need_rescan();
        for path in event.paths {
            if is_new && fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) && self.places.hold(&path) {
                self.add(&path);
            }
            if batch.len() < PATHS_MAX && self.places.hold(&path) {
                batch.entry(path).or_insert(is_new);
            }
        }
        is_all
    }

    fn tell(&mut self, batch: Batch, is_all: bool) {
        let pages = self.live.pages();
        let now = Instant::now();
        let mut changed: Vec<PathBuf> = Vec::new();
        for (path, began_here) in batch {
            let is_gone = fs::symlink_metadata(&path).is_err();
            // Editors try where they may write, and tidy up after themselves.
            if is_gone && began_here {
                continue;
            }
            if !self.loops.is_one(&path, pages, now) {
                changed.push(path);
            }
        }
        for path in &changed {
            tracing::debug!(path = %path.display(), "changed");
            look::look(path, &self.places, &self.settings);
        }
        if is_all {
            self.look_again();
            self.live.tell(Change::Page);
        } else if !changed.is_empty() {
            self.live.tell(if changed.iter().all(|path| is_style(path)) { Change::Style } else { Change::Page });
        }
    }

    /// What was not told may have been directories that came, went or were moved.
    fn look_again(&mut self) {
        let is_there = |id: (u64, u64), path: &Path| fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == id);
        let gone = self.seen.iter().filter(|(id, path)| !is_there(**id, path));
        let mut gone: Vec<PathBuf> = gone.map(|(_, path)| path.clone()).collect();
        // What lies in one that is gone goes with it.
        gone.sort_unstable();
        for directory in gone {
            self.forget(&directory);
        }
        self.add_all();
    }

    fn add_all(&mut self) {
        for place in self.places.all() {
            self.add(&place);
        }
        for directory in self.places.directories_of_programs() {
            self.add_one(&directory);
        }
    }

    /// Watches a directory and what lies below it, be it watched itself already.
    fn add(&mut self, directory: &Path) {
        let mut left = vec![directory.to_owned()];
        while let Some(directory) = left.pop() {
            // By another path it would be watched twice, or lead round in circles.
            if !self.watched.contains(&directory) && !self.add_one(&directory) {
                continue;
            }
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_directory = if self.settings.site.follow_symlinks {
                    fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir())
                } else {
                    entry.file_type().is_ok_and(|kind| kind.is_dir())
                };
                if is_directory && self.places.hold(&path) {
                    left.push(path);
                }
            }
        }
    }

    /// Watches one directory; false if it is watched already, or cannot be.
    fn add_one(&mut self, directory: &Path) -> bool {
        let Ok(metadata) = fs::metadata(directory) else { return false };
        let id = (metadata.dev(), metadata.ino());
        if self.is_full || self.watched.contains(directory) || self.seen.contains_key(&id) {
            return false;
        }
        if self.watched.len() == DIRECTORIES_MAX {
            self.say_full(&format!("{DIRECTORIES_MAX} directories are all that --live looks at"));
            return false;
        }
        match self.watcher.watch(directory, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(directory.to_owned());
                self.seen.insert(id, directory.to_owned());
                true
            }
            Err(notify::Error { kind: ErrorKind::MaxFilesWatch, .. }) => {
                self.say_full("the kernel watches no more; raise it: sysctl fs.inotify.max_user_watches=524288");
                false
            }
            Err(error) => {
                tracing::debug!(directory = %directory.display(), "not watched: {error}");
                false
            }
        }
    }

    fn say_full(&mut self, why: &str) {
        self.is_full = true;
        tracing::warn!("--live watches {} directories and not the others: {why}", self.watched.len());
    }

    /// A directory is gone, with all below it.
    fn forget(&mut self, directory: &Path) {
        if !self.watched.contains(directory) {
            return;
        }
        for path in self.watched.extract_if(|path| path.starts_with(directory)) {
            // The kernel may have dropped it by itself.
            _ = self.watcher.unwatch(&path);
        }
        self.seen.retain(|_, path| !path.starts_with(directory));
        self.is_full = false;
    }
}

/// Events that wait; more than that is "something has changed".
const EVENTS_MAX: usize = 4096;
/// Paths that are told apart of what came together.
const PATHS_MAX: usize = 1000;
const DIRECTORIES_MAX: usize = 16_384;
/// What comes closer together than this belongs together: editors write in steps.
const QUIET_TIME: Duration = Duration::from_millis(60);
const GATHER_TIME_MAX: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnosis::{Limits, Runner},
        site,
    };

    #[test]
    fn what_was_not_told_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("moved/below")).unwrap();
        fs::create_dir_all(at("stays")).unwrap();
        let settings = Settings {
            site: site::Settings::default(),
            runner: Arc::new(Runner { name: "nobody".into(), uid: 1, groups: Vec::new() }),
            search_path: "/bin".into(),
            limits: Limits::default(),
        };
        let mut watch = Watch::new(folder.path(), Vec::new(), settings, Arc::new(Live::new())).unwrap();
        fs::rename(at("moved"), at("stays/moved")).unwrap();
        fs::create_dir_all(at("stays/new/below")).unwrap();
        // As if the kernel had said no more than that there was too much to say.
        watch.tell(Batch::new(), true);
        let mut watched: Vec<_> = watch.watched.iter().cloned().collect();
        watched.sort_unstable();
        let there = ["stays", "stays/moved", "stays/moved/below", "stays/new", "stays/new/below"].map(at);
        assert_eq!(watched, [&[folder.path().to_owned()], &there[..]].concat());
        assert_eq!(watch.seen.len(), watched.len());
        // Its news come under its new name.
        fs::write(at("stays/moved/below/a"), "").unwrap();
        let told = || watch.events.recv_timeout(Duration::from_secs(20)).unwrap().paths;
        while !told().contains(&at("stays/moved/below/a")) {}
    }
}
