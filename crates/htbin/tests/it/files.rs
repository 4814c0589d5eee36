//! Static files: types, conditions, ranges, listings, and what is never served.

mod conditional;
mod denied;
mod listing;
mod ranges;
mod types;
