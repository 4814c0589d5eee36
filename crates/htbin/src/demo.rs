//! The demo site: it comes with the binary, is unpacked to a private temporary folder, and is gone when dropped.
//! It holds plain files and scripts only; what serves them knows nothing of it.

use std::{
    env,
    ffi::OsStr,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use askama::Template;
use rustix::fs::Access;
use tempfile::TempDir;

/// The demo site on disk, until this is dropped.
#[derive(Debug)]
pub struct Demo {
    folder: TempDir,
    missing: Vec<&'static str>,
}

impl Demo {
    /// Unpacks the site for whoever runs this process: nobody else can look in. So a server that gives up the
    /// rights of root does that first, or its scripts could not be reached.
    pub fn unpack() -> Result<Self, Error> {
        Self::unpack_for(env::var_os("PATH").as_deref())
    }

    /// The folder to serve.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The interpreters that some of the scripts need and that are not on `PATH`. The start page says so, too.
    pub fn missing_interpreters(&self) -> &[&'static str] {
        &self.missing
    }

    /// `search` is the `PATH` on which the scripts will find their interpreters.
    fn unpack_for(search: Option<&OsStr>) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("htbin-demo-")
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir()
            .map_err(|cause| Error { path: env::temp_dir(), cause })?;
        let demo = Self { folder, missing: missing(search) };
        for name in ["cgi-bin", "source", ".data"] {
            demo.make_folder(name)?;
        }
        for file in &FILES {
            demo.write(file.path, file.content)?;
            demo.write(&source_of(file.path), file.content)?;
        }
        demo.write("index.html", demo.index().as_bytes())?;
        Ok(demo)
    }

    fn index(&self) -> String {
        let style = FILES.iter().find(|file| file.path == "style.css").map_or("", |file| file.content);
        let index = Index { style, pages: &PAGES, missing: &self.missing };
        index.render().expect("writing to a string cannot fail")
    }

    fn make_folder(&self, name: &str) -> Result<(), Error> {
        let path = self.path().join(name);
        fs::create_dir(&path)
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(FOLDER_MODE)))
            .map_err(|cause| Error { path, cause })
    }

    /// Modes are set, not asked for: the umask of this process is none of the site's business.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.path().join(name);
        let mode = if name.starts_with("cgi-bin/") { SCRIPT_MODE } else { FILE_MODE };
        fs::write(&path, content)
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(mode)))
            .map_err(|cause| Error { path, cause })
    }
}

/// The demo site could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot unpack the demo site to {}: {cause}; set TMPDIR to a folder with some room", path.display())]
pub struct Error {
    path: PathBuf,
    cause: io::Error,
}

/// The interpreters that are not there, each once.
fn missing(search: Option<&OsStr>) -> Vec<&'static str> {
    let mut missing: Vec<_> = PAGES.iter().map(|page| page.interpreter).filter(|name| !is_on(search, name)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Would `env` find this program? `sh` is not searched for: the scripts name it by its path, which POSIX fixes.
fn is_on(search: Option<&OsStr>, program: &str) -> bool {
    let runs = |path: &Path| path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok();
    if program == "sh" {
        return runs(Path::new("/bin/sh"));
    }
    search.is_some_and(|search| env::split_paths(search).any(|folder| runs(&folder.join(program))))
}

/// Where the text of a file is shown: scripts are never sent as files.
fn source_of(path: &str) -> String {
    format!("source/{}.txt", path.rsplit('/').next().unwrap_or(path))
}

/// The start page.
#[derive(Template)]
#[template(path = "demo.html")]
struct Index<'a> {
    style: &'static str,
    pages: &'a [Page],
    missing: &'a [&'static str],
}

/// One demo, as the start page tells of it.
struct Page {
    url: &'static str,
    script: &'static str,
    title: &'static str,
    shows: &'static str,
    language: &'static str,
    interpreter: &'static str,
}

impl Page {
    fn source(&self) -> String {
        source_of(self.script)
    }
}

