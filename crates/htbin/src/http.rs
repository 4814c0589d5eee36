//! Placeholder for the room of HTTP: its settings only.

use std::time::Duration;

/// The limits of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Open connections.
    pub connections_max: usize,
    /// A request head.
    pub head_bytes_max: usize,
    /// The fields of a request head.
    pub head_fields_max: usize,
    /// For a whole request head.
    pub head_time: Duration,
    /// Between requests.
    pub idle_time: Duration,
    /// Without a byte of the body.
    pub body_idle_time: Duration,
    /// Without the client taking a byte.
    pub send_idle_time: Duration,
    /// For what still runs when the server stops.
    pub stop_time: Duration,
}
