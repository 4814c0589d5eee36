//! The configuration file: read with the files it includes, its variables filled in, and each error told with the line
//! it stands in.

pub mod keys;
mod place;
pub mod values;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

use keys::{File, Host};
pub use place::Error;
pub(super) use place::{Source, Step};

/// A configuration, whole.
#[derive(Debug)]
pub(super) struct Whole {
    /// The first file.
    pub(super) file: File,
    /// Every host, of all files, and the file each stands in.
    pub(super) hosts: Vec<Located>,
    /// The files.
    pub(super) sources: Vec<Source>,
}

/// A host, and where it stands.
#[derive(Debug)]
pub(super) struct Located {
    /// The number of its file.
    pub(super) source: usize,
    /// Where in it; nothing for the one host that stands at the top.
    pub(super) steps: Vec<Step>,
    /// The host.
    pub(super) host: Host,
}

/// Reads a configuration. `variable` is what `${NAME}` stands for.
///
/// # Errors
/// A file cannot be read, is no TOML, or has a key or a value that there is not.
pub(super) fn read(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Whole, Error> {
    let (mut file, source) = read_one(path, variable)?;
    let mut sources = vec![source];
    let mut hosts = Vec::new();
    if !file.route.is_empty() || file.host.is_empty() {
        let host = Host { route: std::mem::take(&mut file.route), ..Host::default() };
        hosts.push(Located { source: 0, steps: Vec::new(), host });
    }
    hosts.extend(located(0, std::mem::take(&mut file.host)));
    for pattern in file.include.iter().flat_map(|it| &it.0) {
        for path in included(pattern, &sources[0])? {
            if sources.len() > FILES_MAX {
                return Err(Error::of_key(&sources[0], &[], "include", format!("more than {FILES_MAX} files")));
            }
            let (more, source) = read_one(&path, variable)?;
            check_included(&source)?;
            hosts.extend(located(sources.len(), more.host));
            sources.push(source);
        }
    }
    Ok(Whole { file, hosts, sources })
}

fn located(source: usize, hosts: Vec<Host>) -> impl Iterator<Item = Located> {
    let steps = |nth| vec![Step::Key("host"), Step::Nth(nth)];
    hosts.into_iter().enumerate().map(move |(nth, host)| Located { source, steps: steps(nth), host })
}

fn read_one(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<(File, Source), Error> {
    let found = fs::metadata(path).map_err(|error| Error::unreadable(path, &error))?;
    if found.len() > FILE_BYTES_MAX {
        return Err(Error::unreadable(path, &io::Error::other(format!("it has more than {FILE_BYTES_MAX} octets"))));
    }
    let text = fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error))?;
    let absolute = std::path::absolute(path).map_err(|error| Error::unreadable(path, &error))?;
    let source = Source { path: path.to_owned(), absolute, text };
    let mut table = DeTable::parse(&source.text).map_err(|error| Error::of_toml(&source, &error))?;
    table.get_mut().make_owned();
    fill_table(table.get_mut(), &source, variable)?;
    let file = File::deserialize(Deserializer::from(table)).map_err(|error| Error::of_toml(&source, &error))?;
    Ok((file, source))
}

/// The files that a pattern names, in the order of their names.
fn included(pattern: &str, source: &Source) -> Result<Vec<PathBuf>, Error> {
    let pattern = source.directory().join(pattern);
    let error = |what: String| Error::of_key(source, &[], "include", what);
    let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Err(error(format!("'{}' names no file", pattern.display())));
    };
    let glob = globset::Glob::new(&name.to_string_lossy()).map_err(|why| error(why.to_string()))?.compile_matcher();
    let is_pattern = name.to_string_lossy().contains(['*', '?', '[', '{']);
    if !is_pattern {
        return Ok(vec![pattern]);
    }
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        // A folder for later is none now.
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(error(format!("cannot look into {}: {}", directory.display(), why.kind()))),
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| glob.is_match(name))
        .map(|name| directory.join(name))
        .collect();
    found.sort();
    Ok(found)
}

/// What stands in an included file beside hosts would hold for no other file, and be looked for in vain.
fn check_included(source: &Source) -> Result<(), Error> {
    let table = DeTable::parse(&source.text).map_err(|error| Error::of_toml(source, &error))?;
    match table.get_ref().keys().find(|key| key.get_ref() != "host") {
        None => Ok(()),
        Some(key) => Err(Error::at(
            source,
            key.span(),
            format!("'{}' cannot stand in an included file: only [[host]] can; write it into the host", key.get_ref()),
        )),
    }
}

fn fill_table(
    table: &mut DeTable<'_>,
    source: &Source,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    table.iter_mut().try_for_each(|(_, value)| fill(value, source, variable))
}

/// Fills in `${NAME}` wherever a text stands. `$${` is `${` itself.
fn fill(
    value: &mut Spanned<DeValue<'_>>,
    source: &Source,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains("${") => {
            *text = filled(text, variable).map_err(|what| Error::at(source, span, what))?.into();
            Ok(())
        }
        DeValue::Array(values) => values.iter_mut().try_for_each(|value| fill(value, source, variable)),
        DeValue::Table(table) => fill_table(table, source, variable),
        _ => Ok(()),
    }
}

fn filled(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        let (before, name) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = name;
            continue;
        }
        let end = name.find('}').ok_or("'${' has no '}'; a '${' that is meant as it is, is written '$${'")?;
        let (name, behind) = (&name[..end], &name[end + 1..]);
        let value = variable(name).ok_or_else(|| format!("there is no variable {name} in htbin's environment"))?;
        out.push_str(before);
        out.push_str(&value);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// A larger file is no configuration.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Files that one may include.
const FILES_MAX: usize = 1000;

#[cfg(test)]
mod tests;
