//! htbin, the web server for CGI scripts. The rooms below stand in the order in which a request meets them;
//! a room uses only rooms that stand below it (`tests/tidy.rs` holds that).
#![forbid(unsafe_code)]

// What a person types, what it becomes, and what a person sees.
pub mod start;
pub mod banner;
pub mod browser;
pub mod config;
pub mod cli;
pub mod demo;
pub mod new;
pub mod import;
pub mod passwd;
pub mod lint;

// The process before the first request.
pub mod privilege;

// The way of a request.
pub mod http;
pub mod tls;
pub mod listen;
pub mod respond;
pub mod route;
pub mod layers;
pub mod live;
pub mod handle;
pub mod page;
pub mod log;

// The cellar: nouns that every room uses.
pub mod site;
pub mod recording;
pub mod challenges;
pub mod path;
pub mod coding;
pub mod body;
pub mod refusal;
pub mod failure;
pub mod diagnosis;
pub mod ledger;
pub mod exchange;
pub mod names;
