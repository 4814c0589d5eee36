//! What a path that leads nowhere may have meant: names like it that lie there, and the same name among the scripts.

use rustix::fs::{Dir, FileType};

use super::{
    Inner, Site,
    place::{self, Place, What},
    tree::{Access, Tree},
};
use crate::path::{UrlPath, encode};

impl Site {
    /// Paths like this one that lead somewhere, the likeliest first. Reads a directory: may block.
    pub fn near(&self, path: &UrlPath) -> Vec<String> {
        if self.0.base_length > 0 {
            return Vec::new();
        }
        let found = self.0.like(path).into_iter().chain(self.0.among_scripts(path));
        let encoded = found.map(|decoded| encode(&decoded));
        let leads = |path: &String| UrlPath::parse(path).is_ok_and(|path| self.resolve(&path).is_ok());
        let mut near: Vec<String> = Vec::new();
        for path in encoded.filter(leads) {
            if !near.contains(&path) {
                near.push(path);
            }
        }
        near.truncate(NEAR_MAX);
        near
    }
}

impl Inner {
    /// Names like the first one that is not there, in the directory where it is not.
    fn like(&self, path: &UrlPath) -> Vec<Vec<u8>> {
        let (tree, skip) = match place::find(&self.places, path) {
            None | Some(Place { what: What::Scripts, .. }) => (&self.tree, 0),
            Some(Place { what: What::ScriptsOf(tree), prefix }) => (tree, prefix.len()),
            Some(Place { what: What::Mount(..) | What::Protected, .. }) => return Vec::new(),
        };
        let segments: Vec<_> = path.segments().collect();
        let start = segments.get(skip).map_or(path.decoded().len(), |first| first.end - first.name.len());
        for (nth, segment) in segments.iter().enumerate().skip(skip) {
            let relative = &path.decoded()[start..segment.end];
            match tree.find(relative, Access::Look) {
                Ok(opened) if opened.kind() == FileType::Directory => {}
                Ok(_) => return Vec::new(),
                Err(_) => {
                    let before = segment.end - segment.name.len();
                    let rest = segments.get(nth + 1).map_or(&b""[..], |_| &path.decoded()[segment.end..]);
                    let names = names_like(tree, &path.decoded()[start.min(before)..before], segment.name);
                    return names.into_iter().map(|name| [&path.decoded()[..before], &name, rest].concat()).collect();
                }
            }
        }
        Vec::new()
    }

    /// A script was asked for as if it lay beside the pages.
    fn among_scripts(&self, path: &UrlPath) -> Vec<Vec<u8>> {
        let slashes = path.decoded().iter().take_while(|octet| **octet == b'/').count();
        let dirs = self.settings.script_dirs.iter().map(|dir| dir.url.trim_matches('/')).filter(|url| !url.is_empty());
        dirs.map(|url| [b"/", url.as_bytes(), b"/", &path.decoded()[slashes..]].concat()).collect()
    }
}

/// The names in a directory that are like this one, the likest first.
fn names_like(tree: &Tree, directory: &[u8], wanted: &[u8]) -> Vec<Vec<u8>> {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    let Ok(opened) = tree.find(directory, Access::Read) else { return Vec::new() };
    let Ok(entries) = Dir::read_from(&opened.fd) else { return Vec::new() };
    let wanted = String::from_utf8_lossy(wanted).to_lowercase();
    let mut like: Vec<(f64, Vec<u8>)> = Vec::new();
    for entry in entries.take(NAMES_MAX).filter_map(Result::ok) {
        let name = entry.file_name().to_bytes();
        let text = String::from_utf8_lossy(name).to_lowercase();
        let is_same_stem = stem(&text) == stem(&wanted);
        let likeness = if is_same_stem { 1.0 } else { strsim::normalized_damerau_levenshtein(&text, &wanted) };
        if likeness >= LIKENESS_MIN && !name.starts_with(b".") {
            like.push((likeness, name.to_vec()));
        }
    }
    like.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    like.truncate(NEAR_MAX);
    like.into_iter().map(|(_, name)| name).collect()
}

/// A name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

const NEAR_MAX: usize = 3;
/// Names that are looked at in a directory.
const NAMES_MAX: usize = 2000;
/// From 0, nothing in common, to 1: with three wrong letters in ten it may still be the same word.
const LIKENESS_MIN: f64 = 0.7;
