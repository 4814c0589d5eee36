//! Where in the URL space something other than plain files lies: script directories and mounted programs.

use std::{path::PathBuf, sync::Arc};

use super::tree::Tree;
use crate::path::UrlPath;

/// A prefix of the URL space, and what lies there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) prefix: Vec<Box<[u8]>>,
    pub(super) what: What,
}

/// What lies at a [`Place`].
#[derive(Debug)]
pub(super) enum What {
    /// A script directory within the site.
    Scripts,
    /// A script directory from elsewhere.
    ScriptsOf(Tree),
    /// One program.
    Mount(PathBuf, Arc<[String]>),
    /// The second name of a script directory, or the file of a mounted program: never sent, never run.
    Protected,
}

impl Place {
    pub(super) fn new(url: &[u8], what: What) -> Self {
        let prefix = url.split(|octet| *octet == b'/').filter(|name| !name.is_empty()).map(Box::from).collect();
        Self { prefix, what }
    }

    /// Does this place hold what the path names? Whole segments count: `/cgi-binary` does not lie in `/cgi-bin`.
    pub(super) fn holds(&self, path: &UrlPath) -> bool {
        let mut segments = path.segments();
        self.prefix.iter().all(|name| segments.next().is_some_and(|segment| *segment.name == **name))
    }

    /// Is the prefix a path beneath the root, too?
    pub(super) fn is_within(&self) -> bool {
        matches!(self.what, What::Scripts | What::Protected)
    }

    /// Does a file of the site that lies at `relative` lie in this place?
    pub(super) fn holds_file(&self, relative: &[u8]) -> bool {
        let mut names = relative.split(|octet| *octet == b'/');
        self.is_within() && self.prefix.iter().all(|name| names.next().is_some_and(|found| *found == **name))
    }
}

/// The place that holds the path, the one with the longest prefix first.
pub(super) fn find<'a>(places: &'a [Place], path: &UrlPath) -> Option<&'a Place> {
    places.iter().find(|place| place.holds(path))
}
