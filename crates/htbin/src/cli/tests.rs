//! The command line, word by word.
