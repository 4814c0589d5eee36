//! The corpus of scripts, started ordinarily and warm: what the client gets and what the log tells is the same.
