//! Where in a site a script lies that was named by its file: which directory would be served, and at which URL.

use std::{
    io,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};

use super::Usage;
use crate::site::{self, Mount};

/// A script within a site of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    root: PathBuf,
    /// Its URL, decoded.
    url: Vec<u8>,
    /// The program, if it lies in no script directory.
    mounted: Option<PathBuf>,
}

impl Place {
    /// Served is the directory above its `cgi-bin` or `htbin`; without one, its own directory.
    pub(super) fn of(script: &Path) -> Result<Self, Usage> {
        let shown = script.display();
        let absolute = std::path::absolute(script).map_err(|error| Usage(format!("'{shown}': {error}")))?;
        match std::fs::metadata(&absolute) {
            Err(error) => return Err(Usage(format!("cannot find the script '{shown}': {error}"))),
            Ok(found) if found.is_dir() => {
                return Err(Usage(format!(
                    "'{shown}' is a directory; name the script in it, or serve it: htbin {shown}"
                )));
            }
            Ok(_) => {}
        }
        let absolute = without_parents(absolute).map_err(|error| Usage(format!("'{shown}': {error}")))?;
        let is_customary = |way: &&Path| way.file_name().is_some_and(|name| name == "cgi-bin" || name == "htbin");
        let above = absolute.ancestors().skip(1).find(is_customary).and_then(Path::parent);
        if let Some(root) = above {
            let relative = absolute.strip_prefix(root).unwrap_or(&absolute);
            let url = [b"/", relative.as_os_str().as_bytes()].concat();
            return Ok(Self { root: root.to_owned(), url, mounted: None });
        }
        let name = absolute.file_name().and_then(|name| name.to_str()).unwrap_or("script");
        let root = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { url: format!("/{name}").into_bytes(), root, mounted: Some(absolute) })
    }

    /// Makes it the site that is served.
    pub(super) fn serve(&self, site: &mut site::Settings) {
        site.root.clone_from(&self.root);
        let url = String::from_utf8_lossy(&self.url).into_owned();
        site.mounts = self
            .mounted
            .iter()
            .map(|program| Mount { url: url.clone(), program: program.clone(), arguments: Vec::new() })
            .collect();
    }

    /// The request's target: the script, and what follows it.
    pub(super) fn target(&self, rest: Option<&str>) -> String {
        let rest = percent_encode(rest.unwrap_or_default().as_bytes(), UNSAFE);
        format!("{}{rest}", percent_encode(&self.url, NAMES))
    }
}

/// The same path without `..`, which no URL may hold. Where there is none, links are left as they are.
fn without_parents(path: PathBuf) -> io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(directory), Some(name)) if path.components().any(|part| part == Component::ParentDir) => {
            #[expect(clippy::disallowed_methods, reason = "it is only named here; the site opens it beneath its root")]
            let directory = directory.canonicalize()?;
            Ok(directory.join(name))
        }
        _ => Ok(path),
    }
}

/// All but what a path holds as it is (RFC 3986 §3.3).
const NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What a person types is encoded already, but for what no request line can hold.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'#');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_what_lies_above_the_script_directory() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            path
        };
        let below = Place::of(&put("site/cgi-bin/sub/a b.py")).unwrap();
        assert_eq!((below.root.clone(), below.mounted.clone()), (folder.path().join("site"), None));
        assert_eq!(below.target(Some("/x y?n=é&a=%20")), "/cgi-bin/sub/a%20b.py/x%20y?n=%C3%A9&a=%20");
        put("site/tools/x.py");
        put("site/cgi-bin/a.py");
        for (path, root, target) in [
            ("site/cgi-bin/sub/../a.py", folder.path().join("site"), "/cgi-bin/a.py"),
            ("site/cgi-bin/../tools/x.py", folder.path().join("site/tools"), "/x.py"),
        ] {
            let named = Place::of(&folder.path().join(path)).unwrap();
            assert_eq!((named.root.clone(), named.target(None)), (root, target.to_owned()), "{path}");
        }
        let alone = put("tools/x.py");
        let mounted = Place::of(&alone).unwrap();
        assert_eq!((mounted.root.clone(), mounted.mounted.clone()), (folder.path().join("tools"), Some(alone)));
        assert_eq!(mounted.target(None), "/x.py");
        assert!(Place::of(folder.path()).is_err() && Place::of(Path::new("/no/such/script")).is_err());
    }
}
