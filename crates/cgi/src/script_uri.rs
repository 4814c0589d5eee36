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

#[cfg(test)]
mod tests {
    use super::*;

    /// The candidates, a `|` between the two parts.
    fn shown(path: &str) -> Vec<String> {
        splits(path.as_bytes())
            .map(|split| [split.script_path, b"|", split.extra_path].concat())
            .map(|split| String::from_utf8(split).expect("the tests are ASCII"))
            .collect()
    }

    #[test]
    fn the_shortest_script_path_comes_first() {
        assert_eq!(shown("a.py"), ["a.py|"]);
        assert_eq!(shown("sub/a.py/x/y"), ["sub|/a.py/x/y", "sub/a.py|/x/y", "sub/a.py/x|/y", "sub/a.py/x/y|"]);
        assert_eq!(shown("/a.py/x"), ["/a.py|/x", "/a.py/x|"]);
    }

    #[test]
    fn a_slash_alone_is_an_extra_path() {
        assert_eq!(shown("a.py/"), ["a.py|/"]);
    }

    #[test]
    fn empty_segments_end_no_script_path() {
        assert_eq!(shown("a//b"), ["a|//b", "a//b|"]);
        assert_eq!(shown("a.py//"), ["a.py|//"]);
        assert_eq!(shown(""), [""; 0]);
        assert_eq!(shown("/"), [""; 0]);
        assert_eq!(shown("///"), [""; 0]);
    }
}
