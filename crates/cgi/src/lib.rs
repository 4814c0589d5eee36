//! What the words of the Common Gateway Interface (RFC 3875) mean: a request into meta-variables and arguments, a
//! script's output into a response. No I/O, no clock, no async. A module uses only modules below it in this list.
#![forbid(unsafe_code)]

// From a request to a script.
pub mod argv;
pub mod meta;
pub mod script_uri;

// From a script to a response: what a head means, its lines, the first of them.
pub mod response;

pub mod head;

pub mod nph;

// Shared by all.
pub mod error;

pub use error::{Error, Fault};
pub use head::{Head, HeadParser, Limits, Progress};
pub use meta::{MetaVariables, Source};
pub use response::{Document, Response};
