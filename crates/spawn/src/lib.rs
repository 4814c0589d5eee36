//! How a script runs.
