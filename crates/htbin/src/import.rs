//! `htbin import`: the configuration of another server as one of htbin's. It reads files, starts nothing, and names each
//! directive that it could not translate.

mod apache;
mod lighttpd;
mod model;
mod nginx;
mod pattern;
mod source;

use std::{io, path::PathBuf};

use model::Model;
use source::{At, Files};

/// The server that a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Apache's httpd.
    Apache,
    /// lighttpd.
    Lighttpd,
    /// nginx.
    Nginx,
}

/// A configuration, translated.
#[derive(Debug)]
pub struct Translation {
    /// The configuration file of htbin, with what is left of the other as comments at its end.
    pub text: String,
    /// How many directives are left.
    pub left: usize,
}

/// Why a configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is none, as far as this can be told.
    #[error("{at}: {what}; is it a configuration of this server?")]
    Syntax {
        /// The file and the line.
        at: String,
        /// What is wrong.
        what: String,
    },
    /// There is too much of it.
    #[error("{at}: more than {limit}; translate its parts by themselves")]
    TooMuch {
        /// The file and the line.
        at: String,
        /// The limit.
        limit: String,
    },
}

impl Error {
    fn syntax(at: &At, what: impl Into<String>) -> Self {
        Self::Syntax { at: at.to_string(), what: what.into() }
    }

    fn too_much(at: &At, limit: impl Into<String>) -> Self {
        Self::TooMuch { at: at.to_string(), limit: limit.into() }
    }
}

/// Translates a configuration with the files that it includes.
///
/// # Errors
/// A file cannot be read, or is no configuration of this server.
pub fn translate(kind: Kind, file: &std::path::Path) -> Result<Translation, Error> {
    let (mut model, mut files) = (Model::default(), Files::default());
    let file = std::path::absolute(file).map_err(|source| Error::Unreadable { path: file.to_owned(), source })?;
    match kind {
        Kind::Apache => apache::read(&file, &mut files, &mut model)?,
        Kind::Lighttpd => lighttpd::read(&file, &mut files, &mut model)?,
        Kind::Nginx => nginx::read(&file, &mut files, &mut model)?,
    }
    Ok(model.print(&file))
}

/// Blocks within blocks.
const DEPTH_MAX: usize = 32;
/// Directives of a configuration with all that it includes.
const DIRECTIVES_MAX: usize = 100_000;

#[cfg(test)]
mod tests;
