//! htbin, the web server for CGI scripts. The rooms below stand in the order in which a request meets them;
//! a room uses only rooms that stand below it (`tests/tidy.rs` holds that).

// What a person types, and what it becomes.
pub mod cli;
pub mod config;
pub mod start;

// The process before the first request.
pub mod banner;
pub mod demo;
pub mod listen;
pub mod privilege;

// The way of a request.
pub mod handle;
pub mod http;
pub mod layers;
pub mod log;
pub mod page;
pub mod respond;
pub mod route;

// The cellar: nouns that every room uses.
pub mod body;
pub mod exchange;
pub mod path;
pub mod refusal;
pub mod site;
