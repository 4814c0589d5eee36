//! What is read of a configuration file, and what is told of one that is wrong.
