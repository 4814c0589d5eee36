//! The real binary over real sockets, one file per feature. With `HTBIN_UNDER_TEST=warm` scripts run in warm
//! interpreters where they qualify; with `apache` or `lighttpd` the tests
//! that test the standard run against that server instead; those that test what is ours alone say so and leave.
#![allow(clippy::disallowed_methods, reason = "the tests start servers, clients and interpreters themselves")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![allow(clippy::print_stderr, reason = "what was skipped, and what the server said, belongs to the report")]

#[macro_use]
mod subject;

// The harness.
mod broken;
mod browser;
mod client;
mod pages;
mod peers;
mod process;
mod scripts;
mod server;
mod site;

// One file per feature.
mod ask;
mod auth;
mod cache;
mod cgi;
mod cli;
mod compared;
mod compress;
mod config;
mod containment;
mod failures;
mod faults;
mod files;
mod gates;
mod http1;
mod http2;
mod limits;
mod lint;
mod live;
mod logs;
mod looks;
mod migrate;
mod mistakes;
mod new;
mod passwd;
mod people;
mod proxied;
mod rfc3875;
mod run;
mod running;
mod sendfile;
mod status;
mod stop;
mod tls;
mod tutorial;
mod warm;
