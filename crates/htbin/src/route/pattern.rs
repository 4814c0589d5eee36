//! Which paths a rule is for. The path is decoded, and empty segments do not count, as everywhere.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use globset::{GlobBuilder, GlobMatcher};

use crate::path::UrlPath;

/// Which paths a rule is for.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Every path.
    All,
    /// This path and what lies below it, by whole segments: `/git` is not `/github`.
    Prefix(Vec<Box<[u8]>>),
    /// A path one of whose names ends so: `.php`. What follows that name is its extra-path.
    Suffix(Box<[u8]>),
    /// `*` is any part of a name, `**` any number of names.
    Glob(GlobMatcher),
}

impl Pattern {
    /// This path and what lies below it.
    pub fn prefix(path: &str) -> Self {
        Self::Prefix(path.split('/').filter(|name| !name.is_empty()).map(|name| name.as_bytes().into()).collect())
    }

    /// A glob of whole paths.
    ///
    /// # Errors
    /// Why it is none.
    pub fn glob(glob: &str) -> Result<Self, String> {
        let compiled = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
        compiled.map(|glob| Self::Glob(glob.compile_matcher())).map_err(|error| error.kind().to_string())
    }

    /// Is the rule for this path?
    pub fn fits(&self, path: &UrlPath) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(names) => self.rest(path).is_some() || names.is_empty(),
            Self::Suffix(end) => path.segments().any(|segment| segment.name.ends_with(end)),
            Self::Glob(glob) => {
                let names: Vec<&[u8]> = path.segments().map(|segment| segment.name).collect();
                let whole = [b"/", &names.join(&b'/')[..]].concat();
                glob.is_match(Path::new(OsStr::from_bytes(&whole)))
            }
        }
    }

    /// What follows a prefix in the decoded path, from its slash on; the whole path for every other pattern.
    pub fn rest<'p>(&self, path: &'p UrlPath) -> Option<&'p [u8]> {
        let Self::Prefix(names) = self else { return Some(path.decoded()) };
        let (mut segments, mut end) = (path.segments(), 0);
        for name in names {
            let segment = segments.next().filter(|segment| *segment.name == **name)?;
            end = segment.end;
        }
        Some(&path.decoded()[end..])
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Prefix(one), Self::Prefix(other)) => one == other,
            (Self::Suffix(one), Self::Suffix(other)) => one == other,
            (Self::Glob(one), Self::Glob(other)) => one.glob() == other.glob(),
            _ => false,
        }
    }
}

impl Eq for Pattern {}
