//! One file per target: what answers for a file, a directory, a script.

pub mod cgi;
pub mod conditional;
pub mod file;
pub mod fixed;
pub mod kept;
pub mod listing;
pub mod range;
pub mod sendfile;
pub mod status;
