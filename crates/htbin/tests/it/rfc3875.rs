//! RFC 3875, one test per clause that binds a server, named after it.

mod meta;
mod nph;
mod request;
mod response;
mod unix;
