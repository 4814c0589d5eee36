//! Which changes are news: not what nobody can ask for, not what editors and interpreters leave behind, and not what a
//! page changes itself whenever it is loaded.

use std::{
    collections::HashMap,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::site;

/// Where what is served lies.
pub(super) struct Places {
    /// The site, and script directories outside of it.
    directories: Vec<PathBuf>,
    /// Script directories.
    scripts: Vec<PathBuf>,
    /// Mounted programs.
    programs: Vec<PathBuf>,
    /// Names that start with a dot count.
    hidden: bool,
    /// Executable files run wherever they lie.
    everywhere: bool,
}

impl Places {
    pub(super) fn new(root: &Path, scripts: Vec<PathBuf>, site: &site::Settings) -> Self {
        let outside = scripts.iter().filter(|place| !place.starts_with(root)).cloned();
        let directories = std::iter::once(root.to_owned()).chain(outside).collect();
        let programs = site.mounts.iter().filter_map(|mount| std::path::absolute(&mount.program).ok()).collect();
        let everywhere = site.script_dirs.iter().any(|it| it.directory.is_none() && it.url == "/");
        // One that comes later counts, too.
        let named = site.script_dirs.iter().filter(|it| it.directory.is_none());
        let named = named.map(|it| root.join(it.url.trim_matches('/')));
        let scripts = scripts.into_iter().chain(named).collect();
        Self { directories, scripts, programs, hidden: site.hidden, everywhere }
    }

    /// The directories to watch with all below them.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        self.directories.clone()
    }

    /// The directories in which mounted programs lie.
    pub(super) fn directories_of_programs(&self) -> Vec<PathBuf> {
        self.programs.iter().filter_map(|program| program.parent().map(Path::to_owned)).collect()
    }

    /// Is a change of this news?
    pub(super) fn hold(&self, path: &Path) -> bool {
        if self.programs.iter().any(|program| program == path) {
            return true;
        }
        let mut below = self.directories.iter().filter_map(|directory| path.strip_prefix(directory).ok());
        below.any(|relative| relative.components().all(|name| self.counts(name.as_os_str().as_bytes())))
    }

    /// Does what lies there run?
    pub(super) fn run(&self, path: &Path) -> bool {
        self.everywhere
            || self.programs.iter().any(|program| program == path)
            || self.scripts.iter().any(|directory| path.starts_with(directory))
    }

    fn counts(&self, name: &[u8]) -> bool {
        let is_hidden = name.starts_with(b".") && !self.hidden;
        let is_left_behind = LEFTOVERS.iter().any(|end| name.ends_with(end)) || name.starts_with(b"#");
        !is_hidden && !is_left_behind && name != b"__pycache__" && name != VIM_TRIES
    }
}

/// Can this be swapped without loading the page anew?
pub(super) fn is_style(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("css"))
}

/// Pages that change a file when they are loaded, a counter: told of it they would load for ever.
#[derive(Default)]
pub(super) struct Loops(HashMap<PathBuf, Last>);

/// When a path changed last.
struct Last {
    at: Instant,
    /// How many pages had been asked for by then.
    pages: u64,
    /// Changes in a row with a page between each two.
    times: u32,
}

impl Loops {
    /// Has this path changed right after a page was loaded, again and again?
    pub(super) fn is_one(&mut self, path: &Path, pages: u64, now: Instant) -> bool {
        if self.0.len() >= PATHS_MAX {
            self.0.retain(|_, last| now.duration_since(last.at) < LOOP_TIME);
        }
        let times = match self.0.get(path) {
            Some(last) if now.duration_since(last.at) < LOOP_TIME && pages > last.pages => last.times + 1,
            // Nobody has loaded anything since: the row goes on, and grows no longer.
            Some(last) if now.duration_since(last.at) < LOOP_TIME => last.times,
            _ => 0,
        };
        if self.0.len() < PATHS_MAX || self.0.contains_key(path) {
            self.0.insert(path.to_owned(), Last { at: now, pages, times });
        }
        if times == LOOPS_MAX {
            let shown = path.display();
            tracing::info!("{shown} changes whenever the page is loaded; until that ends, nobody is told of it");
        }
        times >= LOOPS_MAX
    }
}

/// The ends of names that editors and interpreters give their own files.
const LEFTOVERS: [&[u8]; 6] = [b"~", b".swp", b".swx", b".tmp", b".pyc", b".part"];
/// vim makes a file of this name to see whether it may.
const VIM_TRIES: &[u8] = b"4913";
/// Nobody saves a file so often for long.
const LOOP_TIME: Duration = Duration::from_secs(2);
const LOOPS_MAX: u32 = 3;
const PATHS_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let dir = |url: &str, directory: Option<&str>| site::ScriptDir {
            url: url.into(),
            directory: directory.map(PathBuf::from),
        };
        let site = site::Settings {
            script_dirs: vec![dir("/cgi-bin", None), dir("/tools", Some("/opt/tools"))],
            mounts: vec![site::Mount { url: "/git".into(), program: "/usr/lib/git".into(), arguments: Vec::new() }],
            ..site::Settings::default()
        };
        Places::new(Path::new("/srv/www"), vec!["/opt/tools".into()], &site)
    }

    #[test]
    fn what_can_be_asked_for_is_news() {
        let places = places();
        for path in ["/srv/www/a.html", "/srv/www/sub/b.css", "/srv/www/cgi-bin/a.py", "/opt/tools/x", "/usr/lib/git"] {
            assert!(places.hold(Path::new(path)), "{path}");
        }
        for path in [
            "/srv/www/.git/index",
            "/srv/www/a.html~",
            "/srv/www/.a.swp",
            "/srv/www/4913",
            "/srv/www/cgi-bin/__pycache__/lib.cpython-313.pyc",
            "/srv/other",
            "/usr/lib/other",
        ] {
            assert!(!places.hold(Path::new(path)), "{path}");
        }
        assert!(places.run(Path::new("/srv/www/cgi-bin/a.py")) && !places.run(Path::new("/srv/www/a.py")));
    }

    #[test]
    fn a_page_that_changes_a_file_itself_is_not_loaded_for_ever() {
        let (mut loops, start) = (Loops::default(), Instant::now());
        let path = Path::new("/srv/www/counter.txt");
        let mut at = |step: u32, pages: u64| loops.is_one(path, pages, start + step * LOOP_TIME / 4);
        assert_eq!([at(0, 1), at(1, 2), at(2, 3), at(3, 4), at(4, 5)], [false, false, false, true, true]);
        assert!(at(5, 5), "the row is not broken by a change nobody has looked at");
        assert!(!at(20, 6), "after a pause it is news again");
    }

    #[test]
    fn saving_without_a_page_in_between_is_always_news() {
        let (mut loops, start) = (Loops::default(), Instant::now());
        assert!((0..10).all(|_| !loops.is_one(Path::new("/a.css"), 7, start)));
    }
}
