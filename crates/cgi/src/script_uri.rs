//! §3.2-3.3: where in a path the script-path may end and the extra-path begin. Which candidate is a script only the
//! one who sees the files can say.

use std::iter;

/// A candidate: the script lies at `script_path`, and `extra_path` becomes its PATH_INFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    /// One or more segments; never empty, never ends in a slash.
    pub script_path: &'a [u8],
    /// What follows: empty, or starts with a slash.
    pub extra_path: &'a [u8],
}

/// All candidates of a decoded path below a script directory, the shortest script-path first.
///
/// A slash that was percent-encoded is one more slash here: who decodes must refuse it in a script-path.
pub fn splits(path: &[u8]) -> impl Iterator<Item = Split<'_>> {
    memchr::memchr_iter(b'/', path)
        .chain(iter::once(path.len()))
        // An empty segment ends no name: `a//b` is `a` or `a//b`, never `a/`.
        .filter(|&end| end > 0 && path[end - 1] != b'/')
        .map(|end| Split { script_path: &path[..end], extra_path: &path[end..] })
}
