//! CGI beyond the letter of the RFC: which path is a script, what it may print, how it ends, the flags.

mod ends;
mod flags;
mod output;
mod selection;
