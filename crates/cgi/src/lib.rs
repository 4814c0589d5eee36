//! The words of the Common Gateway Interface.
#![forbid(unsafe_code)]