/// A file of the site.
struct File {
    path: &'static str,
    content: &'static str,
}

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o644;
const SCRIPT_MODE: u32 = 0o755;

const PAGES: [Page; 6] = [
    Page {
        url: "cgi-bin/hello.py",
        script: "hello.py",
        title: "A form with GET",
        shows: "What you type becomes a part of the address; the page greets you with it.",
        language: "Python",
        interpreter: "python3",
    },
    Page {
        url: "cgi-bin/letter.pl",
        script: "letter.pl",
        title: "A form with POST",
        shows: "What you type is sent as the body of the request.",
        language: "Perl",
        interpreter: "perl",
    },
    Page {
        url: "cgi-bin/guestbook.pl",
        script: "guestbook.pl",
        title: "A guestbook",
        shows: "Many visitors write into one file, and a lock keeps every entry.",
        language: "Perl",
        interpreter: "perl",
    },
    Page {
        url: "cgi-bin/upload.py",
        script: "upload.py",
        title: "A file upload",
        shows: "Send a file and learn its size and SHA-256; it is read piece by piece.",
        language: "Python",
        interpreter: "python3",
    },
    Page {
        url: "cgi-bin/environment.sh",
        script: "environment.sh",
        title: "The environment",
        shows: "Everything the server tells a script about your request.",
        language: "Shell",
        interpreter: "sh",
    },
    Page {
        url: "clock.html",
        script: "clock.sh",
        title: "A clock",
        shows: "A script that goes on writing while you watch, by server-sent events.",
        language: "Shell",
        interpreter: "sh",
    },
];

macro_rules! embedded {
    ($path:literal) => {
        File { path: $path, content: include_str!(concat!("../../../examples/demo/", $path)) }
    };
}

const FILES: [File; 8] = [
    embedded!("style.css"),
    embedded!("clock.html"),
    embedded!("cgi-bin/clock.sh"),
    embedded!("cgi-bin/environment.sh"),
    embedded!("cgi-bin/guestbook.pl"),
    embedded!("cgi-bin/hello.py"),
    embedded!("cgi-bin/letter.pl"),
    embedded!("cgi-bin/upload.py"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_privately_and_is_gone_when_dropped() {
        let demo = Demo::unpack().unwrap();
        let folder = demo.path().to_owned();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(".data")), 0o700);
        assert_eq!(mode(&folder.join("index.html")), 0o644);
        assert_eq!(mode(&folder.join("source/hello.py.txt")), 0o644);
        for page in PAGES {
            assert_eq!(mode(&folder.join("cgi-bin").join(page.script)), 0o755);
            assert!(folder.join(page.url).is_file(), "{}", page.url);
            assert!(folder.join(page.source()).is_file(), "{}", page.source());
        }
        fs::write(folder.join(".data/guestbook.txt"), "an entry").unwrap();
        drop(demo);
        assert!(!folder.exists());
    }

    #[test]
    fn the_start_page_tells_what_is_missing() {
        let empty = tempfile::tempdir().unwrap();
        let demo = Demo::unpack_for(Some(empty.path().as_os_str())).unwrap();
        assert_eq!(demo.missing_interpreters(), ["perl", "python3"]);
        let index = fs::read_to_string(demo.path().join("index.html")).unwrap();
        assert_eq!(index.matches("Needs python3, which is not installed.").count(), 2);
        assert_eq!(index.matches("Needs perl, which is not installed.").count(), 2);
    }

    #[test]
    fn an_interpreter_without_the_execute_bit_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["perl", "python3"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::set_permissions(folder.path().join("perl"), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(missing(Some(folder.path().as_os_str())), ["python3"]);
        assert_eq!(missing(None), ["perl", "python3"]);
    }

    #[test]
    fn the_start_page_has_its_style_and_no_script() {
        let demo = Demo::unpack().unwrap();
        let index = fs::read_to_string(demo.path().join("index.html")).unwrap();
        assert!(index.contains("color-scheme: light dark;"));
        assert!(!index.contains("<script"));
        assert!(!index.contains("//"), "nothing comes from elsewhere");
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }
}
